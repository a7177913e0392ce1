"""Codec of keypoints as heatmaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mmradar.codecs.base import KeypointCodec
from mmradar.registry import KEYPOINT_CODECS
from mmradar.structures import CoordinateBounds, PoseLabels


def strongest_cells(
    heatmaps: Float[Tensor, '*n height width'],
) -> tuple[Int[Tensor, '*n 2'], Float[Tensor, '*n']]:
    """Return (column, row) of each heatmap's maximum, and its value."""
    value, index = heatmaps.flatten(-2).max(dim=-1)
    width = heatmaps.shape[-1]
    return torch.stack((index % width, index // width), dim=-1), value


@KEYPOINT_CODECS.register_module()
class HeatmapCodec(KeypointCodec):
    """Codec of one heatmap per joint, with a Gaussian around the joint, drawn and read by a codec of mmpose.

    All positions are in cells of the heatmap: cell (c, r) lies at the fraction (c / width, r / height) of an image of
    any size. Defaults are those of HuPR's public code: a Gaussian of 2 cells around the nearest cell, and the strongest
    cell as the prediction.

    Args:
        heatmap_size: (width, height) in cells.
        sigma: Standard deviation of the Gaussian, in cells.
        drawing: Configuration of a codec of mmpose, such as ``dict(type='MSRAHeatmap', unbiased=True)`` or
            ``dict(type='UDPHeatmap')``; its ``input_size``, ``heatmap_size`` and ``sigma`` are filled in.
        subcell: Read heatmaps with that codec, which locates the maximum between cells. If false, the prediction is the
            strongest cell.
    """

    differentiable = False

    def __init__(
        self,
        heatmap_size: tuple[int, int] = (64, 64),
        sigma: float = 2,
        drawing: Mapping[str, Any] | None = None,
        subcell: bool = False,
    ) -> None:
        width, height = heatmap_size
        super().__init__((height, width), dims=2)
        self.heatmap_size, self.subcell = (width, height), subcell
        sizes = dict(input_size=self.heatmap_size, heatmap_size=self.heatmap_size, sigma=sigma)
        self.drawing = KEYPOINT_CODECS.build({'type': 'MSRAHeatmap', **(drawing or {}), **sizes})

    def encode(
        self, labels: PoseLabels
    ) -> tuple[Float[Tensor, 'batch frames joints height width'], Float[Tensor, 'batch frames joints']]:
        """Return heatmaps and weights; a joint whose Gaussian lies entirely outside the image has weight 0."""
        self.check(labels.bounds)
        shares = labels.bounds.shares(labels.keypoints)
        cells = (shares.cpu().numpy() * np.asarray(self.heatmap_size)).reshape(-1, 1, *shares.shape[2:])
        visible = labels.weight.cpu().numpy().reshape(-1, 1, shares.shape[2])
        drawn = [self.drawing.encode(pose, weight) for pose, weight in zip(cells, visible)]
        heatmaps, weights = (np.stack([one[key] for one in drawn]) for key in ('heatmaps', 'keypoint_weights'))
        return (
            torch.from_numpy(heatmaps).to(shares).unflatten(0, shares.shape[:2]),
            torch.from_numpy(weights[:, 0]).to(shares).unflatten(0, shares.shape[:2]),
        )

    def activate(self, outputs: Float[Tensor, '*n height width']) -> Float[Tensor, '*n height width']:
        return outputs.sigmoid()

    def decode(
        self, encoded: Float[Tensor, 'batch *n joints height width'], bounds: CoordinateBounds
    ) -> tuple[Float[Tensor, 'batch *n joints 2'], Float[Tensor, 'batch *n joints']]:
        """Return keypoints, and the heatmaps' values at their maxima as scores."""
        self.check(bounds)
        if not self.subcell:
            return self.decode_strongest(encoded, bounds)
        poses = encoded.detach().flatten(0, -4).float().cpu().numpy()
        found = [np.concatenate(parts) for parts in zip(*map(self.drawing.decode, poses))]
        cells, scores = (torch.from_numpy(part).to(encoded).unflatten(0, encoded.shape[:-3]) for part in found)
        return self._positions(cells, bounds), scores

    def decode_strongest(
        self, heatmaps: Float[Tensor, 'batch *n joints height width'], bounds: CoordinateBounds
    ) -> tuple[Float[Tensor, 'batch *n joints 2'], Float[Tensor, 'batch *n joints']]:
        """Return positions and values of the strongest cells, on the heatmaps' device; logits are fine too."""
        cells, values = strongest_cells(heatmaps)
        return self._positions(cells.to(heatmaps), bounds), values

    def _positions(self, cells: Float[Tensor, 'batch *n 2'], bounds: CoordinateBounds) -> Tensor:
        return bounds.positions(cells / cells.new_tensor(self.heatmap_size))
