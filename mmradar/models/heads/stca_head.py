"""milliMamba's decoder and prediction head."""

from __future__ import annotations

from mmradar.models.heads.query_head import QueryHead
from mmradar.models.layers import STCALayer
from mmradar.registry import MODELS


@MODELS.register_module()
class STCAHead(QueryHead):
    """Spatio-Temporal-Cross Attention: learnable queries, one for every joint of every frame, become coordinates.

    milliMamba, section "Multi-Pose STCA decoder". Training supervises all T frames (many to many); prediction uses
    the window's central frame.

    Args:
        num_keypoints: Joints J.
        num_frames: Frames T of a window.
        embed_dims: Width of the queries, that of the encoder's tokens.
        num_layers: Decoder layers.
        num_heads: Attention heads.
        feedforward_ratio: Hidden width of the feed-forward parts over query width.
        dropout: Of attention and feed-forward.
        image_size, losses: Of :class:`~mmradar.models.heads.QueryHead`.
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
        layers = [STCALayer(embed_dims, num_heads, feedforward_ratio, dropout) for _ in range(num_layers)]
        super().__init__(layers, range(num_frames), num_keypoints, embed_dims, image_size, losses, init_cfg)
