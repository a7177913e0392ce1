"""milliMamba's 3D heatmap: one angle transform over all virtual antennas, after range and Doppler.

Every function takes and returns numpy arrays or torch tensors, on any device and with any leading axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard, TypeVar

import numpy as np
import torch
from jaxtyping import Int16

from mmradar.radar.range_doppler import (
    complex_tensor,
    fourier_matrix,
    like_input,
    range_doppler,
    range_doppler_from_raw,
)

Array = TypeVar('Array', np.ndarray, torch.Tensor)
AntennaOrder = Sequence[int | None] | np.ndarray


def angle_transform(
    spectrum: Array,
    num_angle: int = 64,
    *,
    antenna_order: AntennaOrder | Sequence[AntennaOrder] | None,
    angle_window: str | None = None,
    antenna_weights: Sequence[complex] | np.ndarray | None = None,
) -> Array:
    """Compute the angle-Doppler-range heatmap: one unified angle transform over all virtual antennas.

    milliMamba, pre-processing, the last of its three transforms (figure 4b): the antennas are not grouped, only
    zero-padded to ``num_angle``. The angle is shifted so that broadside lies in the middle, bin ``num_angle // 2``.
    If the phase grows with range, a target at an angle a off broadside towards the last antenna lies at angle bin
    ``num_angle * (0.5 - sin(a) / 2)``. This is exact for a row of antennas half a wavelength apart, such as
    ``RadarConfig.antenna_rows[0]``. An order that continues the row with antennas at other positions shifts the peak:
    ``RadarConfig.azimuth_first_order`` of an IWR1843 by at most 4 of 64 bins, on average by 1.9; the file's order by at
    most 7.2, on average by 3.7.

    Args:
        spectrum: Complex, (..., antennas, Doppler, range), from :func:`mmradar.radar.range_doppler`.
        num_angle: Angle bins; the antennas are zero-padded to this number.
        antenna_order: Virtual antennas in the order in which the transform treats them as neighbours on a line. A
            ``None`` in it marks a position without an antenna; antennas that it does not name are left out. ``None``
            takes all antennas in the order of ``spectrum``. Several orders, such as ``RadarConfig.antenna_rows``, give
            one heatmap each. The paper leaves the order open: ``RadarConfig.antenna_order`` has the usual ones by name.
        angle_window: Window over the antennas in that order, by its name in ``scipy.signal.get_window``; none in the
            paper.
        antenna_weights: Factor of each antenna, in the order of ``spectrum``; see ``Calibration``.

    Returns:
        Complex, (..., ``num_angle``, Doppler, range); for several orders (..., orders, ``num_angle``, Doppler, range).

    Raises:
        ValueError: There are more antennas than angle bins, or an order names antennas that do not exist.
    """
    x = complex_tensor(spectrum)
    antennas, num_doppler = x.shape[-3:-1]
    several = _names_several(antenna_order)
    orders = antenna_order if several else [antenna_order]
    # For so few antennas a matrix is faster than an FFT; it includes the shift, the padding and the order.
    matrices = [
        fourier_matrix(_places(order, antennas, num_angle), num_angle, angle_window, True, x.dtype, x.device)
        for order in orders
    ]
    to_angle = torch.cat(matrices) if several else matrices[0]
    if antenna_weights is not None:
        to_angle = to_angle * torch.as_tensor(np.asarray(antenna_weights)).to(to_angle)
    heatmap = to_angle @ x.flatten(-2)
    heatmap = heatmap.unflatten(-1, (num_doppler, -1))
    heatmap = heatmap.unflatten(-3, (len(orders), -1)) if several else heatmap
    return like_input(heatmap, spectrum)


def _names_several(order: AntennaOrder | Sequence[AntennaOrder] | None) -> TypeGuard[Sequence[AntennaOrder]]:
    """Return whether an ``antenna_order`` consists of several orders."""
    return order is not None and len(order) > 0 and all(hasattr(each, '__len__') for each in order)


def _places(
    order: AntennaOrder | Sequence[AntennaOrder] | None, antennas: int, num_angle: int
) -> tuple[int | None, ...]:
    """Return each antenna's position in a single order, ``None`` for antennas that the order leaves out."""
    places = list(range(antennas) if order is None else order)
    named = [antenna for antenna in places if antenna is not None]
    whole = all(isinstance(antenna, (int, np.integer)) for antenna in named)
    if not named or not whole or len(set(named)) < len(named) or not set(named) <= set(range(antennas)):
        raise ValueError(f'antenna_order must name antennas of 0 to {antennas - 1}, none of them twice, found {places}')
    if len(places) > num_angle:
        raise ValueError(f'{len(places)} virtual antennas do not fit {num_angle} angle bins')
    return tuple(places.index(antenna) if antenna in named else None for antenna in range(antennas))


