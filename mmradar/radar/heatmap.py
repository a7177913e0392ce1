"""From a raw cube to milliMamba's 3D heatmap: clutter removal, chirp subsampling, three FFTs.

Every function takes and returns numpy arrays or torch tensors, on whatever device they are, with any leading axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import scipy.fft
import torch

Array = TypeVar('Array', np.ndarray, torch.Tensor)


def _complex(cube: Array) -> Array:
    """At least complex64; complex128 stays."""
    if isinstance(cube, torch.Tensor):
        return cube if cube.is_complex() else cube.to(torch.complex64)
    return cube if np.iscomplexobj(cube) else cube.astype(np.complex64)


def _fft(cube: Array, axis: int, n: int | None = None) -> Array:
    """FFT along one axis, zero-padded to ``n``, in the precision of its input (numpy's own FFT would widen it)."""
    if isinstance(cube, torch.Tensor):
        return torch.fft.fft(cube, n=n, dim=axis)
    return scipy.fft.fft(cube, n=n, axis=axis)


def _fftshift(cube: Array, axis: int) -> Array:
    """Zero frequency to the middle of one axis."""
    if isinstance(cube, torch.Tensor):
        return torch.fft.fftshift(cube, dim=axis)
    return np.fft.fftshift(cube, axes=axis)


def remove_static_clutter(cube: Array) -> Array:
    """Subtract the mean over the loops of a frame: what does not move within the frame vanishes.

    milliMamba, pre-processing, first step; HuPR does the same.

    Args:
        cube: (..., antennas, loops, samples).

    Returns:
        The same shape.
    """
    return cube - cube.mean(-2, keepdims=True)


def subsample_chirps(cube: Array, num_chirps: int = 8) -> Array:
    """Keep ``num_chirps`` loops at equal distances, the first among them.

    milliMamba, pre-processing, second step. The unambiguous velocity shrinks by loops / ``num_chirps``.

    Args:
        cube: (..., antennas, loops, samples).
        num_chirps: Loops to keep.

    Returns:
        (..., antennas, ``num_chirps``, samples), a view of the input.

    Raises:
        ValueError: The loops cannot be divided evenly into ``num_chirps``.
    """
    loops = cube.shape[-2]
    if num_chirps < 1 or loops % num_chirps:
        raise ValueError(f'{loops} loops cannot be subsampled uniformly to {num_chirps} chirps')
    return cube[..., :: loops // num_chirps, :]


def heatmap_3d(
    cube: Array,
    num_doppler: int = 8,
    num_angle: int = 64,
    range_bins: tuple[int, int] | None = None,
    antenna_order: Sequence[int] | None = None,
) -> Array:
    """Angle-Doppler-range heatmap: a range, a Doppler and one unified angle FFT over all virtual antennas.

    milliMamba, pre-processing, third step (figure 4b): the antennas are not grouped, only zero-padded to
    ``num_angle``. Angle and Doppler are shifted so that broadside and rest lie in the middle, bins
    ``num_angle // 2`` and ``num_doppler // 2``. A target at an angle a off broadside, in an array of half-wavelength
    spacing, lies at angle bin ``num_angle * (0.5 + sin(a) / 2)``.

    Args:
        cube: Complex samples, (..., antennas, loops, samples).
        num_doppler: Doppler bins; the loops are zero-padded to it.
        num_angle: Angle bins; the antennas are zero-padded to it.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        antenna_order: Virtual antennas in the order in which the angle FFT takes them; the file's if ``None``.
            The order is an open choice of the paper, see ``RadarConfig.azimuth_first_order``.

    Returns:
        Complex, (..., ``num_angle``, ``num_doppler``, W), W being the range bins kept.

    Raises:
        ValueError: More loops or antennas than bins, or range bins the samples do not give.
    """
    antennas, loops, samples = cube.shape[-3:]
    if loops > num_doppler:
        raise ValueError(f'{loops} loops do not fit {num_doppler} Doppler bins; subsample_chirps first')
    if antennas > num_angle:
        raise ValueError(f'{antennas} virtual antennas do not fit {num_angle} angle bins')
    start, stop = (0, samples) if range_bins is None else range_bins
    if not 0 <= start < stop <= samples:
        raise ValueError(
            f'range_bins {tuple(range_bins)} do not lie within the {samples} bins that {samples} samples give'
        )

    if antenna_order is not None:
        if sorted(antenna_order) != list(range(antennas)):
            raise ValueError(
                f'antenna_order must name each of the {antennas} antennas once, found {list(antenna_order)}'
            )
        cube = cube[..., list(antenna_order), :, :]
    # The crop comes before the other two FFTs: they need no range bin that is not kept.
    spectrum = _fft(_complex(cube), -1)[..., start:stop]
    spectrum = _fftshift(_fft(spectrum, -2, num_doppler), -2)
    return _fftshift(_fft(spectrum, -3, num_angle), -3)
