"""milliMamba's head: decoder and prediction."""

from __future__ import annotations

from mmradar.models.heads.query_head import QueryHead
from mmradar.models.layers import STCALayer
from mmradar.registry import MODELS


@MODELS.register_module()
class STCAHead(QueryHead):
    """Spatio-Temporal-Cross Attention decoder: learnable queries, one for every joint of every frame, become keypoints.

    milliMamba, section "Multi-Pose STCA decoder". Training supervises all T frames (many to many); the prediction
    is the key frame's. Arguments are those of :class:`~mmradar.models.heads.QueryHead`.
    """

    layer_type = STCALayer
