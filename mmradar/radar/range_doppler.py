"""Range-Doppler processing: clutter removal, chirp subsampling, and the range and Doppler Fourier transforms.

Every function takes and returns numpy arrays or torch tensors, on any device and with any leading axes.
:func:`range_doppler` transforms a cube after clutter removal and chirp subsampling. :func:`range_doppler_from_raw` does
all steps at once from int16 samples, but only the work that its output needs. :func:`range_doppler_from_profiles` does
the steps that remain for range profiles.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Int16

Array = TypeVar('Array', np.ndarray, torch.Tensor)

_MOST_COSINES = 4  # in a window that can be applied to range profiles; the flattop window has this number


def remove_static_clutter(cube: Array, window: str | None = None) -> Array:
    """Subtract the mean over the loops of a frame, which removes echoes that do not change within the frame.

    milliMamba, pre-processing, first step; HuPR does the same.

    Args:
        cube: (..., antennas, loops, samples).
        window: The window that the Doppler transform will apply to the loops, by its name in ``scipy.signal``, if any.
            It weights the mean; a plain mean would leave a ghost at rest for targets between two Doppler bins.

    Returns:
        The cube without clutter, in the same shape; complex if a window is given.

    Raises:
        ValueError: scipy does not know the window, or the window is zero for so few loops.
    """
    if window is None:
        if isinstance(cube, torch.Tensor):
            return cube - cube.mean(-2, keepdim=True)
        return cube - cube.mean(-2, keepdims=True)
    x = complex_tensor(cube)
    weights = window_of(window, x.shape[-2], x.dtype, x.device)[:, None]
    if not weights.sum() > 0:
        raise ValueError(f'the window {window!r} leaves nothing of {x.shape[-2]} loops')
    x = x - (x * weights).sum(-2, keepdim=True) / weights.sum()
    return like_input(x, cube)


def complex_tensor(cube: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Convert a cube to a complex tensor; a complex cube keeps its precision."""
    x = torch.from_numpy(cube) if isinstance(cube, np.ndarray) else cube
    return x if x.is_complex() else x.to(torch.complex64)


def like_input(result: torch.Tensor, given: Array) -> Array:
    """Convert a result to a NumPy array if ``given`` is one; return the tensor otherwise."""
    if isinstance(given, np.ndarray):
        return result.numpy()
    return result


def subsample_chirps(cube: Array, num_chirps: int = 8) -> Array:
    """Keep ``num_chirps`` equally spaced loops, starting with the first.

    milliMamba, pre-processing, second step. The unambiguous velocity shrinks by loops / ``num_chirps``.

    Args:
        cube: (..., antennas, loops, samples).
        num_chirps: Loops to keep.

    Returns:
        (..., antennas, ``num_chirps``, samples), a view of the input.

    Raises:
        ValueError: The number of loops is not a multiple of ``num_chirps``.
    """
    return cube[..., :: _stride(cube.shape[-2], num_chirps), :]


def _stride(loops: int, num_chirps: int) -> int:
    if num_chirps < 1 or loops % num_chirps:
        raise ValueError(f'{loops} loops cannot be subsampled uniformly to {num_chirps} chirps')
    return loops // num_chirps


def range_doppler(
    cube: Array,
    num_doppler: int = 8,
    range_bins: tuple[int, int] | None = None,
    *,
    range_window: str | None = None,
    doppler_window: str | None = None,
    doppler_shift: bool = True,
    antenna_delays: Sequence[float] | np.ndarray | None = None,
    range_offset_bins: float = 0.0,
) -> Array:
    """Compute the range and Doppler transforms of every antenna.

    milliMamba, pre-processing, third step, the first two of its three transforms (figure 4b).

    Args:
        cube: Complex samples, (..., antennas, loops, samples).
        num_doppler: Doppler bins around zero. Fewer loops are zero-padded to this number; for more loops, the middle
            bins are kept, which contain speeds up to ``num_doppler / loops`` of the unambiguous speed.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        range_window: Window over samples, by its name in ``scipy.signal.get_window``, in its periodic form; none in the
            paper. Without one, sidelobes of the trunk cover the echoes of the arms at all ranges.
        doppler_window: Window over loops, also by its name, in its symmetric form.
        doppler_shift: Shift zero Doppler to the middle, bin ``num_doppler // 2``; otherwise it is at bin 0.
        antenna_delays: Delay of each antenna's chirps within a loop, in periods between the loops of ``cube``. The
            phase that a moving target gains in this time, between transmitters that fire in turn, is removed; see
            ``RadarConfig.antenna_delays``. No compensation if ``None``, as in the paper.
        range_offset_bins: Range bias of the echoes, in range bins, which is removed.

    Returns:
        Complex, (..., antennas, ``num_doppler``, W), W being the range bins kept.

    Raises:
        ValueError: The range bins are out of range, or scipy does not know a window.
    """
    x = complex_tensor(cube)
    samples = x.shape[-1]
    start, stop = (0, samples) if range_bins is None else range_bins
    check_range_bins((start, stop), samples)
    if range_window is not None:
        x = x * window_of(range_window, samples, x.dtype, x.device, periodic=True)
    if range_offset_bins:
        turns = -range_offset_bins * np.arange(samples) / samples
        x = x * torch.from_numpy(np.exp(2j * np.pi * turns)).to(x)
    # Cropping precedes the Doppler transform, which needs only the range bins that are kept.
    spectrum = torch.fft.fft(x)[..., start:stop]
    spectrum = _doppler(spectrum, num_doppler, doppler_window, doppler_shift, antenna_delays)
    return like_input(spectrum, cube)


