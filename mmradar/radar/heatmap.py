"""From raw samples to milliMamba's 3D heatmap: clutter removal, chirp subsampling, three Fourier transforms.

Every function takes and returns numpy arrays or torch tensors, on whatever device they are, with any leading axes.
:func:`heatmap_3d` takes a cube that the other functions have prepared; :func:`heatmap_3d_from_raw` does all of it at
once from int16 samples, and only the work that its output needs.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Int16

Array = TypeVar('Array', np.ndarray, torch.Tensor)
AntennaOrder = Sequence[int | None]


def remove_static_clutter(cube: Array, window: str | None = None) -> Array:
    """Subtract the mean over the loops of a frame: what does not move within the frame vanishes.

    milliMamba, pre-processing, first step; HuPR does the same.

    Args:
        cube: (..., antennas, loops, samples).
        window: The window that the Doppler transform will lay over the loops, by its name in ``scipy.signal``, if any.
            It weights the mean: without it, what moves by no whole number of Doppler bins leaves a ghost at rest.

    Returns:
        The same shape; with a window, complex.

    Raises:
        ValueError: A window that scipy does not know, or that leaves nothing of so few loops.
    """
    if window is None:
        return cube - cube.mean(-2, keepdims=True)
    x, is_numpy = _complex_tensor(cube)
    weights = window_of(window, x.shape[-2], x.dtype, x.device)[:, None]
    if not weights.sum() > 0:
        raise ValueError(f'the window {window!r} leaves nothing of {x.shape[-2]} loops')
    x = x - (x * weights).sum(-2, keepdim=True) / weights.sum()
    return x.numpy() if is_numpy else x


def _complex_tensor(cube: Array) -> tuple[torch.Tensor, bool]:
    """A cube as a complex tensor, in its precision, and whether it is one of numpy's."""
    x = torch.from_numpy(cube) if (is_numpy := isinstance(cube, np.ndarray)) else cube
    return (x if x.is_complex() else x.to(torch.complex64)), is_numpy


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
    return cube[..., :: _stride(cube.shape[-2], num_chirps), :]


def _stride(loops: int, num_chirps: int) -> int:
    if num_chirps < 1 or loops % num_chirps:
        raise ValueError(f'{loops} loops cannot be subsampled uniformly to {num_chirps} chirps')
    return loops // num_chirps


