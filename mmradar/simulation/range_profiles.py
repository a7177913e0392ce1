"""Direct simulation of the range profiles of moving objects, without the ADC samples.

The first steps of the signal chain discard most of a raw frame of 64 loops x 256 samples: they subtract the mean over
the loops and keep one loop in eight and one range bin in four. This module computes only what is kept, at a fraction of
the work. Three facts make the result equal to that of the full simulation, to the precision that the tests state:

- Static objects return the same signal in every loop. Subtracting the mean removes them, so they are not simulated.
- The mean over the loops is a sum over a few spans of loops, in each of which speed and range hardly change. Within a
  span the phase is linear in time, and the mean of the carriers is a Dirichlet kernel.
- White noise stays white under a Fourier transform, and the noise of discarded loops enters only by its sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Complex64, Float
from torch import Tensor

from mmradar.radar import RadarConfig
from mmradar.simulation.beat import range_bins_of_grid, spread
from mmradar.simulation.body import Scatterers
from mmradar.simulation.sensor import Mirror, RadarSensor, polynomial

_SPANS = 8  # spans of loops for the mean over all loops; if the loops cannot be divided so, each loop is a span
_WAYS_AT_ONCE = 3072
_ROUNDING_VARIANCE = 1 / 12  # variance of the ADC's rounding error, in counts^2


def moving_profiles(
    sensor: RadarSensor,
    scatterers: Scatterers,
    mirrors: Sequence[Mirror],
    num_chirps: int,
    range_bins: tuple[int, int],
) -> Complex64[Tensor, 'frames antennas chirps bins']:
    """Compute range profiles of moving objects, with the mean over all loops removed and chirps subsampled.

    Apart from noise, this is the input of the Doppler transform in :func:`mmradar.radar.range_doppler`, for a cube
    prepared by ``remove_static_clutter`` and ``subsample_chirps``.

    Args:
        sensor: The radar.
        scatterers: Points of the moving objects, in some frames.
        mirrors: Surfaces that reflect echoes.
        num_chirps: Number of loops to keep, equally spaced from the first on.
        range_bins: First range bin to keep, and one past the last.
    """
    config = sensor.config
    if config.num_loops % num_chirps:
        raise ValueError(f'{config.num_loops} loops cannot be subsampled uniformly to {num_chirps} chirps')
    positions_m, rcs_m2 = _visible(scatterers, sensor.device)
    if not positions_m.shape[2]:
        shape = (len(positions_m), config.num_antennas, num_chirps, range_bins[1] - range_bins[0])
        return torch.zeros(shape, dtype=torch.complex64, device=sensor.device)
    # as many frames at a time as fit the processor's cache
    at_once = max(1, _WAYS_AT_ONCE // (rcs_m2.shape[1] * (1 + 3 * len(mirrors))))
    blocks = zip(positions_m.split(at_once), rcs_m2.split(at_once))
    return torch.cat([_profiles(sensor, *block, mirrors, num_chirps, range_bins) for block in blocks])


def _profiles(
    sensor: RadarSensor,
    positions_m: Float[Tensor, 'frames nodes p 3'],
    rcs_m2: Float[Tensor, 'frames p'],
    mirrors: Sequence[Mirror],
    num_chirps: int,
    range_bins: tuple[int, int],
) -> Complex64[Tensor, 'frames antennas chirps bins']:
    config = sensor.config
    paths_m, strength = sensor.ways(positions_m, rcs_m2, mirrors)
    nodes = paths_m.unbind(-4)
    cycles = torch.stack([node / config.wavelength_m for node in nodes])  # nodes, frames, tx, rx, ways
    # without whole cycles, single precision resolves the phase to 1e-5 rad
    phases = 2 * torch.pi * (cycles - cycles[0].floor())
    start, (speed, bend) = phases[0].float(), polynomial(phases)
    bins = torch.stack([node.mean((-3, -2)) for node in nodes]) / (2 * config.range_resolution_m)
    range_motion = bins[0], *polynomial(bins)

    loops = torch.arange(config.num_loops, device=sensor.device, dtype=torch.float32)
    kept = loops[:: config.num_loops // num_chirps]
    profiles, first_cell = _grid(config, kept, (start, speed, bend), range_motion, strength)

    span = config.num_loops // _SPANS if config.num_loops % _SPANS == 0 else 1
    middles = loops[::span] + (span - 1) / 2
    time = ((middles + 0.5) / config.num_loops)[:, None]
    mean_speed, mean_bend = (x.mean((-3, -2))[:, None] for x in (speed, bend))  # frames, 1, ways
    turn = (mean_speed + 2 * time * mean_bend) / config.num_loops  # frames, spans, ways
    weights = strength[:, None] * _dirichlet(turn, span) / len(middles)
    means, first_mean_cell = _grid(config, middles, (start, speed, bend), range_motion, weights)

    options = dict(num_samples=config.num_samples, range_bins=tuple(range_bins), device=start.device)
    result = profiles @ range_bins_of_grid(first_cell, profiles.shape[-1], **options)
    mean = means.sum(1) @ range_bins_of_grid(first_mean_cell, means.shape[-1], **options)
    return (result - mean[:, None]).transpose(1, 2)


def noise_profiles(
    sensor: RadarSensor, num_frames: int, num_chirps: int, num_bins: int, generator: torch.Generator
) -> Complex64[Tensor, 'frames antennas chirps bins']:
    """Draw thermal noise and ADC rounding errors of range profiles whose mean over all loops was subtracted.

    Args:
        sensor: The radar.
        num_frames: Number of frames.
        num_chirps: Number of loops kept.
        num_bins: Number of range bins kept.
        generator: Draws the noise.
    """
    config = sensor.config
    shape = (num_frames, config.num_antennas, num_chirps + 1, num_bins, 2)
    noise = torch.randn(shape, generator=generator, device=sensor.device)
    kept, others = noise[:, :, :-1], noise[:, :, -1:]
    total = kept.sum(2, keepdim=True) + math.sqrt(config.num_loops - num_chirps) * others
    scale = math.sqrt(config.num_samples * (sensor.noise_counts**2 + _ROUNDING_VARIANCE))
    return torch.view_as_complex(scale * (kept - total / config.num_loops))


def _visible(scatterers: Scatterers, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Return positions and cross-sections, in each frame the visible points first.

    Points are cut to the largest number that is visible in a frame.
    """
    positions_m, rcs_m2 = scatterers.positions_m.to(device), scatterers.rcs_m2.to(device)
    seen = rcs_m2 > 0
    order = torch.argsort(seen.int(), dim=-1, descending=True, stable=True)[:, : int(seen.sum(-1).max())]
    places = order[:, None, :, None].expand(-1, positions_m.shape[1], -1, 3)
    return positions_m.gather(2, places), rcs_m2.gather(1, order)


