"""HumMUSS: backbone, heads, losses and estimators. Importing this package registers them in mmradar's registries."""

from hummuss.models.backbones import SIZES, HumMUSS, delta_scale_from_timestamps
from hummuss.models.estimators import HumMUSSActionRecognizer, HumMUSSLifter, HumMUSSMeshRecoverer, MeanMesh
from hummuss.models.heads import ActionHead, EmbeddingHead, LiftingHead, MeshHead
from hummuss.models.layers import GDSSM, DiagonalSSM, SpatioTemporalBlock
from hummuss.models.losses import LiftingLoss, PositionLoss, ScaledPositionLoss, SupConLoss, Velocity3DLoss

__all__ = [
    'GDSSM',
    'SIZES',
    'ActionHead',
    'DiagonalSSM',
    'EmbeddingHead',
    'HumMUSS',
    'HumMUSSActionRecognizer',
    'HumMUSSLifter',
    'HumMUSSMeshRecoverer',
    'LiftingHead',
    'LiftingLoss',
    'MeanMesh',
    'MeshHead',
    'PositionLoss',
    'ScaledPositionLoss',
    'SpatioTemporalBlock',
    'SupConLoss',
    'Velocity3DLoss',
    'delta_scale_from_timestamps',
]
