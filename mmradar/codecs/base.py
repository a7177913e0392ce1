"""Base class of all codecs."""

from __future__ import annotations

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.structures import CoordinateBounds, PoseLabels


class KeypointCodec(ABC):
    """Base class of codecs, which turn labels into targets of a network, and its outputs into keypoints.

    mmpose's codecs have the same two methods for one sample in NumPy. These codecs work on batches of tensors and take
    the size of the image or the volume from the samples, so that no configuration states it.

    Args:
        shape: Shape of a joint in the codec's space: ``(2,)`` for two coordinates, ``(H, W)`` for a heatmap.
        dims: Coordinates of a keypoint, 2 or 3.

    Raises:
        ConfigError: Another number of coordinates.
    """

    # True if losses of decoded keypoints have a gradient
    differentiable = True

    def __init__(self, shape: tuple[int, ...], dims: int) -> None:
        if dims not in (2, 3):
            raise ConfigError(f'{type(self).__name__}.dims must be 2 or 3, found {dims!r}')
        self.shape, self.dims = shape, dims

    @abstractmethod
    def encode(
        self, labels: PoseLabels
    ) -> tuple[Float[Tensor, 'batch frames joints *shape'], Float[Tensor, 'batch frames joints']]:
        """Return the target of a network's outputs, and the weight of each joint.

        Raises:
            ConfigError: Labels with another number of coordinates.
        """

    # an annotation may have one axis of any number of dimensions: `*n_shape` stands for `*n *shape`
    @abstractmethod
    def activate(self, outputs: Float[Tensor, '*n_shape']) -> Float[Tensor, '*n_shape']:
        """Map a network's raw outputs to the codec's space, in which targets are."""

    @abstractmethod
    def decode(
        self, encoded: Float[Tensor, 'batch *n_joints_shape'], bounds: CoordinateBounds
    ) -> tuple[Float[Tensor, 'batch *n joints dims'], Float[Tensor, 'batch *n joints']]:
        """Return keypoints in px or m, and the score of each.

        Raises:
            ConfigError: Bounds with another number of coordinates.
        """

    def check(self, bounds: CoordinateBounds) -> None:
        """Raise unless the samples' keypoints have the codec's number of coordinates.

        Raises:
            ConfigError: They have another number.
        """
        if bounds.dims != self.dims:
            stated = 'image_size, in px' if bounds.unit == 'px' else 'volume_m'
            raise ConfigError(
                f'{type(self).__name__} has dims={self.dims}, but the samples state {stated}: their keypoints have '
                f'{bounds.dims} coordinates'
            )
