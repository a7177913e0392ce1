"""Decoders: tokens in, keypoints out."""

from mmradar.models.heads.stca_head import STCAHead

__all__ = ['STCAHead']
