"""Decoders: features in, keypoints out."""

from mmradar.models.heads.hupr_head import HuPRHead
from mmradar.models.heads.key_frame_head import KeyFrameHead
from mmradar.models.heads.keypoint_head import KeypointHead
from mmradar.models.heads.linear_head import LinearHead
from mmradar.models.heads.query_head import QueryHead
from mmradar.models.heads.stca_head import STCAHead

__all__ = ['HuPRHead', 'KeyFrameHead', 'KeypointHead', 'LinearHead', 'QueryHead', 'STCAHead']
