"""Losses for 3D poses and for embeddings."""

from hummuss.models.losses.lifting_losses import LiftingLoss, PositionLoss, ScaledPositionLoss, Velocity3DLoss
from hummuss.models.losses.sup_con_loss import SupConLoss

__all__ = ['LiftingLoss', 'PositionLoss', 'ScaledPositionLoss', 'SupConLoss', 'Velocity3DLoss']
