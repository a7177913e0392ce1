"""milliMamba's decoder and prediction head."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.structures import InstanceData
from mmpose.models.heads import BaseHead
from torch import Tensor, nn

from mmradar.models.layers import STCALayer
from mmradar.registry import MODELS


@MODELS.register_module()
class STCAHead(BaseHead):
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
        image_size: (width, height) in px of the image that [0, 1] spans.
        losses: Configuration of each loss by its name; ``oks`` is logged as ``loss_oks``. A name set to ``None``
            removes a loss that was inherited.
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
        super().__init__(init_cfg)
        losses = losses or dict(oks=dict(type='OKSLoss'), velocity=dict(type='VelocityLoss', loss_weight=0.05))
        self.num_frames = num_frames
        self.losses = nn.ModuleDict({name: MODELS.build(loss) for name, loss in losses.items() if loss is not None})
        self.register_buffer('image_size', torch.tensor(image_size, dtype=torch.float32), persistent=False)
        self.queries = nn.Parameter(torch.randn(num_frames, num_keypoints, embed_dims))
        self.layers = nn.ModuleList(
            STCALayer(embed_dims, num_heads, feedforward_ratio, dropout) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(embed_dims)
        self.to_coordinates = nn.Sequential(nn.Linear(embed_dims, embed_dims), nn.GELU(), nn.Linear(embed_dims, 2))

    def forward(self, feats: tuple[Float[Tensor, 'batch length dims']]) -> Float[Tensor, 'batch frames joints 2']:
        """Coordinates of every joint of every frame, as shares of the image's width and height."""
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
        keypoints = (self.forward(feats)[:, self.num_frames // 2] * self.image_size).float().cpu().numpy()
        return [
            InstanceData(keypoints=pose[None], keypoint_scores=torch.ones(1, len(pose)).numpy()) for pose in keypoints
        ]

    def loss(self, feats: tuple[Tensor], batch_data_samples: list, train_cfg: dict | None = None) -> dict[str, Tensor]:
        """All configured losses over all frames, and the error in px for the log."""
        prediction = self.forward(feats).float()
        labels = [sample.gt_instance_labels for sample in batch_data_samples]
        target = torch.stack([label.keypoint_labels for label in labels]).to(prediction)
        weight = torch.stack([label.keypoint_weights for label in labels]).to(prediction)
        area = torch.stack([label.areas for label in labels]).to(prediction)
        losses = {f'loss_{name}': loss(prediction, target, weight, area) for name, loss in self.losses.items()}
        with torch.no_grad():
            error_px = ((prediction - target) * self.image_size).norm(dim=-1)
            losses['mpjpe_px'] = (error_px * weight).sum() / weight.sum().clamp_min(1)
        return losses