def heatmap_3d(
    cube: Array,
    num_doppler: int = 8,
    num_angle: int = 64,
    range_bins: tuple[int, int] | None = None,
    *,
    antenna_order: AntennaOrder | Sequence[AntennaOrder] | None,
    range_window: str | None = None,
    doppler_window: str | None = None,
    angle_window: str | None = None,
    doppler_shift: bool = True,
    antenna_delays: Sequence[float] | None = None,
    antenna_weights: Sequence[complex] | None = None,
    range_offset_bins: float = 0.0,
) -> Array:
    """Angle-Doppler-range heatmap: a range, a Doppler and one unified angle transform over all virtual antennas.

    milliMamba, pre-processing, third step (figure 4b): the antennas are not grouped, only zero-padded to
    ``num_angle``. Angle and Doppler are shifted so that broadside and rest lie in the middle, bins
    ``num_angle // 2`` and ``num_doppler // 2``. Where the phase grows with range, a target at an angle a off broadside
    towards the last antenna lies at angle bin ``num_angle * (0.5 - sin(a) / 2)``. This holds exactly for a row of
    antennas half a wavelength apart, such as ``RadarConfig.antenna_rows[0]``. An order that continues the row by
    antennas that stand elsewhere moves the peak: ``RadarConfig.azimuth_first_order`` of an IWR1843 by at most 4 of 64
    bins, on average by 1.9; its file's order by at most 7.2, on average by 3.7.

    Args:
        cube: Complex samples, (..., antennas, loops, samples).
        num_doppler: Doppler bins around rest. Fewer loops are zero-padded to it; of more loops' bins the middle ones
            are kept, which hold speeds up to ``num_doppler / loops`` of the unambiguous one.
        num_angle: Angle bins; the antennas are zero-padded to it.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        antenna_order: Virtual antennas in the order in which the angle transform takes them as neighbours on a line,
            ``None`` in it for a place without an antenna; antennas that it does not name are left out. ``None`` takes
            all as they stand in ``cube``. Several orders, such as ``RadarConfig.antenna_rows``, give a heatmap each.
            The order is an open choice of the paper: ``RadarConfig.antenna_order`` has the usual ones by name.
        range_window: Window over samples, a name that ``scipy.signal.get_window`` knows; none in the paper.
        doppler_window: Window over loops, likewise.
        angle_window: Window over antennas in the order of the transform, likewise.
        doppler_shift: Rest in the middle; at bin 0 otherwise.
        antenna_delays: When each antenna (in the file's order) listens, in periods between the loops of ``cube``, to
            take out the phase by which a moving target runs away between transmitters that fire in turn; see
            ``RadarConfig.antenna_delays``. No compensation if ``None``, as in the paper.
        antenna_weights: What each antenna (in the file's order) is multiplied by; see ``Calibration``.
        range_offset_bins: By how much echoes lie too far, in range bins; taken out.

    Returns:
        Complex, (..., ``num_angle``, ``num_doppler``, W), W being the range bins kept; of several orders
        (..., orders, ``num_angle``, ``num_doppler``, W).

    Raises:
        ValueError: More antennas than angle bins, an order of antennas that are not there, or range bins the samples do
            not give.
    """
    x, is_numpy = _complex_tensor(cube)
    antennas, loops, samples = x.shape[-3:]
    range_bins = (0, samples) if range_bins is None else tuple(range_bins)
    several = (
        antenna_order is not None
        and len(antenna_order) > 0
        and all(hasattr(order, '__len__') for order in antenna_order)
    )
    orders = [_places(order, antennas, num_angle) for order in (antenna_order if several else [antenna_order])]
    check_range_bins(range_bins, samples)

    kind = (x.dtype, x.device)
    if range_window is not None:
        x = x * window_of(range_window, samples, *kind)
    if range_offset_bins:
        turns = -range_offset_bins * np.arange(samples) / samples
        x = x * torch.from_numpy(np.exp(2j * np.pi * turns)).to(x)
    # The crop comes before the other two transforms: they need no range bin that is not kept.
    spectrum = torch.fft.fft(x)[..., slice(*range_bins)]
    # So few loops and antennas are transformed faster by a matrix, which shifts, pads and sorts at no cost.
    spectrum = fourier_matrix(tuple(range(loops)), num_doppler, doppler_window, doppler_shift, *kind) @ spectrum
    if antenna_delays is not None:
        spectrum = spectrum * _tdm_phases(
            tuple(map(float, antenna_delays)), num_doppler, max(num_doppler, loops), doppler_shift, *kind
        )
    to_angle = [fourier_matrix(places, num_angle, angle_window, True, *kind) for places in orders]
    to_angle = torch.cat(to_angle) if several else to_angle[0]
    if antenna_weights is not None:
        to_angle = to_angle * torch.as_tensor(np.asarray(antenna_weights)).to(to_angle)
    heatmap = to_angle @ spectrum.flatten(-2)
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


def heatmap_3d_from_raw(
    raw: Int16[Array, '... loops tx rx half 4'],
    num_chirps: int = 8,
    num_doppler: int = 8,
    num_angle: int = 64,
    range_bins: tuple[int, int] | None = None,
    *,
    static_clutter: bool = False,
    **options,
) -> Array:
    """What the three steps make of raw frames, at a fraction of the work.

    All loops go into the mean that clutter removal subtracts, but only those kept are decoded and transformed, and only
    the range bins kept go through the Doppler and angle transforms. With a ``doppler_window`` it is the mean of the
    loops kept that the window weights, see :func:`remove_static_clutter`.

    Args:
        raw: Frames as ``RawRecording.raw`` gives them.
        num_chirps: Loops to keep.
        static_clutter: Leave in what stands still.
        num_doppler, num_angle, range_bins, **options: As in :func:`heatmap_3d`; ``antenna_order`` must be among them.

    Returns:
        complex64, as :func:`heatmap_3d`.

    Raises:
        ValueError: As :func:`heatmap_3d` and :func:`subsample_chirps`.
    """
    raw = np.asarray(raw) if isinstance(raw, np.ndarray) else raw  # a memory map becomes a plain view of itself
    *leading, loops, tx, rx, half, four = raw.shape
    if four != 4 or raw.dtype not in (np.int16, torch.int16):
        raise ValueError(
            f'heatmap_3d_from_raw takes int16 frames (..., loops, tx, rx, samples / 2, 4), found {raw.dtype} '
            f'{tuple(raw.shape)}'
        )
    kept = raw[..., :: _stride(loops, num_chirps), :, :, :, :]
    window = options.get('doppler_window')
    # Sums of int16 are whole numbers, which float32 holds exactly.
    if isinstance(raw, np.ndarray):
        x = kept.astype(np.float32)
        total = None if static_clutter or window else raw.sum(-5, dtype=np.float32, keepdims=True)
    else:
        x = kept.float()
        total = None if static_clutter or window else raw.sum(-5, dtype=torch.float32, keepdim=True)
    if total is not None:
        total /= loops
        x -= total
    x = _decode_groups(x).reshape(*leading, num_chirps, tx * rx, 2 * half).transpose(-2, -3)
    x = remove_static_clutter(x, window) if window and not static_clutter else x
    heatmap = heatmap_3d(x, num_doppler, num_angle, range_bins, **options)
    return heatmap.numpy() if isinstance(raw, np.ndarray) else heatmap