def heatmap_3d(
    cube: Array,
    num_doppler: int = 8,
    num_angle: int = 64,
    range_bins: tuple[int, int] | None = None,
    *,
    antenna_order: AntennaOrder | Sequence[AntennaOrder] | None,
    angle_window: str | None = None,
    antenna_weights: Sequence[complex] | np.ndarray | None = None,
    **options,
) -> Array:
    """Compute a cube's angle-Doppler-range heatmap: :func:`mmradar.radar.range_doppler`, then :func:`angle_transform`.

    Args:
        cube: Complex samples, (..., antennas, loops, samples).
        num_doppler, range_bins, **options: See :func:`mmradar.radar.range_doppler`.
        num_angle, antenna_order, angle_window, antenna_weights: See :func:`angle_transform`.

    Returns:
        Complex, (..., ``num_angle``, ``num_doppler``, W), W being the range bins kept; for several orders
        (..., orders, ``num_angle``, ``num_doppler``, W).

    Raises:
        ValueError: See :func:`mmradar.radar.range_doppler` and :func:`angle_transform`.
    """
    spectrum = range_doppler(cube, num_doppler, range_bins, **options)
    return angle_transform(
        spectrum,
        num_angle,
        antenna_order=antenna_order,
        angle_window=angle_window,
        antenna_weights=antenna_weights,
    )


def heatmap_3d_from_raw(
    raw: Int16[Array, '... loops tx rx half 4'],
    num_chirps: int | None = 8,
    num_doppler: int = 8,
    num_angle: int = 64,
    range_bins: tuple[int, int] | None = None,
    *,
    antenna_order: AntennaOrder | Sequence[AntennaOrder] | None,
    angle_window: str | None = None,
    antenna_weights: Sequence[complex] | np.ndarray | None = None,
    **options,
) -> Array:
    """Compute the heatmap of raw frames: :func:`mmradar.radar.range_doppler_from_raw`, then :func:`angle_transform`.

    Args:
        raw: Frames as ``RawRecording.raw`` returns them.
        num_chirps, num_doppler, range_bins, **options: See :func:`mmradar.radar.range_doppler_from_raw`.
        num_angle, antenna_order, angle_window, antenna_weights: See :func:`angle_transform`.

    Returns:
        complex64, in the shape that :func:`heatmap_3d` returns.

    Raises:
        ValueError: See :func:`mmradar.radar.range_doppler_from_raw` and :func:`angle_transform`.
    """
    spectrum = range_doppler_from_raw(raw, num_chirps, num_doppler, range_bins, **options)
    return angle_transform(
        spectrum,
        num_angle,
        antenna_order=antenna_order,
        angle_window=angle_window,
        antenna_weights=antenna_weights,
    )


def heatmap_channels(heatmap: Array, mode: str = 'real_imag', axis: int = 0) -> Array:
    """Convert a complex heatmap to real channels along a new axis.

    Args:
        heatmap: Complex, any shape.
        mode: ``'real_imag'`` (two channels, as in HuPR), ``'magnitude'`` or ``'log_magnitude'``, log(1 + |x|) (one).
        axis: Position of the channel axis.

    Raises:
        ValueError: The mode is unknown.
    """
    if mode not in CHANNEL_MODES:
        raise ValueError(f'the channels of a heatmap are one of {", ".join(CHANNEL_MODES)}, found {mode!r}')
    if isinstance(heatmap, torch.Tensor):
        if mode == 'real_imag':
            return torch.stack([heatmap.real, heatmap.imag], dim=axis)
        magnitude = heatmap.abs()
        return (magnitude.log1p() if mode == 'log_magnitude' else magnitude).unsqueeze(axis)
    if mode == 'real_imag':
        return np.stack([heatmap.real, heatmap.imag], axis=axis)
    magnitude = np.abs(heatmap)
    return np.expand_dims(np.log1p(magnitude) if mode == 'log_magnitude' else magnitude, axis)


CHANNEL_MODES = ('real_imag', 'magnitude', 'log_magnitude')
