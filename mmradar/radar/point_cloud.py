"""Point clouds: CFAR (constant false alarm rate) detection over range and Doppler, and direction of each detection."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.special
from jaxtyping import Bool, Float

from mmradar.radar.config import RadarConfig
from mmradar.radar.range_doppler import signed_bins


class PointCloud(NamedTuple):
    """Detections of one frame.

    Args:
        position_m: (n, 3) in the radar's axes: x along the array, towards its last antenna; y away from the radar;
            z across the array, towards the raised transmitter. If the board is rotated by 90 degrees, the axes rotate
            with it.
        doppler_m_s: (n,) radial speed, positive away from the radar.
        intensity_db: (n,) power relative to the surrounding noise.
    """

    position_m: Float[np.ndarray, 'n 3']
    doppler_m_s: Float[np.ndarray, 'n']
    intensity_db: Float[np.ndarray, 'n']


def cfar(
    power: Float[np.ndarray, 'range doppler'],
    kind: str = 'ca',
    guard: tuple[int, int] = (2, 1),
    train: tuple[int, int] = (8, 4),
    false_alarm_rate: float = 1e-6,
    looks: int = 1,
    rank: float = 0.75,
) -> tuple[Bool[np.ndarray, 'range doppler'], Float[np.ndarray, 'range doppler']]:
    """Detect cells that exceed the surrounding noise (Richards, Fundamentals of Radar Signal Processing, chapter 7).

    The noise of a cell is estimated from a ring of training cells around guard cells; the ring wraps in Doppler and is
    mirrored at the ends of range. Cell averaging takes the ring's mean, whose ratio to a cell of noise follows an F
    distribution. Ordered statistics takes the ring's ``rank`` quantile, which a second target in the ring does not
    raise, and treats the noise estimate as exact, so that its false alarm rate is approximate.

    Args:
        power: Squared magnitudes, summed over ``looks`` independent measurements.
        kind: ``'ca'`` (cell averaging) or ``'os'`` (ordered statistics).
        guard: Guard cells on each side in range and Doppler, which are left out of the ring.
        train: Training cells on each side in range and Doppler, beyond the guard cells.
        false_alarm_rate: Share of cells of pure noise that are detected.
        looks: Number of exponentially distributed powers that were summed.
        rank: Quantile of ordered statistics.

    Returns:
        A mask of the detected cells, and the noise power of each cell.

    Raises:
        ValueError: The kind is unknown, or the ring does not fit the map.
    """
    if kind not in ('ca', 'os'):
        raise ValueError(f"cfar: kind must be 'ca' or 'os', found {kind!r}")
    reach = tuple(g + t for g, t in zip(guard, train))
    if min(train) < 0 or min(guard) < 0 or any(2 * r + 1 > n for r, n in zip(reach, power.shape)):
        raise ValueError(f'cfar: {guard} guard and {train} training cells on each side do not fit a map {power.shape}')
    ring = np.ones([2 * r + 1 for r in reach], bool)
    ring[tuple(slice(t, 2 * r + 1 - t) for t, r in zip(train, reach))] = False
    cells = int(ring.sum())
    if cells == 0:
        raise ValueError('cfar: there are no training cells')
    around = np.pad(power, ((reach[0],) * 2, (0, 0)), mode='symmetric')
    around = np.pad(around, ((0, 0), (reach[1],) * 2), mode='wrap')
    inner = tuple(slice(r, -r or None) for r in reach)
    if kind == 'ca':
        noise = scipy.ndimage.convolve(around, ring / cells)[inner]
        # the inverse of a quantile of the F distribution
        factor = 1 / scipy.special.fdtri(2 * looks * cells, 2 * looks, false_alarm_rate)
    else:
        quantile = scipy.special.gammaincinv(looks, rank) / looks
        noise = scipy.ndimage.percentile_filter(around, 100 * rank, footprint=ring)[inner] / quantile
        factor = scipy.special.gammainccinv(looks, false_alarm_rate) / looks
    return power > factor * noise, noise


def longest_row(across: Float[np.ndarray, 'antennas']) -> Bool[np.ndarray, 'antennas']:
    """Return a mask of the longest row's antennas: the most that share one position across the array."""
    rows, counts = np.unique(across, return_counts=True)
    return across == rows[counts.argmax()]


