"""HuPR's decoder, refinement and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Int
from mmengine.structures import InstanceData
from mmpose.models.heads import BaseHead
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.heads.image_size import image_sizes
from mmradar.models.layers import HUPR_LINKS, PRGCN, ConvShortcutBlock
from mmradar.registry import KEYPOINT_CODECS, MODELS


def strongest_cells(
    heatmaps: Float[Tensor, '*n height width'],
) -> tuple[Int[Tensor, '*n 2'], Float[Tensor, '*n']]:
    """(column, row) of each heatmap's maximum, and its value."""
    value, index = heatmaps.flatten(-2).max(dim=-1)
    width = heatmaps.shape[-1]
    return torch.stack((index % width, index // width), dim=-1), value


@MODELS.register_module()
class HuPRHead(BaseHead):
    """Heatmaps of the key frame's joints from features of three scales, refined over the skeleton's graph.

    HuPR (Lee et al., WACV 2023); sizes, losses and reading of the maxima are those of its public code. The decoder
    starts at the coarsest scale; two blocks and a bilinear up-sampling bring it to the next, where that scale's
    features are concatenated. PRGCN redraws the heatmaps; both sets are compared with the target, the refined one
    predicts. The key frame is frame T // 2 of the window.

    Args:
        num_keypoints: Joints J.
        num_frames: Frames T of a window.
        channels: Channels C after MNet: the encoder's maps have 8C, 16C and 32C.
        decoder: Codec of mmpose that draws the target heatmaps; its ``input_size`` is the (width, height) in px to
            which images of any size are scaled, its ``heatmap_size`` that of the encoder's finest map. HuPR's are 256 x
            256 px, 64 x 64 cells, a Gaussian of 2 cells around the nearest cell.
        subcell: Read predictions with the codec, which looks for the maximum between cells. Off in HuPR: the strongest
            cell is the prediction, 4 px apart from the next.
        links: (from, to) pairs of joints in PRGCN's graph.
        graph_layers: Graph convolutions of PRGCN.
        losses: Configuration of each loss by the heatmaps it is for, ``heatmap`` and ``refined``. It takes logits and
            targets (B, J, H, W) and weights (B, J, 1, 1). ``None`` removes one that was inherited.

    Raises:
        ConfigError: Losses for other heatmaps, or heatmaps of another size than the encoder's maps.
    """

    def __init__(
        self,
        num_keypoints: int = 14,
        num_frames: int = 8,
        channels: int = 32,
        decoder: dict | None = None,
        subcell: bool = False,
        links: Sequence[tuple[int, int]] = HUPR_LINKS,
        graph_layers: int = 3,
        losses: dict[str, dict] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        cross_entropy = dict(type='BCELoss', use_target_weight=True)
        losses = losses or dict(heatmap=cross_entropy, refined=cross_entropy)
        if unknown := set(losses) - {'heatmap', 'refined'}:
            raise ConfigError(f"HuPRHead.losses are for 'heatmap' and 'refined', found {min(unknown)!r}")
        self.losses = nn.ModuleDict({name: MODELS.build(loss) for name, loss in losses.items() if loss is not None})
        self.decoder = KEYPOINT_CODECS.build(
            decoder or dict(type='MSRAHeatmap', input_size=(256, 256), heatmap_size=(64, 64), sigma=2)
        )
        self.num_frames, self.subcell = num_frames, subcell

        def blocks(*widths: int) -> list[nn.Module]:
            return [ConvShortcutBlock(*pair, dims=2, norm=False, activation=nn.PReLU) for pair in pairwise(widths)]

        def upsampling() -> nn.Module:
            return nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)

        fine, middle, coarse = 2 * channels, 4 * channels, 8 * channels  # a radar's channels, four maps of each fused
        self.from_coarse = nn.Sequential(*blocks(4 * coarse, coarse, middle), upsampling())
        self.from_middle = nn.Sequential(*blocks(middle + 4 * middle, middle, fine), upsampling())
        self.from_fine = nn.Sequential(
            *blocks(fine + 4 * fine, fine, channels), nn.Conv2d(channels, num_keypoints, 1, bias=False)
        )
        self.refinement = PRGCN(num_keypoints, self.decoder.heatmap_size, links, graph_layers)

    def forward(
        self,
        feats: tuple[Float[Tensor, 'n fine h w'], Float[Tensor, 'n middle h2 w2'], Float[Tensor, 'n coarse h4 w4']],
    ) -> tuple[Float[Tensor, 'n joints h w'], Float[Tensor, 'n joints h w']]:
        """Logits of the heatmaps and of the refined heatmaps."""
        fine, middle, coarse = feats
        width, height = self.decoder.heatmap_size
        if fine.shape[2:] != (height, width):
            raise ConfigError(
                f"HuPRHead.decoder.heatmap_size must be the size of the encoder's finest map, "
                f'{tuple(fine.shape[:1:-1])}; found {(width, height)}'
            )
        maps = self.from_coarse(coarse)
        maps = self.from_middle(torch.cat((maps, middle), dim=1))
        heatmaps = self.from_fine(torch.cat((maps, fine), dim=1))
        return heatmaps, self.refinement(heatmaps)

    def _keypoints(
        self, heatmaps: Float[Tensor, 'n joints h w']
    ) -> tuple[Float[Tensor, 'n joints 2'], Float[Tensor, 'n joints']]:
        """Positions of the strongest cells in px of the codec's input, and their values."""
        cells, values = strongest_cells(heatmaps)
        return cells * cells.new_tensor(self.decoder.scale_factor, dtype=torch.float32), values

    def _image_px(self, batch_data_samples: list, like: Tensor) -> Float[Tensor, 'n 2']:
        """How many px of each sample's image one px of the codec's input is, along and down."""
        return image_sizes(batch_data_samples, like) / like.new_tensor(self.decoder.input_size)

    def predict(
        self, feats: tuple[Tensor, ...], batch_data_samples: list, test_cfg: dict | None = None
    ) -> list[InstanceData]:
        """The key frame's keypoints of each sample, in image px, as mmpose's heads return them.

        Scores are the refined heatmaps' values there; the protocol of HuPR does not use them.
        """
        heatmaps = self.forward(feats)[1].detach().float().sigmoid()
        if self.subcell:
            decoded = [self.decoder.decode(sample) for sample in heatmaps.cpu().numpy()]
        else:
            keypoints, scores = (found.cpu().numpy() for found in self._keypoints(heatmaps))
            decoded = zip(keypoints[:, None], scores[:, None])
        image_px = self._image_px(batch_data_samples, heatmaps).cpu().numpy()
        return [
            InstanceData(keypoints=keypoints * scale, keypoint_scores=scores)
            for (keypoints, scores), scale in zip(decoded, image_px)
        ]

    def targets(
        self, batch_data_samples: list
    ) -> tuple[Float[np.ndarray, 'n joints h w'], Float[np.ndarray, 'n joints'], Float[np.ndarray, 'n joints 2']]:
        """Heatmaps, weights and positions in px of the codec's input of the key frame's joints."""
        key, heatmaps, weights, keypoints = self.num_frames // 2, [], [], []
        for sample in batch_data_samples:
            labels = sample.gt_instance_labels
            keypoints.append(labels.keypoint_labels[key].cpu().numpy() * np.asarray(self.decoder.input_size))
            encoded = self.decoder.encode(keypoints[-1][None], labels.keypoint_weights[key].cpu().numpy()[None])
            heatmaps.append(encoded['heatmaps'])
            weights.append(encoded['keypoint_weights'][0])
        return np.stack(heatmaps), np.stack(weights), np.stack(keypoints)

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: list, train_cfg: dict | None = None
    ) -> dict[str, Tensor]:
        """The configured losses of both heatmaps, and the refined one's error in px for the log."""
        logits = dict(zip(('heatmap', 'refined'), (maps.float() for maps in self.forward(feats))))
        heatmaps, weights, keypoints = (
            torch.from_numpy(target).to(logits['refined']) for target in self.targets(batch_data_samples)
        )
        losses = {
            f'loss_{name}': loss(logits[name], heatmaps, weights[..., None, None]) for name, loss in self.losses.items()
        }
        with torch.no_grad():
            error = self._keypoints(logits['refined'])[0] - keypoints
            error_px = (error * self._image_px(batch_data_samples, error)[:, None]).norm(dim=-1)
            losses['mpjpe_px'] = (error_px * weights).sum() / weights.sum().clamp_min(1)
        return losses
