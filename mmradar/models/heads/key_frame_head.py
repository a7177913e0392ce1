"""Decoder of the many-to-one row in the paper's table 5."""

from __future__ import annotations

from mmradar.models.heads.query_head import QueryHead
from mmradar.models.layers import TransformerDecoderLayer
from mmradar.registry import MODELS


@MODELS.register_module()
class KeyFrameHead(QueryHead):
    """Plain Transformer decoder: learnable queries, one for every joint of the key frame, become keypoints.

    milliMamba, table 5, "many to one": the other frames are neither predicted nor supervised. The paper says only "a
    vanilla Transformer decoder". Number of layers, widths and losses are those of the STCA head (our choice), so that
    the rows of the table differ only in what is decoded. One frame has no velocities, so the velocity loss is 0.
    Arguments are those of :class:`~mmradar.models.heads.QueryHead`.
    """

    layer_type = TransformerDecoderLayer
    key_frame_only = True
