"""milliMamba's decoder and prediction head."""

from __future__ import annotations

from mmradar.models.heads.query_head import QueryHead
from mmradar.models.layers import STCALayer
from mmradar.registry import MODELS


@MODELS.register_module()
class STCAHead(QueryHead):
    """Spatio-Temporal-Cross Attention: learnable queries, one for every joint of every frame, become keypoints.

    milliMamba, section "Multi-Pose STCA decoder". Training supervises all T frames (many to many); prediction uses
    the window's key frame. Arguments are those of :class:`~mmradar.models.heads.QueryHead`.
    """

    layer_type = STCALayer