def _doppler(
    profiles: torch.Tensor,
    num_doppler: int,
    window: str | None,
    shift: bool,
    antenna_delays: Sequence[float] | np.ndarray | None,
) -> torch.Tensor:
    """Compute the Doppler transform of range profiles (..., antennas, loops, W); see :func:`range_doppler`."""
    loops, kind = profiles.shape[-2], (profiles.dtype, profiles.device)
    # For so few loops a matrix is faster than an FFT; it includes the shift, the padding and the crop.
    spectrum = fourier_matrix(tuple(range(loops)), num_doppler, window, shift, *kind) @ profiles
    if antenna_delays is not None:
        spectrum = spectrum * _tdm_phases(
            tuple(map(float, antenna_delays)), num_doppler, max(num_doppler, loops), shift, *kind
        )
    return spectrum


def range_doppler_from_raw(
    raw: Int16[Array, '... loops tx rx half 4'],
    num_chirps: int | None = 8,
    num_doppler: int = 8,
    range_bins: tuple[int, int] | None = None,
    *,
    static_clutter: bool = False,
    **options,
) -> Array:
    """Compute :func:`range_doppler` of raw frames, including clutter removal and chirp subsampling.

    This takes a fraction of the work of the separate steps. Clutter removal subtracts the mean of all loops, but only
    the loops that are kept are decoded and transformed. With a ``doppler_window``, it subtracts the window's weighted
    mean of these loops, see :func:`remove_static_clutter`.

    Args:
        raw: Frames as ``RawRecording.raw`` returns them.
        num_chirps: Loops to keep; all if ``None``.
        num_doppler, range_bins, **options: See :func:`range_doppler`.
        static_clutter: Keep static clutter.

    Returns:
        complex64, in the shape that :func:`range_doppler` returns.

    Raises:
        ValueError: See :func:`range_doppler` and :func:`subsample_chirps`.
    """
    raw = np.asarray(raw) if isinstance(raw, np.ndarray) else raw  # a memory map becomes a plain view of itself
    *leading, loops, tx, rx, half, four = raw.shape
    if four != 4 or raw.dtype not in (np.int16, torch.int16):
        raise ValueError(
            f'raw frames are int16 (..., loops, tx, rx, samples / 2, 4), found {raw.dtype} {tuple(raw.shape)}'
        )
    num_chirps = loops if num_chirps is None else num_chirps
    stride = _stride(loops, num_chirps)
    window = options.get('doppler_window')
    subtract_mean = not (static_clutter or window)
    # Sums of int16 are whole numbers, which float32 represents exactly.
    if isinstance(raw, np.ndarray):
        groups = raw[..., ::stride, :, :, :, :].astype(np.float32)
        if subtract_mean:
            groups -= raw.sum(-5, dtype=np.float32, keepdims=True) / loops
    else:
        groups = raw[..., ::stride, :, :, :, :].float()
        if subtract_mean:
            groups -= raw.sum(-5, dtype=torch.float32, keepdim=True) / loops
    x = _decode_groups(groups).reshape(*leading, num_chirps, tx * rx, 2 * half).transpose(-2, -3)
    x = remove_static_clutter(x, window) if window and not static_clutter else x
    return like_input(range_doppler(x, num_doppler, range_bins, **options), raw)


