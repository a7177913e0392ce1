"""The decoder of the paper's many-to-one row."""

from __future__ import annotations

from mmradar.models.heads.query_head import QueryHead
from mmradar.models.layers import TransformerDecoderLayer
from mmradar.registry import MODELS


@MODELS.register_module()
class KeyFrameHead(QueryHead):
    """A plain Transformer decoder: learnable queries, one for every joint of the key frame, become keypoints.

    milliMamba, table 5, "many to one": neither a prediction nor a loss for the other frames. The paper says "a vanilla
    Transformer decoder" and no more; layers, widths and losses are the STCA head's (ours), so that the rows differ in
    what is decoded alone. There are no velocities in one frame: the velocity loss is 0. Arguments are those of
    :class:`~mmradar.models.heads.QueryHead`.
    """

    layer_type = TransformerDecoderLayer
    key_frame_only = True
