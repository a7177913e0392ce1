"""What the samples of a batch say about their poses, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int64
from mmengine.structures import BaseDataElement
from torch import Tensor

from mmradar.errors import ConfigError


@dataclass(frozen=True)
class CoordinateBounds:
    """Where the coordinates of each sample's keypoints lie: in an image in px, or in a volume in m.

    Args:
        low: Of an image (0, 0).
        high: Of an image (width, height).
        unit: Of the coordinates, ``'px'`` or ``'m'``.
    """

    low: Float[Tensor, 'batch dims']
    high: Float[Tensor, 'batch dims']
    unit: str

    @classmethod
    def of(cls, samples: Sequence[BaseDataElement], like: Tensor) -> CoordinateBounds:
        """Bounds that the samples state: the data set says them, and nothing else does.

        Args:
            samples: With ``image_size`` (w, h) in px or ``volume_m`` ((x0, y0, z0), (x1, y1, z1)) in their meta
                information, as ``PackRadarInputs`` has them.
            like: Device and floating type of the result.

        Raises:
            ConfigError: A sample says neither, or some an image and others a volume.
        """
        sizes = [sample.metainfo.get('image_size') for sample in samples]
        volumes = [sample.metainfo.get('volume_m') for sample in samples]
        if all(volume is not None for volume in volumes):
            low, high = np.asarray(volumes, dtype=np.float64).swapaxes(0, 1)
            return cls(like.new_tensor(low), like.new_tensor(high), 'm')
        if all(size is not None for size in sizes):
            high = like.new_tensor(np.asarray(sizes, dtype=np.float64))
            return cls(torch.zeros_like(high), high, 'px')
        raise ConfigError(
            'a sample does not say how large its image is, or else its volume: PackRadarInputs.meta_keys must hold '
            "'image_size' or 'volume_m', one for the whole batch, which the data set states"
        )

    @property
    def dims(self) -> int:
        """Coordinates of a keypoint: 2 or 3."""
        return self.low.shape[-1]

    @property
    def extent(self) -> Float[Tensor, 'batch dims']:
        """Size of the image or the volume."""
        return self.high - self.low

    def shares(self, positions: Float[Tensor, 'batch *n dims']) -> Float[Tensor, 'batch *n dims']:
        """Positions in px or m as shares of the image or the volume: 0 at its low end, 1 at its high one."""
        return (positions - _before(self.low, positions)) / _before(self.extent, positions)

    def positions(self, shares: Float[Tensor, 'batch *n dims']) -> Float[Tensor, 'batch *n dims']:
        """The inverse of :meth:`shares`."""
        return _before(self.low, shares) + shares * _before(self.extent, shares)


def _before(bound: Float[Tensor, 'batch dims'], coordinates: Float[Tensor, 'batch *n dims']) -> Tensor:
    """A bound with axes of one element in its middle, to be broadcast over the coordinates'."""
    return bound.view(len(bound), *[1] * (coordinates.ndim - 2), -1)


def key_indices(samples: Sequence[BaseDataElement], device: torch.device | None = None) -> Int64[Tensor, 'batch']:
    """Number of the key frame within each sample's window.

    Raises:
        ConfigError: A sample does not say it.
    """
    found = [sample.metainfo.get('key_index') for sample in samples]
    if any(index is None for index in found):
        raise ConfigError(
            'a sample does not say which of its frames is the key frame, the one that is predicted: '
            "PackRadarInputs.meta_keys must hold 'key_index', which the data set states"
        )
    return torch.tensor(found, dtype=torch.int64, device=device)


def _sigmas(
    samples: Sequence[BaseDataElement], like: Tensor, num_keypoints: int
) -> Float[Tensor, 'batch joints'] | None:
    """The joints' sigmas, each data set's own; ``None`` unless all samples state one for each joint."""
    found = [np.asarray(sample.metainfo.get('sigmas', ())) for sample in samples]
    if any(sigmas.shape != (num_keypoints,) for sigmas in found):
        return None
    return like.new_tensor(np.stack(found))


