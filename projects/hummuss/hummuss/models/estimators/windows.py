"""Overlapping windows of a long clip, and the mean of their predictions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def overlapping_windows(frames: int, window: int, overlap: int) -> list[slice]:
    """Divide a clip into windows of one length; the last ends with the clip and may overlap more than the others.

    Args:
        frames: Number of frames of the clip. A clip that is not longer than a window is one window.
        window: Number of frames of a window.
        overlap: Number of frames that neighbouring windows share at least; less than ``window``.
    """
    last = max(0, frames - window)
    starts = [*range(0, last, window - overlap), last]
    return [slice(start, min(start + window, frames)) for start in starts]


def mean_over_windows(
    parts: Sequence[Float[Tensor, '_ *rest']], windows: Sequence[slice]
) -> Float[Tensor, 'frames *rest']:
    """Combine predictions of windows that cover a clip into one for each frame, a weighted mean.

    A window's weight falls linearly towards its ends, where it knows least of what comes before or after (our choice).
    It is never 0, and a frame in a single window keeps that window's prediction.
    """
    rest = parts[0].shape[1:]
    total = parts[0].new_zeros(max(window.stop for window in windows), *rest)
    weight = parts[0].new_zeros(len(total), *[1] * len(rest))
    for part, window in zip(parts, windows, strict=True):
        rising = torch.arange(1, len(part) + 1, dtype=part.dtype, device=part.device)
        share = torch.minimum(rising, rising.flip(0)).view(-1, *[1] * len(rest))
        total[window] += share * part
        weight[window] += share
    return total / weight
