"""Base class of heads that decode keypoint queries."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmradar.models.heads.keypoint_head import KeypointHead
from mmradar.registry import MODELS
from mmradar.structures import RadarWindow


class QueryHead(KeypointHead):
    """Base class of heads whose learnable queries, one for every joint of the decoded frames, become keypoints.

    Subclasses set ``layer_type``, the decoder layer, and ``key_frame_only``, whether to decode the key frame alone or
    all frames.

    Args:
        num_keypoints: Joints J.
        num_frames: Frames T of a window.
        embed_dims: Width of the queries.
        num_layers: Number of decoder layers.
        num_heads: Number of attention heads.
        feedforward_ratio: Hidden width of the feed-forward parts, as a multiple of the query width.
        dropout: Dropout probability in attention and feed-forward.
        token_dims: Width of the encoder's tokens, ``embed_dims`` by default. If it is another, a linear layer maps
            tokens to ``embed_dims``.
        tokens_per_frame: Number of tokens that the encoder makes of each frame. If given, a linear layer maps the
            concatenated tokens of a frame to a term that is added to the frame's queries, so that a short training
            need not first learn where to look. By default, as in the paper, queries are the same for all windows.
        key_frame: The key frame, as in :class:`~mmradar.structures.RadarWindow`; the data set's. With
            ``tokens_per_frame``, a head that decodes the key frame alone takes the tokens of this frame.
        layer: Further arguments of the decoder layers, such as ``dict(temporal=False)`` for those of
            :class:`~mmradar.models.layers.STCALayer`.
        score_loss: Configuration of a loss of the joints' scores, such as ``dict(type='KeypointScoreLoss')``. Small
            layers then predict from the last queries how good each keypoint is. The queries get no gradient from it.
            By default the codec defines the scores.
        codec, losses, target_losses: See :class:`~mmradar.models.heads.KeypointHead`.

    Raises:
        ConfigError: Losses of keypoints with a codec that has no gradient, or an impossible key frame.
    """

    # built with (embed_dims, num_heads, feedforward_ratio, dropout) and the arguments in `layer`; its forward takes
    # queries (batch, frames, joints, dims) and tokens (batch, length, dims), and returns queries
    layer_type: type[nn.Module]

    def __init__(
        self,
        num_keypoints: int = 14,
        num_frames: int = 9,
        embed_dims: int = 128,
        num_layers: int = 6,
        num_heads: int = 8,
        feedforward_ratio: int = 4,
        dropout: float = 0.0,
        token_dims: int | None = None,
        tokens_per_frame: int | None = None,
        key_frame: int | str = 'centre',
        layer: dict | None = None,
        score_loss: dict | None = None,
        codec: dict | None = None,
        losses: dict[str, dict | None] | None = None,
        target_losses: dict[str, dict | None] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(num_keypoints, num_frames, codec, losses, target_losses, init_cfg)
        token_dims = token_dims or embed_dims
        self.to_memory = nn.Identity() if token_dims == embed_dims else nn.Linear(token_dims, embed_dims)
        self.tokens_per_frame = tokens_per_frame
        if tokens_per_frame:
            self.to_queries = nn.Linear(tokens_per_frame * token_dims, num_keypoints * embed_dims)
        key = RadarWindow(num_frames, key_frame).key_index
        self.decoded_frames = slice(key, key + 1) if self.key_frame_only else slice(num_frames)
        frames = 1 if self.key_frame_only else num_frames
        scale = 0.02 if tokens_per_frame else 1.0  # small, so that the frame's tokens matter from the start
        self.queries = nn.Parameter(scale * torch.randn(frames, num_keypoints, embed_dims))
        self.layers = nn.ModuleList(
            self.layer_type(embed_dims, num_heads, feedforward_ratio, dropout, **(layer or {}))
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(embed_dims)
        self.to_coordinates = nn.Sequential(
            nn.Linear(embed_dims, embed_dims), nn.GELU(), nn.Linear(embed_dims, math.prod(self.codec.shape))
        )
        if score_loss is not None:
            self.score_loss = MODELS.build(score_loss)
            self.to_scores = nn.Sequential(nn.Linear(embed_dims, embed_dims), nn.GELU(), nn.Linear(embed_dims, 1))

    def forward(self, feats: tuple[Float[Tensor, 'batch length dims']]) -> Float[Tensor, 'batch frames joints *shape']:
        """Return the raw outputs for every joint of every decoded frame, which the codec interprets."""
        return self._outputs(self._decoded_queries(feats))

    def outputs_and_scores(
        self, feats: tuple[Float[Tensor, 'batch length dims']]
    ) -> tuple[Float[Tensor, 'batch frames joints *shape'], Float[Tensor, 'batch frames joints'] | None]:
        """Return the raw outputs and the logits of the joints' scores; ``None`` if the codec defines the scores."""
        queries = self._decoded_queries(feats)
        scores = None if self.score_loss is None else self.to_scores(queries.detach()).squeeze(-1)
        return self._outputs(queries), scores

    def _outputs(
        self, queries: Float[Tensor, 'batch frames joints width']
    ) -> Float[Tensor, 'batch frames joints *shape']:
        return self.to_coordinates(queries).unflatten(-1, self.codec.shape)

    def _decoded_queries(
        self, feats: tuple[Float[Tensor, 'batch length dims']]
    ) -> Float[Tensor, 'batch frames joints width']:
        tokens = feats[-1]
        queries = self.queries.expand(len(tokens), -1, -1, -1)
        if self.tokens_per_frame:
            frames = tokens.unflatten(1, (-1, self.tokens_per_frame)).flatten(2)
            queries = queries + self.to_queries(frames[:, self.decoded_frames]).view_as(queries)
        memory = self.to_memory(tokens)
        for layer in self.layers:
            queries = layer(queries, memory)
        return self.norm(queries)
