"""Input handling shared by all estimators."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mmradar.errors import DataError


def clips(inputs: Tensor | Sequence[Tensor]) -> list[Tensor]:
    """Return the clips of a batch, one tensor each, after checking them.

    Raises:
        ValueError: The batch is empty.
        DataError: Joints are NaN or infinite.
    """
    found = list(inputs)
    if not found:
        raise ValueError('the batch has no clips')
    for index, clip in enumerate(found):
        if not torch.isfinite(clip).all():
            raise DataError(
                f'clip {index} of the batch has joints that are NaN or infinite; set missing joints to 0 with '
                'confidence 0, or fill them'
            )
    return found


def sample_scale(sample: object | None, frames: int) -> Tensor | None:
    """Return ``delta_scale`` of a data sample in float32: a number or (frames,); ``None`` if it has none.

    Raises:
        DataError: The number of frames does not match, or a time is not positive.
    """
    value = None if sample is None else getattr(sample, 'metainfo', {}).get('delta_scale')
    if value is None:
        return None
    scale = torch.as_tensor(np.asarray(value, dtype=np.float32))
    if scale.ndim > 1 or (scale.ndim == 1 and len(scale) != frames):
        raise DataError(f'delta_scale must be a number or ({frames},), one for each frame; found {tuple(scale.shape)}')
    if not bool((torch.isfinite(scale) & (scale > 0)).all()):
        raise DataError('delta_scale must be positive: the time from a frame to the next over the training period')
    return scale


def batch_scale(samples: Sequence[object | None], frames: int) -> float | Tensor:
    """Combine the scales of clips of one length: a number if all agree, (batch,) if steady, else (batch, frames)."""
    scales = [sample_scale(sample, frames) for sample in samples]
    scales = [torch.ones(()) if scale is None else scale for scale in scales]
    # Equal intervals given frame by frame are a steady rate, for which convolutions are faster than scans
    scales = [scale[0] if scale.ndim and bool((scale == scale[0]).all()) else scale for scale in scales]
    if any(scale.ndim for scale in scales):
        return torch.stack([scale.expand(frames) for scale in scales])
    steady = torch.stack(scales)
    return float(steady[0]) if bool((steady == steady[0]).all()) else steady


def takes_scale(backbone: nn.Module) -> bool:
    """Return whether a backbone takes the times of frames, ``delta_scale``."""
    return 'delta_scale' in inspect.signature(backbone.forward).parameters


def features_of(backbone: nn.Module, inputs: Sequence[Tensor], samples: Sequence[object | None] | None) -> list[Tensor]:
    """Compute the features of each clip; clips of the same length are batched.

    Args:
        backbone: ``HumMUSS``, or another backbone that takes (batch, frames, joints, channels). One whose ``forward``
            has no argument ``delta_scale``, such as mmpose's ``DSTFormer``, does not receive the times of frames.
        inputs: Clips, (frames, joints, channels) each.
        samples: Data samples with an optional ``delta_scale`` in their metainfo.

    Returns:
        Features of the clips, in the order of ``inputs``.
    """
    samples = samples if samples else [None] * len(inputs)
    if len(samples) != len(inputs):
        raise ValueError(f'the batch has {len(inputs)} clips, but {len(samples)} data samples')
    scaled = takes_scale(backbone)
    found: dict[int, Tensor] = {}
    for frames in sorted({len(clip) for clip in inputs}):
        chosen = [index for index, clip in enumerate(inputs) if len(clip) == frames]
        batch = torch.stack([inputs[index] for index in chosen])
        if scaled:
            output = backbone(batch, delta_scale=batch_scale([samples[index] for index in chosen], frames))
        else:
            output = backbone(batch)
        found.update(zip(chosen, output))
    return [found[index] for index in range(len(inputs))]
