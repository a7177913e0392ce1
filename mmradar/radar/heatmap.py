"""milliMamba's 3D heatmap: one angle transform over all virtual antennas, after range and Doppler.

Every function takes and returns numpy arrays or torch tensors, on whatever device they are, with any leading axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Int16

from mmradar.radar.range_doppler import complex_tensor, fourier_matrix, range_doppler, range_doppler_from_raw

Array = TypeVar('Array', np.ndarray, torch.Tensor)
AntennaOrder = Sequence[int | None]


def angle_transform(
    spectrum: Array,
    num_angle: int = 64,
    *,
    antenna_order: AntennaOrder | Sequence[AntennaOrder] | None,
    angle_window: str | None = None,
    antenna_weights: Sequence[complex] | None = None,
) -> Array:
    """Angle-Doppler-range heatmap: one unified angle transform over all virtual antennas.

    milliMamba, pre-processing, the last of its three transforms (figure 4b): the antennas are not grouped, only
    zero-padded to ``num_angle``. The angle is shifted so that broadside lies in the middle, bin ``num_angle // 2``.
    Where the phase grows with range, a target at an angle a off broadside towards the last antenna lies at angle bin
    ``num_angle * (0.5 - sin(a) / 2)``. This holds exactly for a row of antennas half a wavelength apart, such as
    ``RadarConfig.antenna_rows[0]``. An order that continues the row by antennas that stand elsewhere moves the peak:
    ``RadarConfig.azimuth_first_order`` of an IWR1843 by at most 4 of 64 bins, on average by 1.9; its file's order by at
    most 7.2, on average by 3.7.

    Args:
        spectrum: Complex, (..., antennas, Doppler, range), of :func:`mmradar.radar.range_doppler`.
        num_angle: Angle bins; the antennas are zero-padded to it.
        antenna_order: Virtual antennas in the order in which the transform takes them as neighbours on a line, ``None``
            in it for a place without an antenna; antennas that it does not name are left out. ``None`` takes all as
            they stand in ``spectrum``. Several orders, such as ``RadarConfig.antenna_rows``, give a heatmap each. The
            order is an open choice of the paper: ``RadarConfig.antenna_order`` has the usual ones by name.
        angle_window: Window over antennas in that order, a name that ``scipy.signal.get_window`` knows; none in the
            paper.
        antenna_weights: What each antenna (in the file's order) is multiplied by; see ``Calibration``.

    Returns:
        Complex, (..., ``num_angle``, Doppler, range); of several orders (..., orders, ``num_angle``, Doppler, range).

    Raises:
        ValueError: More antennas than angle bins, or an order of antennas that are not there.
    """
    x, is_numpy = complex_tensor(spectrum)
    antennas, num_doppler = x.shape[-3:-1]
    several = (
        antenna_order is not None
        and len(antenna_order) > 0
        and all(hasattr(order, '__len__') for order in antenna_order)
    )
    orders = [_places(order, antennas, num_angle) for order in (antenna_order if several else [antenna_order])]
    # So few antennas are transformed faster by a matrix, which shifts, pads and sorts at no cost.
    to_angle = [fourier_matrix(places, num_angle, angle_window, True, x.dtype, x.device) for places in orders]
    to_angle = torch.cat(to_angle) if several else to_angle[0]
    if antenna_weights is not None:
        to_angle = to_angle * torch.as_tensor(np.asarray(antenna_weights)).to(to_angle)
    heatmap = to_angle @ x.flatten(-2)
    heatmap = heatmap.unflatten(-1, (num_doppler, -1))
    heatmap = heatmap.unflatten(-3, (len(orders), -1)) if several else heatmap
    return heatmap.numpy() if is_numpy else heatmap


def _places(order: AntennaOrder | None, antennas: int, num_angle: int) -> tuple[int | None, ...]:
    """Where each antenna stands in an order; ``None`` for those that it leaves out."""
    order = list(range(antennas) if order is None else order)
    named = [antenna for antenna in order if antenna is not None]
    whole = all(isinstance(antenna, (int, np.integer)) for antenna in named)
    if not named or not whole or len(set(named)) < len(named) or not set(named) <= set(range(antennas)):
        raise ValueError(f'antenna_order must name antennas of 0 to {antennas - 1}, none of them twice, found {order}')
    if len(order) > num_angle:
        raise ValueError(f'{len(order)} virtual antennas do not fit {num_angle} angle bins')
    return tuple(order.index(antenna) if antenna in named else None for antenna in range(antennas))


def heatmap_3d(
    cube: Array,
    num_doppler: int = 8,
    num_angle: int = 64,
    range_bins: tuple[int, int] | None = None,
    *,
    antenna_order: AntennaOrder | Sequence[AntennaOrder] | None,
    angle_window: str | None = None,
    antenna_weights: Sequence[complex] | None = None,
    **options,
) -> Array:
    """Angle-Doppler-range heatmap of a cube: :func:`mmradar.radar.range_doppler`, then :func:`angle_transform`.

    Args:
        cube: Complex samples, (..., antennas, loops, samples).
        num_doppler, range_bins, **options: As of :func:`mmradar.radar.range_doppler`.
        num_angle, antenna_order, angle_window, antenna_weights: As of :func:`angle_transform`.

    Returns:
        Complex, (..., ``num_angle``, ``num_doppler``, W), W being the range bins kept; of several orders
        (..., orders, ``num_angle``, ``num_doppler``, W).

    Raises:
        ValueError: As these two.
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
    antenna_weights: Sequence[complex] | None = None,
    **options,
) -> Array:
    """Heatmap of raw frames: :func:`mmradar.radar.range_doppler_from_raw`, then :func:`angle_transform`.

    Args:
        raw: Frames as ``RawRecording.raw`` gives them.
        num_chirps, num_doppler, range_bins, **options: As of :func:`mmradar.radar.range_doppler_from_raw`.
        num_angle, antenna_order, angle_window, antenna_weights: As of :func:`angle_transform`.

    Returns:
        complex64, as :func:`heatmap_3d`.

    Raises:
        ValueError: As these two.
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
    """Real channels of a complex heatmap, as a new axis.

    Args:
        heatmap: Complex, any shape.
        mode: ``'real_imag'`` (two channels, as HuPR), ``'magnitude'`` or ``'log_magnitude'``, log(1 + |x|) (one).
        axis: Where the channels go.

    Raises:
        ValueError: Unknown mode.
    """
    if mode not in CHANNEL_MODES:
        raise ValueError(f'the channels of a heatmap are one of {", ".join(CHANNEL_MODES)}, found {mode!r}')
    if mode == 'real_imag':
        parts = [heatmap.real, heatmap.imag]
        return torch.stack(parts, dim=axis) if isinstance(heatmap, torch.Tensor) else np.stack(parts, axis=axis)
    magnitude = abs(heatmap)
    if isinstance(heatmap, torch.Tensor):
        return (magnitude.log1p() if mode == 'log_magnitude' else magnitude).unsqueeze(axis)
    return np.expand_dims(np.log1p(magnitude) if mode == 'log_magnitude' else magnitude, axis)


CHANNEL_MODES = ('real_imag', 'magnitude', 'log_magnitude')