def range_doppler_from_cube(
    cube: Array,
    num_chirps: int | None = 8,
    num_doppler: int = 8,
    range_bins: tuple[int, int] | None = None,
    *,
    static_clutter: bool = False,
    **options,
) -> Array:
    """Compute :func:`range_doppler` of complex frames, with clutter removal and chirp subsampling.

    Args:
        cube: Complex samples, (..., antennas, loops, samples), all loops.
        num_chirps, num_doppler, range_bins, static_clutter, **options: See :func:`range_doppler_from_raw`.

    Raises:
        ValueError: See :func:`range_doppler` and :func:`subsample_chirps`.
    """
    window = options.get('doppler_window')
    if not (static_clutter or window):
        cube = remove_static_clutter(cube)  # subtracts the mean of all loops
    if num_chirps is not None:
        cube = subsample_chirps(cube, num_chirps)
    if window and not static_clutter:
        cube = remove_static_clutter(cube, window)  # subtracts the weighted mean of the loops kept
    return range_doppler(cube, num_doppler, range_bins, **options)


def range_profiles(cube: Array, num_chirps: int = 8, range_bins: tuple[int, int] | None = None) -> Array:
    """Compute range profiles: clutter removal, chirp subsampling and range transform.

    :func:`range_doppler_from_profiles` does the remaining steps.

    Args:
        cube: Complex samples, (..., antennas, loops, samples), all loops.
        num_chirps: Loops to keep.
        range_bins: First and one past the last range bin to keep; all if ``None``.

    Returns:
        Complex, (..., antennas, ``num_chirps``, W), W being the range bins kept.

    Raises:
        ValueError: See :func:`range_doppler` and :func:`subsample_chirps`.
    """
    x = complex_tensor(subsample_chirps(remove_static_clutter(cube), num_chirps))
    start, stop = (0, x.shape[-1]) if range_bins is None else range_bins
    check_range_bins((start, stop), x.shape[-1])
    return like_input(torch.fft.fft(x)[..., start:stop], cube)