@dataclass(frozen=True)
class PoseLabels:
    """Poses of a batch of windows, and what losses measure them with.

    Args:
        keypoints: In px or m, finite also where a joint does not count.
        weight: Of each joint, 0 where it does not count.
        bounds: Of the coordinates.
        key_index: The key frame's number among the frames, of each sample.
        area: Of the body in px^2; ``None`` if the data set states none, as in three dimensions.
        sigmas: Falloff of each joint's OKS; ``None`` unless all samples state one for each joint.
    """

    keypoints: Float[Tensor, 'batch frames joints dims']
    weight: Float[Tensor, 'batch frames joints']
    bounds: CoordinateBounds
    key_index: Int64[Tensor, 'batch']
    area: Float[Tensor, 'batch frames'] | None = None
    sigmas: Float[Tensor, 'batch joints'] | None = None

    @classmethod
    def of(
        cls,
        samples: Sequence[BaseDataElement],
        like: Tensor,
        num_keypoints: int | None = None,
        num_frames: int | None = None,
    ) -> PoseLabels:
        """Labels of a batch of data samples, as ``PackRadarInputs`` makes them.

        Args:
            samples: With ``gt_instance_labels``.
            like: Device and floating type of the result.
            num_keypoints: Joints of the head that is trained.
            num_frames: Frames of the head that is trained.

        Raises:
            ConfigError: Samples without labels, with other joints or frames than the head's, or that lack what
                :class:`CoordinateBounds` and :func:`key_indices` need.
        """
        if any('gt_instance_labels' not in sample for sample in samples):
            raise ConfigError(
                'a sample has no labels to train on: its data set gives no keypoints, as that of a bare recording, '
                'which can only be predicted'
            )
        bounds = CoordinateBounds.of(samples, like)  # one kind of coordinates for all
        labels = [sample.gt_instance_labels for sample in samples]
        keypoints = torch.stack([label.keypoints for label in labels]).to(like)
        for name, wanted, found in (
            ('num_keypoints', num_keypoints, keypoints.shape[2]),
            ('num_frames', num_frames, keypoints.shape[1]),
        ):
            if wanted is not None and found != wanted:
                raise ConfigError(
                    f'the head has {name}={wanted}, but the labels of the data set have {found}; state the same number '
                    'for both'
                )
        if keypoints.shape[3] != bounds.dims:
            raise ConfigError(
                f"the samples' keypoints have {keypoints.shape[3]} coordinates, and their "
                f'{"image_size" if bounds.unit == "px" else "volume_m"} is one of {bounds.dims}'
            )
        stated = all('areas' in label for label in labels)
        areas = torch.stack([label.areas for label in labels]).to(like) if stated else None
        return cls(
            keypoints,
            torch.stack([label.keypoint_weights for label in labels]).to(like),
            bounds,
            key_indices(samples, like.device),
            areas,
            _sigmas(samples, like, keypoints.shape[2]),
        )

    def stated(self, name: str) -> Tensor:
        """``area`` or ``sigmas``, which not every data set states.

        Raises:
            ConfigError: The samples do not say.
        """
        found = getattr(self, name)
        if found is None:
            raise ConfigError(
                f'a loss needs the {name} of the samples, which they do not all state. In three dimensions there are '
                "no areas, and OKS is not defined: take another loss. Else the data set must state 'areas', its "
                "metainfo one of the 'sigmas' for each joint, and PackRadarInputs.meta_keys hold 'sigmas'"
            )
        return found

    def of_key_frame(self) -> PoseLabels:
        """The key frames alone: windows of one frame."""
        samples = torch.arange(len(self.key_index), device=self.key_index.device)
        keypoints, weight, area = (
            None if part is None else part[samples, self.key_index, None]
            for part in (self.keypoints, self.weight, self.area)
        )
        return replace(self, keypoints=keypoints, weight=weight, area=area, key_index=torch.zeros_like(self.key_index))
