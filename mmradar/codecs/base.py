"""What all codecs have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.structures import CoordinateBounds, PoseLabels


class KeypointCodec(ABC):
    """Labels to what a network is to put out, and back.

    mmpose's codecs have the same two methods for one sample in NumPy. Here they are for batches of tensors, and take
    the size of image or volume from the samples, so that no configuration states it.

    Args:
        shape: Of a joint in the codec's space: ``(2,)`` for two coordinates, ``(H, W)`` for a heatmap.
        dims: Coordinates of a keypoint, 2 or 3.

    Raises:
        ConfigError: Another number of coordinates.
    """

    # whether losses of decoded keypoints have a gradient
    differentiable = True

    def __init__(self, shape: tuple[int, ...], dims: int) -> None:
        if dims not in (2, 3):
            raise ConfigError(f'{type(self).__name__}.dims must be 2 or 3, found {dims!r}')
        self.shape, self.dims = shape, dims

    @abstractmethod
    def encode(
        self, labels: PoseLabels
    ) -> tuple[Float[Tensor, 'batch frames joints *shape'], Float[Tensor, 'batch frames joints']]:
        """The target of a network's outputs, and the weight of each joint.

        Raises:
            ConfigError: Labels of other dimensions.
        """

    @abstractmethod
    def activate(self, outputs: Float[Tensor, '*n *shape']) -> Float[Tensor, '*n *shape']:
        """A network's raw outputs in the codec's space, where targets are."""

    @abstractmethod
    def decode(
        self, encoded: Float[Tensor, 'batch *n joints *shape'], bounds: CoordinateBounds
    ) -> tuple[Float[Tensor, 'batch *n joints dims'], Float[Tensor, 'batch *n joints']]:
        """Keypoints in px or m, and the score of each.

        Raises:
            ConfigError: Bounds of other dimensions.
        """

    def check(self, bounds: CoordinateBounds) -> None:
        """Raise unless the samples have as many coordinates as the codec.

        Raises:
            ConfigError: They have not.
        """
        if bounds.dims != self.dims:
            stated = 'image_size, in px' if bounds.unit == 'px' else 'volume_m'
            raise ConfigError(
                f'{type(self).__name__} has dims={self.dims}, but the samples state {stated}: their keypoints have '
                f'{bounds.dims} coordinates'
            )