def _grid(
    config: RadarConfig,
    loops: Float[Tensor, 'loops'],
    phase_motion: tuple[Tensor, Tensor, Tensor],
    range_motion: tuple[Tensor, Tensor, Tensor],
    amplitudes: Float[Tensor, '*n ways'],
) -> tuple[Complex64[Tensor, 'frames loops antennas cells'], int]:
    """Spread the carriers of all propagation paths over a grid of ranges, at given loops.

    Loops may be fractional. Returns the grid and the number of its first cell.
    """
    start, speed, bend = phase_motion  # frames, tx, rx, ways
    transmitters = torch.arange(config.num_tx, device=start.device)
    time = (loops[:, None] * config.num_tx + transmitters) / config.chirps_per_frame
    time = time[:, :, None, None]
    phase = torch.addcmul(start[:, None], time, torch.addcmul(speed[:, None], time, bend[:, None])).flatten(2, 3)
    first, range_speed, range_bend = (x[:, None] for x in range_motion)
    middle = time.mean(1)[..., 0]
    bins = first.float() + middle * (range_speed + middle * range_bend)
    amplitudes = amplitudes if amplitudes.dim() == 3 else amplitudes[:, None]
    weights, first_cell = spread(bins, amplitudes.expand(bins.shape))
    return torch.complex(phase.cos() @ weights, phase.sin() @ weights), first_cell


def _dirichlet(turn: Float[Tensor, '*n'], count: int) -> Float[Tensor, '*n']:
    """Return the mean of exp(i turn k) over ``count`` values of k, centred on 0 and spaced by 1."""
    half = turn / 2
    denominator = half.sin()
    near = denominator.abs() < 1e-3  # all terms have the same phase, up to a sign
    ratio = (count * half).sin() / (count * torch.where(near, 1, denominator))
    return torch.where(near, (count * half).cos() / half.cos(), ratio)
