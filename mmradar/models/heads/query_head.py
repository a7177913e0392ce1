"""What decoders of keypoint queries have in common."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from mmengine.structures import InstanceData
from mmpose.models.heads import BaseHead
from torch import Tensor, nn

from mmradar.models.heads.image_size import image_sizes
from mmradar.registry import MODELS


class QueryHead(BaseHead):
    """Learnable queries, one for every joint of the decoded frames of a window, become coordinates.

    Subclasses say by ``layer_type`` what decodes and by :meth:`decoded_frames` which frames.

    Args:
        num_keypoints: Joints J.
        num_frames: Frames T of a window.
        embed_dims: Width of the queries, that of the encoder's tokens.
        num_layers: Decoder layers.
        num_heads: Attention heads.
        feedforward_ratio: Hidden width of the feed-forward parts over query width.
        dropout: Of attention and feed-forward.
        losses: Configuration of each loss by its name; ``oks`` is logged as ``loss_oks``. A name set to ``None``
            removes a loss that was inherited.
    """

    # (embed_dims, num_heads, feedforward_ratio, dropout) to a layer: queries (batch, frames, joints, dims) and tokens
    # (batch, length, dims) to queries
    layer_type: type[nn.Module]

    @staticmethod
    def decoded_frames(num_frames: int) -> Sequence[int]:
        """Which frames of the window are decoded and supervised. The one in the middle is predicted."""
        raise NotImplementedError

    def __init__(
        self,
        num_keypoints: int = 14,
        num_frames: int = 9,
        embed_dims: int = 128,
        num_layers: int = 6,
        num_heads: int = 8,
        feedforward_ratio: int = 4,
        dropout: float = 0.0,
        losses: dict[str, dict] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        losses = losses or dict(oks=dict(type='OKSLoss'), velocity=dict(type='VelocityLoss', loss_weight=0.05))
        self.frames = list(self.decoded_frames(num_frames))
        self.losses = nn.ModuleDict({name: MODELS.build(loss) for name, loss in losses.items() if loss is not None})
        self.queries = nn.Parameter(torch.randn(len(self.frames), num_keypoints, embed_dims))
        self.layers = nn.ModuleList(
            self.layer_type(embed_dims, num_heads, feedforward_ratio, dropout) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(embed_dims)
        self.to_coordinates = nn.Sequential(nn.Linear(embed_dims, embed_dims), nn.GELU(), nn.Linear(embed_dims, 2))

    def forward(self, feats: tuple[Float[Tensor, 'batch length dims']]) -> Float[Tensor, 'batch frames joints 2']:
        """Coordinates of every joint of every decoded frame, as shares of the image's width and height."""
        tokens = feats[-1]
        queries = self.queries.expand(len(tokens), -1, -1, -1)
        for layer in self.layers:
            queries = layer(queries, tokens)
        return self.to_coordinates(self.norm(queries)).sigmoid()

    def predict(
        self, feats: tuple[Tensor], batch_data_samples: list, test_cfg: dict | None = None
    ) -> list[InstanceData]:
        """The central frame's keypoints of each sample, in image px, as mmpose's heads return them.

        The score of every prediction is 1: the protocol of HuPR has no confidence.
        """
        shares = self.forward(feats)[:, len(self.frames) // 2].float()
        keypoints = (shares * image_sizes(batch_data_samples, shares)[:, None]).detach().cpu().numpy()
        return [
            InstanceData(keypoints=pose[None], keypoint_scores=torch.ones(1, len(pose)).numpy()) for pose in keypoints
        ]

    def loss(self, feats: tuple[Tensor], batch_data_samples: list, train_cfg: dict | None = None) -> dict[str, Tensor]:
        """All configured losses over the decoded frames, and the error in px for the log."""
        prediction = self.forward(feats).float()
        labels = [sample.gt_instance_labels for sample in batch_data_samples]
        target = torch.stack([label.keypoint_labels[self.frames] for label in labels]).to(prediction)
        weight = torch.stack([label.keypoint_weights[self.frames] for label in labels]).to(prediction)
        area = torch.stack([label.areas[self.frames] for label in labels]).to(prediction)
        sizes = image_sizes(batch_data_samples, prediction)
        losses = {f'loss_{name}': loss(prediction, target, weight, area, sizes) for name, loss in self.losses.items()}
        with torch.no_grad():
            error_px = ((prediction - target) * sizes[:, None, None]).norm(dim=-1)
            losses['mpjpe_px'] = (error_px * weight).sum() / weight.sum().clamp_min(1)
        return losses
