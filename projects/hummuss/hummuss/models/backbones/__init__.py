"""Encoders: 2D poses in, features of joints and frames out."""

from hummuss.models.backbones.hummuss import SIZES, HumMUSS, delta_scale_from_timestamps

__all__ = ['SIZES', 'HumMUSS', 'delta_scale_from_timestamps']
