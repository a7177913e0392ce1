"""Labels of the poses in a batch, as tensors."""

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
    """Bounds of the coordinates of each sample's keypoints: of an image in px, or of a volume in m.

    Args:
        low: Lower bounds; (0, 0) for an image.
        high: Upper bounds; (width, height) for an image.
        unit: Unit of the coordinates, ``'px'`` or ``'m'``.
    """

    low: Float[Tensor, 'batch dims']
    high: Float[Tensor, 'batch dims']
    unit: str

    @classmethod
    def of(cls, samples: Sequence[BaseDataElement], like: Tensor) -> CoordinateBounds:
        """Return the bounds that the samples state, which come from the data set alone.

        Args:
            samples: Samples with ``image_size`` (w, h) in px or ``volume_m`` ((x0, y0, z0), (x1, y1, z1)) in their meta
                information, as packed by ``PackRadarInputs``.
            like: Tensor whose device and floating type the result has.

        Raises:
            ConfigError: A sample states neither, or some state an image and others a volume.
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
        """Return positions in px or m as fractions of the image or the volume: 0 at ``low``, 1 at ``high``."""
        return (positions - _expanded(self.low, positions)) / _expanded(self.extent, positions)

    def positions(self, shares: Float[Tensor, 'batch *n dims']) -> Float[Tensor, 'batch *n dims']:
        """Return the positions in px or m of fractions; the inverse of :meth:`shares`."""
        return _expanded(self.low, shares) + shares * _expanded(self.extent, shares)


def _expanded(bound: Float[Tensor, 'batch dims'], coordinates: Float[Tensor, 'batch *n dims']) -> Tensor:
    """Return the bound with axes of one element in its middle, so that it broadcasts over the coordinates."""
    return bound.view(len(bound), *[1] * (coordinates.ndim - 2), -1)


def key_indices(samples: Sequence[BaseDataElement], device: torch.device | None = None) -> Int64[Tensor, 'batch']:
    """Return the number of the key frame within each sample's window.

    Raises:
        ConfigError: A sample does not state it.
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
    """Return each sample's sigmas of the joints, ``None`` unless all samples state one for each joint."""
    found = [np.asarray(sample.metainfo.get('sigmas', ())) for sample in samples]
    if any(sigmas.shape != (num_keypoints,) for sigmas in found):
        return None
    return like.new_tensor(np.stack(found))


@dataclass(frozen=True)
class PoseLabels:
    """Poses of a batch of windows, with what losses need to measure errors.

    Args:
        keypoints: Coordinates in px or m, finite even where a joint does not count.
        weight: Weight of each joint, 0 where it does not count.
        bounds: Bounds of the coordinates.
        key_index: Number of the key frame within each window.
        area: Area of the body in px^2; ``None`` if the data set states none, as in three dimensions.
        sigmas: Falloff of each joint's OKS; ``None`` unless all samples state one for each joint.
    """

    keypoints: Float[Tensor, 'batch frames joints dims']
    weight: Float[Tensor, 'batch frames joints']
    bounds: CoordinateBounds
    key_index: Int64[Tensor, 'batch']
    area: Float[Tensor, 'batch frames'] | None = None
    sigmas: Float[Tensor, '#batch joints'] | None = None

    @classmethod
    def of(
        cls,
        samples: Sequence[BaseDataElement],
        like: Tensor,
        num_keypoints: int | None = None,
        num_frames: int | None = None,
    ) -> PoseLabels:
        """Return the labels of a batch of data samples, as packed by ``PackRadarInputs``.

        Args:
            samples: Samples with ``gt_instance_labels``.
            like: Tensor whose device and floating type the result has.
            num_keypoints: Joints of the head that is trained; not checked by default.
            num_frames: Frames of the head that is trained; not checked by default.

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
        labels = [sample.get('gt_instance_labels') for sample in samples]
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
        """Return ``area`` or ``sigmas``, which not every data set states.

        Raises:
            ConfigError: Not all samples state it.
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
        """Return the labels of the key frames alone, as windows of one frame."""
        samples = torch.arange(len(self.key_index), device=self.key_index.device)
        keypoints, weight, area = (
            None if part is None else part[samples, self.key_index, None]
            for part in (self.keypoints, self.weight, self.area)
        )
        return replace(self, keypoints=keypoints, weight=weight, area=area, key_index=torch.zeros_like(self.key_index))
