"""Codec of keypoints as coordinates."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mmradar.codecs.base import KeypointCodec
from mmradar.registry import KEYPOINT_CODECS
from mmradar.structures import CoordinateBounds, PoseLabels


@KEYPOINT_CODECS.register_module()
class CoordinateCodec(KeypointCodec):
    """Codec of each coordinate as a fraction of the image or the volume, through a sigmoid.

    Like mmpose's ``RegressionLabel``. The score of every prediction is 1, since HuPR's protocol has no confidence.

    Args:
        dims: Coordinates of a keypoint, 2 or 3.
    """

    def __init__(self, dims: int = 2) -> None:
        super().__init__((dims,), dims)

    def encode(
        self, labels: PoseLabels
    ) -> tuple[Float[Tensor, 'batch frames joints dims'], Float[Tensor, 'batch frames joints']]:
        self.check(labels.bounds)
        return labels.bounds.shares(labels.keypoints), labels.weight

    def activate(self, outputs: Float[Tensor, '*n dims']) -> Float[Tensor, '*n dims']:
        return outputs.sigmoid()

    def decode(
        self, encoded: Float[Tensor, 'batch *n joints dims'], bounds: CoordinateBounds
    ) -> tuple[Float[Tensor, 'batch *n joints dims'], Float[Tensor, 'batch *n joints']]:
        self.check(bounds)
        return bounds.positions(encoded), torch.ones_like(encoded[..., 0])
