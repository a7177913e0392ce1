"""Losses over windows of poses.

Losses take (keypoints, labels): predicted keypoints (batch, frames, joints, coordinates) in px or m, and the samples'
labels, :class:`~mmradar.structures.PoseLabels`. :class:`KeypointScoreLoss` takes the scores' logits before them.
:class:`KLDivergenceLoss` takes (outputs, target, weight) in the space of a codec, like mmpose's losses.
"""

from mmradar.models.losses.keypoint_l1_loss import KeypointL1Loss
from mmradar.models.losses.keypoint_score_loss import KeypointScoreLoss
from mmradar.models.losses.kl_divergence_loss import KLDivergenceLoss
from mmradar.models.losses.oks_loss import OKSLoss
from mmradar.models.losses.velocity_loss import VelocityLoss
from mmradar.models.losses.weighted_mean import weighted_mean

__all__ = [
    'KLDivergenceLoss',
    'KeypointL1Loss',
    'KeypointScoreLoss',
    'OKSLoss',
    'VelocityLoss',
    'weighted_mean',
]