def range_doppler_from_profiles(
    profiles: Array,
    held_bins: tuple[int, int],
    num_chirps: int | None = 8,
    num_doppler: int = 8,
    range_bins: tuple[int, int] | None = None,
    *,
    static_clutter: bool = False,
    range_window: str | None = None,
    doppler_window: str | None = None,
    doppler_shift: bool = True,
    antenna_delays: Sequence[float] | np.ndarray | None = None,
    range_offset_bins: float = 0.0,
) -> Array:
    """Compute :func:`range_doppler` of range profiles from which the mean over all loops was removed.

    A range window can be applied after the range transform if it is a sum of cosines (``'hann'``, ``'hamming'``,
    ``'blackman'``): in the spectrum it is a weighted sum of neighbouring bins. Neighbours outside the held bins count
    as 0.

    Args:
        profiles: Complex range profiles, (..., antennas, chirps, bins).
        held_bins: First and one past the last range bin of the profiles.
        num_chirps: Loops to keep; all that the profiles have if ``None``.
        num_doppler, doppler_window, doppler_shift, antenna_delays: See :func:`range_doppler`.
        range_bins: First and one past the last range bin to keep; all that the profiles have if ``None``.
        static_clutter, range_offset_bins: Not supported for profiles; an error if set.
        range_window: Window over samples, a sum of few cosines, by its name in ``scipy.signal.get_window``.

    Raises:
        ValueError: The profiles lack the requested range bins, chirps or clutter, or do not allow the range window or
            a range offset.
    """
    chirps, bins = profiles.shape[-2], held_bins[1] - held_bins[0]
    if profiles.shape[-1] != bins:
        raise ValueError(f'profiles of range bins {tuple(held_bins)} have {bins} of them, found {profiles.shape[-1]}')
    start, stop = held_bins if range_bins is None else range_bins
    if not held_bins[0] <= start < stop <= held_bins[1]:
        raise ValueError(f'asked for range bins {(start, stop)} of range profiles that hold {tuple(held_bins)}')
    num_chirps = chirps if num_chirps is None else num_chirps
    if num_chirps < 1 or chirps % num_chirps:
        raise ValueError(f'asked for {num_chirps} chirps of range profiles that hold {chirps}')
    for what, asked in (('static clutter', static_clutter), ('a range offset', range_offset_bins)):
        if asked:
            raise ValueError(f'asked for {what} of range profiles, which lack the samples for it; use raw files')
    x = complex_tensor(profiles)
    x = x[..., :: chirps // num_chirps, :]
    if range_window is not None:
        x = _windowed_bins(x, range_window)
    x = x[..., start - held_bins[0] : stop - held_bins[0]]
    # The mean removed before is the same in all chirps, so it cancels here: the result equals that of raw frames.
    x = remove_static_clutter(x, doppler_window) if doppler_window else x
    spectrum = _doppler(x, num_doppler, doppler_window, doppler_shift, antenna_delays)
    return like_input(spectrum, profiles)


def _windowed_bins(spectrum: torch.Tensor, window: str) -> torch.Tensor:
    """Apply a periodic window over samples, a sum of few cosines, to their range spectrum.

    Raises:
        ValueError: scipy does not know the window, or the window is not a sum of few cosines.
    """
    # Any number of samples will do: the transform of such a window has the same few bins.
    taps = np.fft.fft(window_of(window, 64, torch.complex128, torch.device('cpu'), periodic=True)) / 64
    if np.abs(taps[_MOST_COSINES + 1 : -_MOST_COSINES]).max() > 1e-9:
        raise ValueError(
            f'asked for the range window {window!r} of range profiles, which can be windowed only by sums of cosines, '
            'such as hann, hamming and blackman; use raw files'
        )
    windowed = taps[0].real * spectrum
    for distance in range(1, _MOST_COSINES + 1):
        if weight := round(float(taps[distance].real), 12):
            windowed[..., distance:] += weight * spectrum[..., :-distance]
            windowed[..., :-distance] += weight * spectrum[..., distance:]
    return windowed


def _decode_groups(groups: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Convert float32 groups I0 I1 Q0 Q1, (..., 4), to complex samples, (..., 2)."""
    # Contiguous rows, whatever the memory order of the groups. Columns are copied one by one: a transposed copy takes
    # ten times as long.
    if isinstance(groups, np.ndarray):
        rows = groups.reshape(-1, 4)
        pairs = np.empty_like(rows, order='C')
        for place, source in enumerate((0, 2, 1, 3)):
            pairs[:, place] = rows[:, source]
        pairs = torch.from_numpy(pairs)
    else:
        rows = groups.reshape(-1, 4)
        pairs = torch.empty_like(rows, memory_format=torch.contiguous_format)
        for place, source in enumerate((0, 2, 1, 3)):
            pairs[:, place] = rows[:, source]
    return torch.view_as_complex(pairs.view(*groups.shape[:-1], 2, 2))


def check_range_bins(range_bins: tuple[int, int], samples: int) -> None:
    """Raise unless the range bins, first and one past the last, lie within the bins of ``samples`` samples.

    Raises:
        ValueError: The range bins are empty or out of range.
    """
    start, stop = range_bins
    if not 0 <= start < stop <= samples:
        raise ValueError(f'range_bins {(start, stop)} do not lie within the {samples} bins that {samples} samples give')


def window_of(name: str, length: int, dtype: torch.dtype, device: torch.device, periodic: bool = False) -> torch.Tensor:
    """Return a window over ``length`` samples, by its name in ``scipy.signal``.

    Args:
        name: Name of the window.
        length: Number of samples.
        dtype: A complex type; the window has the corresponding real type.
        device: Device of the window.
        periodic: Return the periodic form for a transform instead of the symmetric form.

    Raises:
        ValueError: scipy does not know the window.
    """
    from scipy.signal import get_window

    return torch.from_numpy(get_window(name, length, fftbins=periodic)).to(device, dtype.to_real())


def signed_bins(count: int, shift: bool = True) -> np.ndarray:
    """Return the signed frequency of each bin of a transform of ``count`` bins, in bins; ascending with ``shift``."""
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
    """Return the matrix (bins, inputs) of a windowed, zero-padded and shifted Fourier transform.

    Args:
        places: Position of each input in the transform's sequence; an input at ``None`` is left out.
        bins: Frequency bins. If there are more places than bins, the bins are the middle ones of a transform over the
            places.
        window: Name of a window over the inputs that are not left out, in the order of their places.
        shift: Order the bins by ascending signed frequency.
        dtype: Complex type of the matrix.
        device: Device of the matrix.
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
    """Return factors (antennas, Doppler, 1) that remove the phase gained between transmitters in each Doppler bin.

    The bins are the middle ones of a transform over ``length`` loops.
    """
    phases = np.exp(-2j * np.pi * np.outer(delays, signed_bins(bins, shift)) / length)
    return torch.from_numpy(phases).unsqueeze(-1).to(device, dtype)
