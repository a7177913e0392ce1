"""HuPR's head: decoder, refinement and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from mmengine.structures import InstanceData
from mmpose.models.heads import BaseHead
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.heads.pose_instances import pose_instances
from mmradar.models.layers import HUPR_LINKS, PRGCN, ConvShortcutBlock
from mmradar.models.losses import weighted_mean
from mmradar.registry import KEYPOINT_CODECS, MODELS
from mmradar.structures import CoordinateBounds, PoseLabels


@MODELS.register_module()
class HuPRHead(BaseHead):
    """Head that decodes features of three scales to heatmaps of the key frame's joints, refined by a graph network.

    HuPR (Lee et al., WACV 2023); sizes, losses and reading of the maxima are those of its public code. The decoder
    starts at the coarsest scale; two blocks and a bilinear up-sampling lead to the next scale, whose features are
    concatenated. PRGCN refines the heatmaps. The losses compare both the raw and the refined heatmaps with the target;
    predictions are read from the refined ones.

    Args:
        num_keypoints: Joints J.
        channels: Channels C after MNet: the encoder's maps have 8C, 16C and 32C.
        codec: Arguments of :class:`~mmradar.codecs.HeatmapCodec`; its ``heatmap_size`` must be that of the encoder's
            finest map. HuPR's by default: 64 x 64 cells, each 4 px wide in its images.
        links: (from, to) pairs of joints in PRGCN's graph.
        graph_layers: Number of graph convolutions of PRGCN.
        losses: Configuration of each loss, by the heatmaps it applies to: ``heatmap`` and ``refined``. A loss takes
            logits and targets (B, J, H, W) and weights (B, J, 1, 1). ``None`` removes an inherited loss.

    Raises:
        ConfigError: Losses for other heatmaps, or heatmaps of another size than the encoder's maps.
    """

    def __init__(
        self,
        num_keypoints: int = 14,
        channels: int = 32,
        codec: dict | None = None,
        links: Sequence[tuple[int, int]] = HUPR_LINKS,
        graph_layers: int = 3,
        losses: dict[str, dict | None] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        cross_entropy = dict(type='BCELoss', use_target_weight=True)
        losses = losses or dict(heatmap=cross_entropy, refined=cross_entropy)
        if unknown := set(losses) - {'heatmap', 'refined'}:
            raise ConfigError(f"HuPRHead.losses are for 'heatmap' and 'refined', found {min(unknown)!r}")
        self.losses = nn.ModuleDict({name: MODELS.build(loss) for name, loss in losses.items() if loss is not None})
        self.num_keypoints = num_keypoints
        self.codec = KEYPOINT_CODECS.build({'type': 'HeatmapCodec', **(codec or {})})

        def blocks(*widths: int) -> list[nn.Module]:
            return [ConvShortcutBlock(*pair, dims=2, norm=False, activation=nn.PReLU) for pair in pairwise(widths)]

        def upsampling() -> nn.Module:
            return nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)

        fine, middle, coarse = 2 * channels, 4 * channels, 8 * channels  # of a radar; fused maps have four times these
        self.from_coarse = nn.Sequential(*blocks(4 * coarse, coarse, middle), upsampling())
        self.from_middle = nn.Sequential(*blocks(middle + 4 * middle, middle, fine), upsampling())
        self.from_fine = nn.Sequential(
            *blocks(fine + 4 * fine, fine, channels), nn.Conv2d(channels, num_keypoints, 1, bias=False)
        )
        self.refinement = PRGCN(num_keypoints, self.codec.heatmap_size, links, graph_layers)

    def forward(
        self,
        feats: tuple[Float[Tensor, 'n fine h w'], Float[Tensor, 'n middle h2 w2'], Float[Tensor, 'n coarse h4 w4']],
    ) -> tuple[Float[Tensor, 'n joints h w'], Float[Tensor, 'n joints h w']]:
        """Return the logits of the heatmaps and of the refined heatmaps."""
        fine, middle, coarse = feats
        if fine.shape[2:] != self.codec.shape:
            raise ConfigError(
                f"HuPRHead.codec.heatmap_size must be the size of the encoder's finest map, "
                f'{tuple(fine.shape[:1:-1])}; found {self.codec.heatmap_size}'
            )
        maps = self.from_coarse(coarse)
        maps = self.from_middle(torch.cat((maps, middle), dim=1))
        heatmaps = self.from_fine(torch.cat((maps, fine), dim=1))
        return heatmaps, self.refinement(heatmaps)

    def predict(
        self, feats: tuple[Tensor, Tensor, Tensor], batch_data_samples: list, test_cfg: dict | None = None
    ) -> list[InstanceData]:
        """Return the key frame's keypoints of each sample, in px of its image, in the format of mmpose's heads.

        Scores are the refined heatmaps' values at the keypoints; HuPR's protocol does not use them.
        """
        logits = self.forward(feats)[1].float()
        bounds = CoordinateBounds.of(batch_data_samples, logits)
        return pose_instances(*self.codec.decode(self.codec.activate(logits), bounds))

    def loss(
        self, feats: tuple[Tensor, Tensor, Tensor], batch_data_samples: list, train_cfg: dict | None = None
    ) -> dict[str, Tensor]:
        """Return the losses of both kinds of heatmaps, and the error in px of the refined ones' strongest cells."""
        logits: dict[str, Tensor] = dict(zip(('heatmap', 'refined'), (maps.float() for maps in self.forward(feats))))
        labels = PoseLabels.of(batch_data_samples, logits['refined'], self.num_keypoints).of_key_frame()
        heatmaps, weights = (target.squeeze(1) for target in self.codec.encode(labels))
        losses = {
            f'loss_{name}': loss(logits[name], heatmaps, weights[..., None, None]) for name, loss in self.losses.items()
        }
        with torch.no_grad():
            found, _ = self.codec.decode_strongest(logits['refined'], labels.bounds)
            error_px = (found - labels.keypoints.squeeze(1)).norm(dim=-1)
            losses['mpjpe_px'] = weighted_mean(error_px, weights)
        return losses
