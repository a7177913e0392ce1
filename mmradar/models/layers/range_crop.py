"""Crop of the range axis around the person."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.functional import pad, relu

from mmradar.registry import MODELS


@MODELS.register_module()
class RangeCrop(BaseModule):
    """Layer that keeps the range bins around the centroid of strong cells, and returns where it cut.

    This separates place and pose: the layers after it see a person at the same place at any distance, and get the
    distance as a separate input. One crop serves all views and frames of a window, so that movement along range stays
    visible. On the simulated set, the centroid lies within 5 cm (one standard deviation) of the pelvis' distance; a
    body is a metre deep.

    Made for log-magnitudes standardised over a frame (``NormalizeHeatmap(over='frame')``), and for one person.

    Args:
        num_bins: Range bins to keep; bins beyond the input's ends are filled with the mean, 0.
        threshold: Lower limit of strong cells, in standard deviations above the mean.
    """

    def __init__(self, num_bins: int = 48, threshold: float = 1.0, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.num_bins, self.threshold = num_bins, threshold

    @staticmethod
    def num_features(num_views: int) -> int:
        """Return the number of features that describe where the crop is."""
        return 2 + num_views

    def forward(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> tuple[Float[Tensor, 'batch frames views channels angle doppler bins'], Float[Tensor, 'batch features']]:
        """Return the crop and features of its place: where it lies, the centroid in it, and each view's angle centroid.

        All features count from the middle, as fractions of half the axis.
        """
        angles, bins = inputs.shape[4], inputs.shape[6]
        # over frames, channels and Doppler: batch, views, angle, range
        strong = relu(inputs.detach() - self.threshold).sum(5).sum((1, 3))  # one sum over all axes takes twice as long
        centre = _centroid(strong.sum((1, 2)))
        start = (centre - self.num_bins / 2).round().clamp(-self.num_bins // 2, bins - self.num_bins // 2)
        features = [
            (start + (self.num_bins - bins) / 2) / (bins / 2),
            (centre - start) / (self.num_bins / 2) - 1,
            *(_centroid(strong.sum(3)) / (angles / 2) - 1).unbind(1),
        ]
        return _windows(inputs, start.long(), self.num_bins), torch.stack(features, dim=1)


def _windows(x: Float[Tensor, 'batch *n bins'], start: Int64[Tensor, 'batch'], size: int) -> Tensor:
    """Return ``size`` bins of each sample from its own start on; up to half may lie beyond an end, as zeros."""
    padding = size // 2
    padded, start = pad(x, (padding, padding)), start + padding
    if torch.compiler.is_compiling():  # exporters would materialise all windows of the view below
        places = start[:, None] + torch.arange(size, device=x.device)
        return padded.gather(-1, places.view(-1, *[1] * (x.ndim - 2), size).expand(*x.shape[:-1], -1))
    return padded.unfold(-1, size, 1).movedim(-2, 1)[torch.arange(len(x), device=x.device), start]


def _centroid(weights: Float[Tensor, '*n bins']) -> Float[Tensor, '*n']:
    """Return the weighted mean of the bins' indices; the middle where all weights are 0."""
    bins = weights.shape[-1]
    places = torch.arange(bins, device=weights.device, dtype=weights.dtype)
    total = weights.sum(-1)
    return torch.where(total > 0, (weights * places).sum(-1) / total.clamp_min(1e-6), (bins - 1) / 2)
