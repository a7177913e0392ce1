"""The decoder of the paper's many-to-one row."""

from __future__ import annotations

from mmradar.models.heads.query_head import QueryHead
from mmradar.models.layers import TransformerDecoderLayer
from mmradar.registry import MODELS


@MODELS.register_module()
class KeyFrameHead(QueryHead):
    """A plain Transformer decoder: learnable queries, one for every joint of the central frame, become coordinates.

    milliMamba, table 5, "many to one": neither a prediction nor a loss for the other frames. The paper says "a vanilla
    Transformer decoder" and no more; layers, widths and losses are the STCA head's (ours), so that the rows differ in
    what is decoded alone.

    Args:
        num_keypoints: Joints J.
        num_frames: Frames T of a window; frame T // 2 is decoded.
        embed_dims: Width of the queries, that of the encoder's tokens.
        num_layers: Decoder layers.
        num_heads: Attention heads.
        feedforward_ratio: Hidden width of the feed-forward parts over query width.
        dropout: Of attention and feed-forward.
        image_size, losses: Of :class:`~mmradar.models.heads.QueryHead`. There are no velocities in one frame: the
            velocity loss is 0.
    """

    def __init__(
        self,
        num_keypoints: int = 14,
        num_frames: int = 9,
        embed_dims: int = 128,
        num_layers: int = 6,
        num_heads: int = 8,
        feedforward_ratio: int = 4,
        dropout: float = 0.0,
        image_size: tuple[int, int] = (256, 256),
        losses: dict[str, dict] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        layers = [TransformerDecoderLayer(embed_dims, num_heads, feedforward_ratio, dropout) for _ in range(num_layers)]
        super().__init__(layers, [num_frames // 2], num_keypoints, embed_dims, image_size, losses, init_cfg)
