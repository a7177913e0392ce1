"""HuPR's 4D heatmap, the representation that milliMamba's 3D heatmap replaces."""

from __future__ import annotations

import functools
from typing import TypeVar

import numpy as np
import torch

from mmradar.radar.range_doppler import complex_tensor, like_input, range_doppler, remove_static_clutter, signed_bins

Array = TypeVar('Array', np.ndarray, torch.Tensor)

_NUM_RX = 4
_FIRST_RAISED_COLUMN = 2  # the raised row of the IWR1843 is above columns 2 to 5 of the long row


def azimuth_elevation_transform(spectrum: Array, num_azimuth: int = 64, num_elevation: int = 8) -> Array:
    """Compute both angle transforms of HuPR's 4D heatmap (Lee et al., WACV 2023), as in its public code.

    The long row of the array (transmitters 0 and 2) and the raised row (transmitter 1, above columns 2 to 5) form a
    grid of two rows. The elevation transform covers these four columns only, the azimuth transform all columns.

    Args:
        spectrum: Complex, (..., 12 antennas in the file's order, Doppler, range). The array is that of an IWR1843.
        num_azimuth: Azimuth bins, at least 8.
        num_elevation: Elevation bins, at least 2.

    Returns:
        Complex, (..., ``num_elevation``, ``num_azimuth``, Doppler, range), from positive to negative frequency.

    Raises:
        ValueError: The number of antennas is not 12, or there are too few bins.
    """
    x = complex_tensor(spectrum)
    if x.shape[-3] != 3 * _NUM_RX or num_azimuth < 8 or num_elevation < 2:
        raise ValueError(
            f'the 4D heatmap takes 12 antennas, with at least 8 azimuth and 2 elevation bins; found {x.shape[-3]} '
            f'antennas, {num_azimuth} and {num_elevation} bins'
        )
    heatmap = _array_matrix(num_azimuth, num_elevation, x.dtype, x.device) @ x.flatten(-2)
    heatmap = heatmap.unflatten(-2, (num_elevation, num_azimuth)).unflatten(-1, x.shape[-2:])
    return like_input(heatmap, spectrum)


def heatmap_4d(
    frame: Array,
    num_doppler: int = 16,
    range_bins: tuple[int, int] = (31, 95),
    num_azimuth: int = 64,
    num_elevation: int = 8,
) -> Array:
    """Compute HuPR's Doppler-range-azimuth-elevation heatmap, in the layout of its public code.

    Static clutter is removed first. The later steps of HuPR's loader (selecting 8 Doppler bins, scaling) are not
    included.

    Args:
        frame: Complex samples, either (..., 4 receivers, 3 x loops chirps, samples) with transmitters in turn, or
            demultiplexed (..., 12 antennas, loops, samples) in the file's order.
        num_doppler: Doppler bins around zero that are kept.
        range_bins: First and one past the last range bin; the output has them in descending order.
        num_azimuth, num_elevation: See :func:`azimuth_elevation_transform`.

    Returns:
        (..., ``num_doppler``, range bins, ``num_azimuth``, ``num_elevation``), complex, in the precision of the input.

    Raises:
        ValueError: The frame has neither shape, or too few Doppler or range bins.
    """
    x = complex_tensor(frame)
    antennas, chirps, _ = x.shape[-3:]
    if antennas == _NUM_RX and chirps % 3 == 0:
        x = x.unflatten(-2, (-1, 3)).movedim(-2, -4).flatten(-4, -3)
    elif antennas != 3 * _NUM_RX:
        raise ValueError(
            f'heatmap_4d takes (..., 4 receivers, 3 x loops, samples) or (..., 12 antennas, loops, samples), found '
            f'{tuple(x.shape)}'
        )
    if num_doppler > x.shape[-2]:
        raise ValueError(
            f'heatmap_4d keeps at most {x.shape[-2]} Doppler bins of {x.shape[-2]} loops, found {num_doppler}'
        )
    spectrum = range_doppler(remove_static_clutter(x), num_doppler, range_bins)
    heatmap = azimuth_elevation_transform(spectrum, num_azimuth, num_elevation)
    heatmap = heatmap.movedim((-2, -1, -3, -4), (-4, -3, -2, -1)).flip(-3)
    return like_input(heatmap, frame)


@functools.lru_cache(maxsize=8)
def _array_matrix(num_azimuth: int, num_elevation: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return the matrix of both angle transforms of the grid of two rows, shifted and flipped.

    Its shape is (elevation x azimuth, 12 antennas).
    """
    matrix = np.zeros((num_elevation, num_azimuth, 3, _NUM_RX), complex)
    azimuth = signed_bins(num_azimuth)[None, ::-1] / num_azimuth
    elevation = signed_bins(num_elevation)[::-1, None] / num_elevation
    raised = range(_FIRST_RAISED_COLUMN, _FIRST_RAISED_COLUMN + _NUM_RX)
    for rx in range(_NUM_RX):
        for tx, column in ((0, rx), (2, rx + _NUM_RX)):
            # a column without elevation transform contributes to elevation frequency 0 only
            rows = np.ones_like(elevation) if column in raised else (elevation == 0)
            matrix[..., tx, rx] = np.exp(-2j * np.pi * azimuth * column) * rows
        column = raised[rx]
        matrix[..., 1, rx] = np.exp(-2j * np.pi * (azimuth * column + elevation))
    return torch.from_numpy(matrix.reshape(-1, 3 * _NUM_RX)).to(device, dtype)
