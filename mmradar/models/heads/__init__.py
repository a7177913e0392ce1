"""Decoders: tokens or maps in, keypoints out."""

from mmradar.models.heads.hupr_head import HuPRHead
from mmradar.models.heads.stca_head import STCAHead

__all__ = ['HuPRHead', 'STCAHead']
