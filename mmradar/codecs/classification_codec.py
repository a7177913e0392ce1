"""Codec of keypoints as distributions over each axis."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmradar.codecs.base import KeypointCodec
from mmradar.errors import ConfigError
from mmradar.registry import KEYPOINT_CODECS
from mmradar.structures import CoordinateBounds, PoseLabels


@KEYPOINT_CODECS.register_module()
class ClassificationCodec(KeypointCodec):
    """Codec of one distribution over bins per axis: a Gaussian around the joint, decoded as its expectation.

    SimCC (Li et al., ECCV 2022), which is mmpose's ``SimCCLabel``: bin number i lies at ``i / num_bins`` of the axis,
    so that ``num_bins = input_size * simcc_split_ratio`` gives SimCC's bins. Three things differ: the Gaussian is
    centred on the joint, not on the nearest bin; the prediction is the expectation, not the strongest bin, so that
    losses of coordinates reach the network (as in integral regression, Sun et al., ECCV 2018); and the bins extend
    beyond both ends of an axis by 3 sigma, so that the Gaussian of a joint at the edge is complete and its expectation
    is the joint's position.

    The score is the height of the distribution's peak relative to the target's, at most 1, on the axis where it is
    lowest: several peaks, or a wide one, lower the score.

    Args:
        num_bins: Bins along each axis of the image or the volume.
        sigma: Standard deviation of the Gaussian, in bins.
        dims: Coordinates of a keypoint, 2 or 3.

    Raises:
        ConfigError: No bins, or a Gaussian without width.
    """

    def __init__(self, num_bins: int = 256, sigma: float = 3.0, dims: int = 2) -> None:
        if num_bins < 1 or sigma <= 0:
            raise ConfigError(f'ClassificationCodec: num_bins={num_bins!r} and sigma={sigma!r} must be above 0')
        margin = math.ceil(3 * sigma)
        super().__init__((dims, num_bins + 2 * margin + 1), dims)
        self.num_bins, self.sigma, self.margin = num_bins, sigma, margin

    def _bins(self, like: Tensor) -> Float[Tensor, 'bins']:
        return torch.arange(-self.margin, self.num_bins + self.margin + 1, dtype=like.dtype, device=like.device)

    def _gaussian(self, centre: Float[Tensor, '*n']) -> Float[Tensor, '*n bins']:
        """Return the distribution around a position in bins; beyond the bins, the nearest bins get the weight."""
        distance = (self._bins(centre) - centre[..., None]) / self.sigma
        return torch.softmax(-distance.square() / 2, dim=-1)

    def encode(
        self, labels: PoseLabels
    ) -> tuple[Float[Tensor, 'batch frames joints dims bins'], Float[Tensor, 'batch frames joints']]:
        self.check(labels.bounds)
        return self._gaussian(labels.bounds.shares(labels.keypoints) * self.num_bins), labels.weight

    def activate(self, outputs: Float[Tensor, '*n dims bins']) -> Float[Tensor, '*n dims bins']:
        return outputs.softmax(-1)

    def decode(
        self, encoded: Float[Tensor, 'batch *n joints dims bins'], bounds: CoordinateBounds
    ) -> tuple[Float[Tensor, 'batch *n joints dims'], Float[Tensor, 'batch *n joints']]:
        self.check(bounds)
        expectation = (encoded * self._bins(encoded)).sum(-1)
        peak = self._gaussian(encoded.new_zeros(())).amax()
        score = (encoded.amax(-1) / peak).amin(-1).clamp_max(1)
        return bounds.positions(expectation / self.num_bins), score