def _decode_groups(x: Array) -> torch.Tensor:
    """Complex samples, (..., 2), of float32 groups I0 I1 Q0 Q1, (..., 4)."""
    groups = x.reshape(-1, 4)
    pairs = np.empty_like(groups) if isinstance(x, np.ndarray) else torch.empty_like(groups)
    for place, of in enumerate((0, 2, 1, 3)):  # column by column: a transposed copy takes ten times as long
        pairs[:, place] = groups[:, of]
    pairs = torch.from_numpy(pairs) if isinstance(x, np.ndarray) else pairs
    return torch.view_as_complex(pairs.view(*x.shape[:-1], 2, 2))


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


def check_range_bins(range_bins: tuple[int, int], samples: int) -> None:
    """Raise unless the range bins, first and one past the last, are among those that the samples give.

    Raises:
        ValueError: They are not.
    """
    start, stop = range_bins
    if not 0 <= start < stop <= samples:
        raise ValueError(f'range_bins {(start, stop)} do not lie within the {samples} bins that {samples} samples give')


def window_of(name: str, length: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """A symmetric window over ``length`` samples, by its name in ``scipy.signal``, in a complex type's real one.

    Raises:
        ValueError: A window that scipy does not know.
    """
    from scipy.signal import get_window

    return torch.from_numpy(get_window(name, length, fftbins=False)).to(device, dtype.to_real())


def signed_bins(count: int, shift: bool = True) -> np.ndarray:
    """Frequency of each bin of a transform of ``count`` bins, in bins; ascending with ``shift``."""
    bins = np.arange(count) - count // 2
    return bins if shift else np.fft.ifftshift(bins)


@functools.lru_cache(maxsize=64)
def fourier_matrix(
    places: tuple[int | None, ...],
    bins: int,
    window: str | None,
    shift: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> torch.Tensor:
    """(bins, inputs): takes inputs at their places, through a window, to zero-padded and shifted frequency bins.

    Where there are more places than bins, the bins are the middle ones of a transform over the places. An input whose
    place is ``None`` is left out. The window goes over the inputs that are not, in the order of their places.
    """
    taken = [index for index, place in enumerate(places) if place is not None]
    place = np.asarray([places[index] for index in taken])
    length = max(bins, int(place.max()) + 1)
    matrix = np.zeros((bins, len(places)), complex)
    matrix[:, taken] = np.exp(-2j * np.pi * np.outer(signed_bins(bins, shift), place) / length)
    matrix = torch.from_numpy(matrix)
    if window is not None:
        taper = window_of(window, len(taken), torch.complex128, torch.device('cpu'))
        matrix[:, taken] *= taper[torch.from_numpy(place.argsort().argsort())]
    return matrix.to(device, dtype)


@functools.lru_cache(maxsize=16)
def _tdm_phases(
    delays: tuple[float, ...], bins: int, length: int, shift: bool, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """(antennas, Doppler, 1): takes out what a target of each Doppler bin turned between the transmitters.

    The bins are the middle ones of a transform over ``length`` loops.
    """
    phases = np.exp(-2j * np.pi * np.outer(delays, signed_bins(bins, shift)) / length)
    return torch.from_numpy(phases).unsqueeze(-1).to(device, dtype)
