"""From raw samples to range and Doppler: clutter removal, chirp subsampling, the first two Fourier transforms.

Every function takes and returns numpy arrays or torch tensors, on whatever device they are, with any leading axes.
:func:`range_doppler` takes a cube that the other functions have prepared; :func:`range_doppler_from_raw` does all of it
at once from int16 samples, and only the work that its output needs; :func:`range_doppler_from_profiles` what is left to
do of range profiles.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Int16

Array = TypeVar('Array', np.ndarray, torch.Tensor)

_MOST_COSINES = 4  # of a window that can be laid over range profiles; flattop has so many


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
    x, is_numpy = complex_tensor(cube)
    weights = window_of(window, x.shape[-2], x.dtype, x.device)[:, None]
    if not weights.sum() > 0:
        raise ValueError(f'the window {window!r} leaves nothing of {x.shape[-2]} loops')
    x = x - (x * weights).sum(-2, keepdim=True) / weights.sum()
    return x.numpy() if is_numpy else x


def complex_tensor(cube: Array) -> tuple[torch.Tensor, bool]:
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


def range_doppler(
    cube: Array,
    num_doppler: int = 8,
    range_bins: tuple[int, int] | None = None,
    *,
    range_window: str | None = None,
    doppler_window: str | None = None,
    doppler_shift: bool = True,
    antenna_delays: Sequence[float] | None = None,
    range_offset_bins: float = 0.0,
) -> Array:
    """Range and Doppler transform of every antenna.

    milliMamba, pre-processing, third step, the first two of its three transforms (figure 4b).

    Args:
        cube: Complex samples, (..., antennas, loops, samples).
        num_doppler: Doppler bins around rest. Fewer loops are zero-padded to it; of more loops' bins the middle ones
            are kept, which hold speeds up to ``num_doppler / loops`` of the unambiguous one.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        range_window: Window over samples, a name that ``scipy.signal.get_window`` knows, periodic, as a transform
            takes it; none in the paper. Without one, sidelobes of the trunk cover the echoes of the arms at all ranges.
        doppler_window: Window over loops, likewise, but symmetric.
        doppler_shift: Rest in the middle, bin ``num_doppler // 2``; at bin 0 otherwise.
        antenna_delays: When each antenna listens, in periods between the loops of ``cube``, to take out the phase by
            which a moving target runs away between transmitters that fire in turn; see
            ``RadarConfig.antenna_delays``. No compensation if ``None``, as in the paper.
        range_offset_bins: By how much echoes lie too far, in range bins; taken out.

    Returns:
        Complex, (..., antennas, ``num_doppler``, W), W being the range bins kept.

    Raises:
        ValueError: Range bins the samples do not give, or a window that scipy does not know.
    """
    x, is_numpy = complex_tensor(cube)
    samples = x.shape[-1]
    range_bins = (0, samples) if range_bins is None else tuple(range_bins)
    check_range_bins(range_bins, samples)
    if range_window is not None:
        x = x * window_of(range_window, samples, x.dtype, x.device, periodic=True)
    if range_offset_bins:
        turns = -range_offset_bins * np.arange(samples) / samples
        x = x * torch.from_numpy(np.exp(2j * np.pi * turns)).to(x)
    # The crop comes before the other transforms: they need no range bin that is not kept.
    spectrum = torch.fft.fft(x)[..., slice(*range_bins)]
    spectrum = _doppler(spectrum, num_doppler, doppler_window, doppler_shift, antenna_delays)
    return spectrum.numpy() if is_numpy else spectrum


def _doppler(
    profiles: torch.Tensor, num_doppler: int, window: str | None, shift: bool, antenna_delays: Sequence[float] | None
) -> torch.Tensor:
    """Doppler transform of range profiles (..., antennas, loops, W), with what :func:`range_doppler` says of it."""
    loops, kind = profiles.shape[-2], (profiles.dtype, profiles.device)
    # So few loops are transformed faster by a matrix, which shifts, pads and sorts at no cost.
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
    """What :func:`range_doppler` makes of raw frames after the two steps before it, at a fraction of the work.

    All loops go into the mean that clutter removal subtracts, but only those kept are decoded and transformed. With a
    ``doppler_window`` it is the mean of the loops kept that the window weights, see :func:`remove_static_clutter`.

    Args:
        raw: Frames as ``RawRecording.raw`` gives them.
        num_chirps: Loops to keep; all if ``None``.
        static_clutter: Leave in what stands still.
        num_doppler, range_bins, **options: As of :func:`range_doppler`.

    Returns:
        complex64, as :func:`range_doppler`.

    Raises:
        ValueError: As :func:`range_doppler` and :func:`subsample_chirps`.
    """
    raw = np.asarray(raw) if isinstance(raw, np.ndarray) else raw  # a memory map becomes a plain view of itself
    *leading, loops, tx, rx, half, four = raw.shape
    if four != 4 or raw.dtype not in (np.int16, torch.int16):
        raise ValueError(
            f'raw frames are int16 (..., loops, tx, rx, samples / 2, 4), found {raw.dtype} {tuple(raw.shape)}'
        )
    num_chirps = loops if num_chirps is None else num_chirps
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
    spectrum = range_doppler(x, num_doppler, range_bins, **options)
    return spectrum.numpy() if isinstance(raw, np.ndarray) else spectrum


def range_doppler_from_cube(
    cube: Array,
    num_chirps: int | None = 8,
    num_doppler: int = 8,
    range_bins: tuple[int, int] | None = None,
    *,
    static_clutter: bool = False,
    **options,
) -> Array:
    """The same of frames that are complex already.

    Args:
        cube: Complex samples, (..., antennas, loops, samples), all loops.
        num_chirps, num_doppler, range_bins, static_clutter, **options: As of :func:`range_doppler_from_raw`.

    Raises:
        ValueError: As :func:`range_doppler` and :func:`subsample_chirps`.
    """
    window = options.get('doppler_window')
    if not (static_clutter or window):
        cube = remove_static_clutter(cube)  # by the mean of all loops
    if num_chirps is not None:
        cube = subsample_chirps(cube, num_chirps)
    if window and not static_clutter:
        cube = remove_static_clutter(cube, window)  # by that of the loops it weights
    return range_doppler(cube, num_doppler, range_bins, **options)


def range_profiles(cube: Array, num_chirps: int = 8, range_bins: tuple[int, int] | None = None) -> Array:
    """The first half of :func:`range_doppler_from_cube`: clutter removal, chirp subsampling and range transform.

    Args:
        cube: Complex samples, (..., antennas, loops, samples), all loops.
        num_chirps, range_bins: As there.

    Returns:
        Complex, (..., antennas, ``num_chirps``, W); what :func:`range_doppler_from_profiles` takes.

    Raises:
        ValueError: As :func:`range_doppler` and :func:`subsample_chirps`.
    """
    x, is_numpy = complex_tensor(subsample_chirps(remove_static_clutter(cube), num_chirps))
    range_bins = (0, x.shape[-1]) if range_bins is None else tuple(range_bins)
    check_range_bins(range_bins, x.shape[-1])
    profiles = torch.fft.fft(x)[..., slice(*range_bins)]
    return profiles.numpy() if is_numpy else profiles


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
    antenna_delays: Sequence[float] | None = None,
    range_offset_bins: float = 0.0,
) -> Array:
    """The same of range profiles whose clutter was removed by the mean over all loops.

    A range window is laid over them after the fact, for sums of cosines (``'hann'``, ``'hamming'``, ``'blackman'``) are
    a mean of neighbouring bins. The first and last bins held lack neighbours outside, which count as 0.

    Args:
        profiles: Complex range profiles, (..., antennas, chirps, bins).
        held_bins: First and one past the last of their range bins.
        num_chirps, num_doppler, range_bins, static_clutter, **options: As of :func:`range_doppler_from_raw`; ``None``
            is all chirps, and all bins, that the profiles have.

    Raises:
        ValueError: The profiles do not hold what is asked for: range bins, chirps, clutter, a window of another kind.
    """
    chirps, bins = profiles.shape[-2], held_bins[1] - held_bins[0]
    if profiles.shape[-1] != bins:
        raise ValueError(f'profiles of range bins {tuple(held_bins)} have {bins} of them, found {profiles.shape[-1]}')
    range_bins = tuple(held_bins) if range_bins is None else tuple(range_bins)
    if not held_bins[0] <= range_bins[0] < range_bins[1] <= held_bins[1]:
        raise ValueError(f'asked for range bins {range_bins} of range profiles that hold {tuple(held_bins)}')
    num_chirps = chirps if num_chirps is None else num_chirps
    if num_chirps < 1 or chirps % num_chirps:
        raise ValueError(f'asked for {num_chirps} chirps of range profiles that hold {chirps}')
    for what, asked in (
        ('static clutter', static_clutter),
        ('a range offset', range_offset_bins),
    ):
        if asked:
            raise ValueError(f'asked for {what} of range profiles, which no longer have what it takes; use raw files')
    x, is_numpy = complex_tensor(profiles)
    x = x[..., :: chirps // num_chirps, :]
    if range_window is not None:
        x = _windowed_bins(x, range_window)
    x = x[..., range_bins[0] - held_bins[0] : range_bins[1] - held_bins[0]]
    # the mean that was removed before is the same in all chirps and leaves no trace in this one: as of raw frames
    x = remove_static_clutter(x, doppler_window) if doppler_window else x
    spectrum = _doppler(x, num_doppler, doppler_window, doppler_shift, antenna_delays)
    return spectrum.numpy() if is_numpy else spectrum


def _windowed_bins(spectrum: torch.Tensor, window: str) -> torch.Tensor:
    """A spectrum as it would be had a periodic window of few cosines been laid over the samples before.

    Raises:
        ValueError: A window that scipy does not know, or that is no sum of few cosines.
    """
    # over any number of samples: such a window's transform is the same few bins
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


def _decode_groups(x: Array) -> torch.Tensor:
    """Complex samples, (..., 2), of float32 groups I0 I1 Q0 Q1, (..., 4)."""
    groups = x.reshape(-1, 4)
    # rows in a row, whatever the order in memory of what was indexed before
    contiguous = dict(order='C') if isinstance(x, np.ndarray) else dict(memory_format=torch.contiguous_format)
    pairs = (np if isinstance(x, np.ndarray) else torch).empty_like(groups, **contiguous)
    for place, of in enumerate((0, 2, 1, 3)):  # column by column: a transposed copy takes ten times as long
        pairs[:, place] = groups[:, of]
    pairs = torch.from_numpy(pairs) if isinstance(x, np.ndarray) else pairs
    return torch.view_as_complex(pairs.view(*x.shape[:-1], 2, 2))


def check_range_bins(range_bins: tuple[int, int], samples: int) -> None:
    """Raise unless the range bins, first and one past the last, are among those that the samples give.

    Raises:
        ValueError: They are not.
    """
    start, stop = range_bins
    if not 0 <= start < stop <= samples:
        raise ValueError(f'range_bins {(start, stop)} do not lie within the {samples} bins that {samples} samples give')


def window_of(name: str, length: int, dtype: torch.dtype, device: torch.device, periodic: bool = False) -> torch.Tensor:
    """A window over ``length`` samples, by its name in ``scipy.signal``, in a complex type's real one.

    Raises:
        ValueError: A window that scipy does not know.
    """
    from scipy.signal import get_window

    return torch.from_numpy(get_window(name, length, fftbins=periodic)).to(device, dtype.to_real())


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