def _direction(
    snapshots: np.ndarray, along: np.ndarray, across: np.ndarray, steps: int = 128
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate direction cosines along and across the array, (n,) each, by beamforming.

    The longest row gives the direction along the array, then all rows give the direction across it. The phase grows
    with range, so that it decreases towards the side where a target is.
    """
    grid = np.linspace(-1, 1, steps, endpoint=False)
    row = longest_row(across)

    def strongest(response: np.ndarray) -> np.ndarray:
        """Return the peak's position, refined between grid points by a parabola; the grid's ends are neighbours."""
        best = response.argmax(-1)
        left, middle, right = (
            np.take_along_axis(response, ((best + k) % steps)[:, None], -1)[:, 0] for k in (-1, 0, 1)
        )
        curvature = left - 2 * middle + right
        shift = np.where(curvature < 0, (left - right) / np.where(curvature < 0, 2 * curvature, 1), 0)
        return grid[best] + shift * 2 / steps

    u = strongest(np.abs(snapshots[:, row] @ np.exp(1j * np.pi * np.outer(along[row], grid))))
    if row.all():
        return u, np.zeros_like(u)
    steered = snapshots * np.exp(1j * np.pi * np.outer(u, along))
    v = strongest(np.abs(steered @ np.exp(1j * np.pi * np.outer(across, grid))))
    return u, v


def point_cloud(
    cube: np.ndarray,
    config: RadarConfig,
    kind: str = 'ca',
    guard: tuple[int, int] = (2, 1),
    train: tuple[int, int] = (8, 4),
    false_alarm_rate: float = 1e-6,
    static_clutter: bool = False,
    window: str = 'hann',
    peaks_only: bool = True,
) -> PointCloud:
    """Detect targets in one frame: their positions, radial speeds and intensities.

    The range-Doppler power is summed over the virtual antennas and thresholded by :func:`cfar`. The phase that a moving
    target gains between transmitters is removed. The direction along the array comes from the long row of antennas, the
    direction across it from the raised row. A single raised row can resolve only one target per range-Doppler cell.

    Args:
        cube: Complex samples, (antennas, loops, samples), all loops.
        config: The radar.
        kind, guard, train, false_alarm_rate: See :func:`cfar`.
        static_clutter: Keep static clutter.
        window: Window over samples and loops, by its name in ``scipy.signal.get_window``.
        peaks_only: Return one detection for each local maximum instead of all cells above the threshold.

    Returns:
        Detections in the order of range, then Doppler.

    Raises:
        ValueError: The cube does not have the radar's shape, or see :func:`cfar`.
    """
    from scipy.signal import get_window

    if cube.shape != config.frame_shape:
        raise ValueError(f'point_cloud takes a cube {config.frame_shape} of this radar, found {cube.shape}')
    antennas, loops, samples = cube.shape
    over_loops, over_samples = (get_window(window, count).astype(np.float32) for count in (loops, samples))
    if not static_clutter:
        # The mean is weighted by the window. A plain mean would leave a peak at rest for targets between Doppler bins.
        cube = cube - np.average(cube, axis=1, weights=over_loops, keepdims=True)
    windowed = cube * np.outer(over_loops, over_samples)
    spectrum = scipy.fft.fftshift(scipy.fft.fft2(windowed, axes=(1, 2)), axes=1)[..., : config.num_range_bins]
    power = (np.abs(spectrum) ** 2).sum(0).T
    found, noise = cfar(power, kind, guard, train, false_alarm_rate, looks=antennas)
    if peaks_only:
        hills = power.copy()
        if not static_clutter:  # the emptied bin at rest must not split the peak of a slow target into two
            rest = loops // 2
            hills[:, rest] = np.maximum(hills[:, rest - 1], hills[:, (rest + 1) % loops])
        modes = ('nearest', 'wrap')  # scipy, untyped, takes a mode for each axis
        found &= power == scipy.ndimage.maximum_filter(hills, 3, mode=modes)  # pyright: ignore[reportArgumentType]
    range_bin, doppler_bin = np.nonzero(found)
    doppler = signed_bins(loops)[doppler_bin]
    turned = np.exp(-2j * np.pi * np.outer(doppler, config.antenna_delays()) / loops)
    u, v = _direction(spectrum[:, doppler_bin, range_bin].T * turned, *config.virtual_positions.T)
    seen = u**2 + v**2 <= 1  # the others have no real direction
    range_m, u, v = range_bin[seen] * config.range_resolution_m, u[seen], v[seen]
    position = range_m[:, None] * np.stack([u, np.sqrt(1 - u**2 - v**2), v], axis=-1)
    cell = (range_bin[seen], doppler_bin[seen])
    intensity = 10 * np.log10(power[cell] / np.maximum(noise[cell], np.finfo(np.float32).tiny))
    return PointCloud(position, doppler[seen] * config.velocity_resolution_m_s, intensity)
