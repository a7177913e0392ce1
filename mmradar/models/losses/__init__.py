"""Losses over windows of poses.

All take (prediction, target, weight, area, image_size): coordinates as shares of the image, (batch, frames, joints, 2);
each joint's weight, (batch, frames, joints); the body's area in px^2, (batch, frames); and each sample's image as
(width, height) in px, (batch, 2), which the data set alone says.
"""

from mmradar.models.losses.keypoint_l1_loss import KeypointL1Loss
from mmradar.models.losses.oks_loss import OKSLoss, scaled_squared_distance
from mmradar.models.losses.velocity_loss import VelocityLoss

__all__ = ['KeypointL1Loss', 'OKSLoss', 'VelocityLoss', 'scaled_squared_distance']
