"""Losses over windows of poses: all take (prediction, target, weight, area)."""

from mmradar.models.losses.keypoint_l1_loss import KeypointL1Loss
from mmradar.models.losses.oks_loss import OKSLoss, scaled_squared_distance
from mmradar.models.losses.velocity_loss import VelocityLoss

__all__ = ['KeypointL1Loss', 'OKSLoss', 'VelocityLoss', 'scaled_squared_distance']
