"""Point clouds: constant-false-alarm detection over range and Doppler, then the direction of each detection."""

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
            z across the array, towards the raised transmitter. A board turned by 90 degrees turns them with it.
        doppler_m_s: (n,) radial speed, positive away from the radar.
        intensity_db: (n,) power over the noise around it.
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
    """Cells that stand out of the noise around them (Richards, Fundamentals of Radar Signal Processing, chapter 7).

    The noise of a cell is taken from a ring of training cells around guard cells; the ring wraps in Doppler and is
    mirrored at the ends of range. Cell averaging takes the ring's mean, whose ratio to a cell of noise follows an F
    distribution. Ordered statistics takes the ring's ``rank`` quantile, which a second target in the ring does not
    lift, as noise of known strength; its rate of false alarms is approximate.

    Args:
        power: Squared magnitudes, summed over ``looks`` independent measurements.
        kind: ``'ca'`` or ``'os'``.
        guard: Cells on each side in range and Doppler that are left out.
        train: Cells on each side behind those.
        false_alarm_rate: Share of cells of pure noise that are detected all the same.
        looks: How many exponentially distributed powers were summed.
        rank: Quantile of ordered statistics.

    Returns:
        Which cells are detections, and the noise's power in each cell.

    Raises:
        ValueError: Unknown kind, or a ring that does not fit the map.
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
        factor = 1 / scipy.special.fdtri(
            2 * looks * cells, 2 * looks, false_alarm_rate
        )  # the F distribution's quantile
    else:
        quantile = scipy.special.gammaincinv(looks, rank) / looks
        noise = scipy.ndimage.percentile_filter(around, 100 * rank, footprint=ring)[inner] / quantile
        factor = scipy.special.gammainccinv(looks, false_alarm_rate) / looks
    return power > factor * noise, noise


def longest_row(across: Float[np.ndarray, 'antennas']) -> Bool[np.ndarray, 'antennas']:
    """Which antennas lie in the longest row along the array, the one of most antennas at one place across it."""
    rows, counts = np.unique(across, return_counts=True)
    return across == rows[counts.argmax()]


def _direction(
    snapshots: np.ndarray, along: np.ndarray, across: np.ndarray, steps: int = 128
) -> tuple[np.ndarray, np.ndarray]:
    """Direction cosines along and across the array, (n,) each, by beamforming: first the longest row, then all rows.

    The phase grows with range, so that it falls towards the side where a target is.
    """
    grid = np.linspace(-1, 1, steps, endpoint=False)
    row = longest_row(across)

    def strongest(response: np.ndarray) -> np.ndarray:
        """Peak over the grid, between its points by a parabola; both ends of the grid are neighbours."""
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
    """Detections of one frame: where they are, how fast, how strong.

    Range-Doppler power is summed over the virtual antennas and goes through :func:`cfar`; what a moving target turns
    between transmitters is taken out; the direction comes from the long row of antennas and, across it, from the
    raised one. A row of the raised transmitter alone tells only one target of a cell apart.

    Args:
        cube: Complex samples, (antennas, loops, samples), all loops.
        config: The radar.
        kind, guard, train, false_alarm_rate: As for :func:`cfar`.
        static_clutter: Leave in what stands still.
        window: Over samples and loops, a name that ``scipy.signal.get_window`` knows.
        peaks_only: One detection for each local maximum; all cells above the threshold otherwise.

    Returns:
        In the order of range, then Doppler.

    Raises:
        ValueError: A cube that is not the radar's, or as :func:`cfar`.
    """
    from scipy.signal import get_window

    if cube.shape != config.frame_shape:
        raise ValueError(f'point_cloud takes a cube {config.frame_shape} of this radar, found {cube.shape}')
    antennas, loops, samples = cube.shape
    over_loops, over_samples = (get_window(window, count).astype(np.float32) for count in (loops, samples))
    if not static_clutter:
        # the mean as the window sees it: a plain one, of what moves by no whole number of bins, would be seen at rest
        cube = cube - np.average(cube, axis=1, weights=over_loops, keepdims=True)
    windowed = cube * np.outer(over_loops, over_samples)
    spectrum = scipy.fft.fftshift(scipy.fft.fft2(windowed, axes=(1, 2)), axes=1)[..., : config.num_range_bins]
    power = (np.abs(spectrum) ** 2).sum(0).T
    found, noise = cfar(power, kind, guard, train, false_alarm_rate, looks=antennas)
    if peaks_only:
        hills = power.copy()
        if not static_clutter:  # the bin of rest, emptied, must not cut the hill of what is slow into two
            rest = loops // 2
            hills[:, rest] = np.maximum(hills[:, rest - 1], hills[:, (rest + 1) % loops])
        found &= power == scipy.ndimage.maximum_filter(hills, 3, mode=('nearest', 'wrap'))
    range_bin, doppler_bin = np.nonzero(found)
    doppler = signed_bins(loops)[doppler_bin]
    turned = np.exp(-2j * np.pi * np.outer(doppler, config.antenna_delays()) / loops)
    u, v = _direction(spectrum[:, doppler_bin, range_bin].T * turned, *config.virtual_positions.T)
    seen = u**2 + v**2 <= 1  # the rest has no direction
    range_m, u, v = range_bin[seen] * config.range_resolution_m, u[seen], v[seen]
    position = range_m[:, None] * np.stack([u, np.sqrt(1 - u**2 - v**2), v], axis=-1)
    cell = (range_bin[seen], doppler_bin[seen])
    intensity = 10 * np.log10(power[cell] / np.maximum(noise[cell], np.finfo(np.float32).tiny))
    return PointCloud(position, doppler[seen] * config.velocity_resolution_m_s, intensity)
