"""Backbones that turn 2D poses into features of each joint and frame."""

from hummuss.models.backbones.hummuss import SIZES, HumMUSS, delta_scale_from_timestamps

__all__ = ['SIZES', 'HumMUSS', 'delta_scale_from_timestamps']
