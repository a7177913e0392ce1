"""Simulated frames of one radar, as ADC samples or range profiles: the sum of all echoes in the room, plus noise."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Complex64, Float, Int16

from mmradar import radar
from mmradar.errors import DataError
from mmradar.simulation.body import Scatterers
from mmradar.simulation.range_profiles import moving_profiles, noise_profiles
from mmradar.simulation.scene import Mover, Scene
from mmradar.simulation.sensor import RadarSensor

_BLOCK_FRAMES = 16
_NODES = np.array([0.0, 0.5, 1.0])  # times at which positions are computed, in frame durations


class SimulationError(DataError):
    """Error that a request cannot be simulated, or that the result cannot be written."""


class AliasingWarning(UserWarning):
    """Warning that something exceeds the radar's unambiguous speed, or that part of it is out of view."""


def simulate_frames(
    sensor: RadarSensor,
    movers: Sequence[Mover],
    scene: Scene,
    start_s: Float[np.ndarray, 'frames'],
    generator: torch.Generator,
) -> Int16[np.ndarray, 'frames loops tx words']:
    """Simulate raw frames that begin at given times.

    Args:
        sensor: The radar.
        movers: Subjects in front of the radar, which must be in view at least in part.
        scene: Everything else in the room.
        start_s: Time of each frame's first chirp, in s.
        generator: Draws the noise.

    Returns:
        Words of a raw file, as :func:`mmradar.radar.pack_words` returns them.

    Raises:
        SimulationError: A mover is entirely behind the radar or out of its range.

    Warns:
        AliasingWarning: Part of a mover is behind the radar, out of its range, or faster than its unambiguous speed.
    """
    config = sensor.config
    words = np.empty((len(start_s), config.num_loops, config.num_tx, config.chirp_bytes // 2), '<i2')
    for frame, cube in enumerate(_cubes(sensor, movers, scene, start_s, generator)):
        words[frame] = radar.pack_words(radar.encode_groups(cube[None].cpu().numpy(), config)[0], config)
    return words


def simulate_profiles(
    sensor: RadarSensor,
    movers: Sequence[Mover],
    scene: Scene,
    start_s: Float[np.ndarray, 'frames'],
    generator: torch.Generator,
    num_chirps: int = 8,
    range_bins: tuple[int, int] = (31, 95),
) -> Complex64[np.ndarray, 'frames antennas chirps bins']:
    """Simulate the range profiles that :func:`mmradar.radar.range_profiles` makes of raw frames, at less cost.

    Noise is another draw of the same distribution. With interferers or phase noise, whole frames are simulated and
    then reduced to range profiles.

    Args:
        sensor, movers, scene, start_s, generator: See :func:`simulate_frames`.
        num_chirps: Number of loops to keep.
        range_bins: First range bin to keep, and one past the last.

    Raises:
        SimulationError: See :func:`simulate_frames`.

    Warns:
        AliasingWarning: See :func:`simulate_frames`.
    """
    config = sensor.config
    shape = (config.num_antennas, num_chirps, range_bins[1] - range_bins[0])
    profiles = np.zeros((len(start_s), *shape), np.complex64)
    if scene.interferers or sensor.phase_noise_rad:
        for frame, cube in enumerate(_cubes(sensor, movers, scene, start_s, generator)):
            profiles[frame] = radar.range_profiles(cube.cpu().numpy(), num_chirps, range_bins)
        return profiles
    first = 0
    for seen in _seen(sensor, movers, scene, start_s):
        echoes = moving_profiles(sensor, seen, scene.mirrors, num_chirps, range_bins)
        frames = slice(first, first := first + len(echoes))
        noise = noise_profiles(sensor, len(echoes), num_chirps, shape[-1], generator)
        profiles[frames] = (echoes + noise).cpu().numpy()
    return profiles


def _seen(
    sensor: RadarSensor, movers: Sequence[Mover], scene: Scene, start_s: Float[np.ndarray, 'frames']
) -> Iterator[Scatterers]:
    """Yield the points of everything that moves, block by block of frames; raise if a subject is out of view."""
    start_s = np.asarray(start_s, dtype=np.float64)
    for first in range(0, len(start_s), _BLOCK_FRAMES):
        block = start_s[first : first + _BLOCK_FRAMES]
        times = block[:, None] + sensor.config.frame_duration_s * _NODES
        seen = [mover.scatterers(times, sensor.position_m) for mover in movers]
        for scatterers in seen:
            check_in_view(scatterers, sensor, block[0])
        seen += [mover.scatterers(times, sensor.position_m) for mover in scene.movers]
        if not seen:
            yield Scatterers(torch.zeros(*times.shape, 0, 3), torch.zeros(len(block), 0))
        else:
            yield Scatterers(*(torch.cat(parts, dim=-1 - place) for parts, place in zip(zip(*seen), (1, 0))))


def _cubes(
    sensor: RadarSensor,
    movers: Sequence[Mover],
    scene: Scene,
    start_s: Float[np.ndarray, 'frames'],
    generator: torch.Generator,
) -> Iterator[Complex64[torch.Tensor, 'antennas loops samples']]:
    """Yield the samples of each frame, not yet rounded to counts."""
    # static objects return the same echo in every frame
    background = sensor.echo(torch.as_tensor(scene.positions_m)[None], torch.as_tensor(scene.rcs_m2))
    for seen in _seen(sensor, movers, scene, start_s):
        for positions_m, rcs_m2 in zip(*seen):
            cube = background + sensor.echo(positions_m, rcs_m2, scene.mirrors)
            if sensor.phase_noise_rad:
                cube = cube * sensor.phase_errors(generator)
            for interferer in scene.interferers:
                cube = cube + interferer.signal(sensor, generator)
            yield cube + sensor.noise(generator)


def check_in_view(scatterers: Scatterers, sensor: RadarSensor, start_s: float) -> None:
    """Raise if a subject is out of a radar's view, and warn if part of it is or if its speed is ambiguous.

    Raises:
        SimulationError: All points are behind the radar, or all are out of its range.

    Warns:
        AliasingWarning: Some points are behind the radar, out of its range, or faster than its unambiguous speed.
    """
    config = sensor.config
    positions_m = scatterers.positions_m.to(sensor.device)
    offset = positions_m - sensor.position_m
    distance_m = offset.norm(dim=-1)
    behind = (offset @ sensor.position_m.new_tensor(sensor.mounting.forward)) <= 0
    far = distance_m >= config.max_range_m
    where = f'from {start_s:.1f} s on, {float(distance_m.min()):.1f} to {float(distance_m.max()):.1f} m from the radar'
    if bool(behind.all()):
        raise SimulationError(f'the subject is behind the radar ({where}); it looks along {sensor.mounting.forward}')
    if bool(far.all()):
        raise SimulationError(
            f'the subject is out of range ({where}); this radar sees up to {config.max_range_m:.2f} m'
        )
    if bool(far.any()) or bool(behind.any()):
        warnings.warn(
            f'part of the subject is behind the radar or beyond its {config.max_range_m:.2f} m: no echo ({where})',
            AliasingWarning,
            stacklevel=3,
        )
    speed_m_s = (distance_m[:, -1] - distance_m[:, 0]).abs() / config.frame_duration_s
    fastest = float((speed_m_s * (scatterers.rcs_m2.to(sensor.device) > 0)).max())
    if fastest > config.max_velocity_m_s:
        warnings.warn(
            f'part of the subject moves at {fastest:.1f} m/s, and the radar tells speeds apart up to '
            f'{config.max_velocity_m_s:.1f} m/s: it will be seen at another ({where})',
            AliasingWarning,
            stacklevel=3,
        )
