"""HuPR's 4D heatmap, the representation that milliMamba's 3D one replaces."""

from __future__ import annotations

import functools
from typing import TypeVar

import numpy as np
import torch

from mmradar.radar.heatmap import check_range_bins, signed_bins

Array = TypeVar('Array', np.ndarray, torch.Tensor)

_NUM_RX = 4
_FIRST_RAISED_COLUMN = 2  # the raised row of the IWR1843 stands over columns 2 to 5 of the long one


def heatmap_4d(
    frame: Array,
    num_doppler: int = 16,
    range_bins: tuple[int, int] = (31, 95),
    num_azimuth: int = 64,
    num_elevation: int = 8,
) -> Array:
    """Doppler-range-azimuth-elevation heatmap of HuPR (Lee et al., WACV 2023), as its public code computes it.

    The long row of the array (transmitters 0 and 2) and the raised one (transmitter 1, over columns 2 to 5) form a grid
    of two rows. The elevation transform goes over those four columns only, the azimuth transform over all. Static
    clutter is removed first. What HuPR's loader does afterwards (8 of the Doppler bins, scaling) is left to others.

    Args:
        frame: Complex samples, (..., 4 receivers, 3 x loops chirps, samples), transmitters in turn, or demultiplexed,
            (..., 12 antennas, loops, samples) in the file's order. An IWR1843's antennas are assumed.
        num_doppler: Doppler bins around rest that are kept.
        range_bins: First and one past the last range bin; they come out descending.
        num_azimuth: Azimuth bins, at least 8.
        num_elevation: Elevation bins, at least 2.

    Returns:
        (..., ``num_doppler``, range bins, ``num_azimuth``, ``num_elevation``), complex, in the precision of the input.
        Azimuth and elevation bins run from positive to negative frequency.

    Raises:
        ValueError: A shape that is neither, or bins that it does not give.
    """
    x = torch.from_numpy(frame) if (is_numpy := isinstance(frame, np.ndarray)) else frame
    x = x if x.is_complex() else x.to(torch.complex64)
    antennas, chirps, samples = x.shape[-3:]
    if antennas == _NUM_RX and chirps % 3 == 0:
        x = x.unflatten(-2, (-1, 3)).movedim(-2, -4).flatten(-4, -3)
    elif antennas != 3 * _NUM_RX:
        raise ValueError(
            f'heatmap_4d takes (..., 4 receivers, 3 x loops, samples) or (..., 12 antennas, loops, samples), found '
            f'{tuple(x.shape)}'
        )
    loops = x.shape[-2]
    check_range_bins(range_bins, samples)
    if num_doppler > loops or num_azimuth < 8 or num_elevation < 2:
        raise ValueError(
            f'heatmap_4d keeps at most {loops} Doppler bins of {loops} loops and makes at least 8 azimuth and 2 '
            f'elevation bins, found {num_doppler}, {num_azimuth} and {num_elevation}'
        )
    # The range transform is linear: the mean over the loops may be subtracted after the crop, from fewer numbers.
    spectrum = torch.fft.fft(x)[..., slice(*range_bins)].flip(-1)
    spectrum = torch.fft.fft(spectrum - spectrum.mean(-2, keepdim=True), dim=-2)
    bins = (signed_bins(loops)[(loops - num_doppler) // 2 :][:num_doppler] % loops).tolist()
    spectrum = spectrum[..., bins, :].movedim(-3, -1)  # (..., Doppler, range, antennas)
    heatmap = spectrum @ _array_matrix(num_azimuth, num_elevation, x.dtype, x.device)
    heatmap = heatmap.unflatten(-1, (num_azimuth, num_elevation))
    return heatmap.numpy() if is_numpy else heatmap


@functools.lru_cache(maxsize=8)
def _array_matrix(num_azimuth: int, num_elevation: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """(12 antennas, azimuth x elevation): both angle transforms of the grid of two rows, shifted and flipped."""
    matrix = np.zeros((3, _NUM_RX, num_azimuth, num_elevation), complex)
    azimuth = signed_bins(num_azimuth)[::-1, None] / num_azimuth
    elevation = signed_bins(num_elevation)[None, ::-1] / num_elevation
    raised = range(_FIRST_RAISED_COLUMN, _FIRST_RAISED_COLUMN + _NUM_RX)
    for rx in range(_NUM_RX):
        for tx, column in ((0, rx), (2, rx + _NUM_RX)):
            # a column that the elevation transform leaves out stays in the row of frequency 0
            rows = np.ones_like(elevation) if column in raised else (elevation == 0)
            matrix[tx, rx] = np.exp(-2j * np.pi * azimuth * column) * rows
        column = raised[rx]
        matrix[1, rx] = np.exp(-2j * np.pi * (azimuth * column + elevation))
    return torch.from_numpy(matrix.reshape(3 * _NUM_RX, -1)).to(device, dtype)
