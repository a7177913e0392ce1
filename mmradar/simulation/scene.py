"""Surroundings of the subject: walls and furniture, mirrors that reflect echoes, moving objects, other radars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Complex64, Float
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.simulation.body import BodySurface, Scatterers
from mmradar.simulation.sensor import Mirror, RadarSensor

FLOOR = Mirror((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), coefficient=0.3)


@runtime_checkable
class Motion(Protocol):
    """Source of a person's joint positions at any time: a performance or a recorded motion."""

    def joints_m(self, time_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time 14 3']:
        """Return joint positions in m, world axes, at times in s."""
        ...


@runtime_checkable
class Mover(Protocol):
    """Object that moves and returns echoes."""

    def scatterers(self, time_s: Float[np.ndarray, 'frames nodes'], sensor_m: Float[Tensor, '3']) -> Scatterers:
        """Return the object's points at times in s, with cross-sections as a radar at ``sensor_m`` sees them."""
        ...


@dataclass(frozen=True)
class Person:
    """Person in the room: the subject, or a second person farther back.

    Args:
        motion: Movement of the joints.
        surface: Surface of the body.
    """

    motion: Motion
    surface: BodySurface

    def scatterers(self, time_s: Float[np.ndarray, 'frames nodes'], sensor_m: Float[Tensor, '3']) -> Scatterers:
        joints_m = self.motion.joints_m(np.asarray(time_s).reshape(-1))
        joints_m = torch.as_tensor(joints_m).reshape(*np.shape(time_s), *joints_m.shape[1:])
        return self.surface.scatterers(joints_m, sensor_m.cpu())


@dataclass(frozen=True)
class Fan:
    """Fan with turning blades.

    Args:
        centre_m: Position of the hub.
        radius_m: Length of a blade.
        rate_hz: Turns per second.
        blades: Number of blades.
        rcs_m2: Radar cross-section of all blades together.
        axis_tilt_rad: Angle by which the axis is turned to the side, so that blades approach and recede.
    """

    centre_m: tuple[float, float, float]
    radius_m: float = 0.2
    rate_hz: float = 3.0
    blades: int = 3
    rcs_m2: float = 0.05
    axis_tilt_rad: float = 0.5

    def scatterers(self, time_s: Float[np.ndarray, 'frames nodes'], sensor_m: Float[Tensor, '3']) -> Scatterers:
        time = np.asarray(time_s)[..., None, None]
        radii = self.radius_m * np.linspace(0.25, 1, 4)[:, None]
        angle = 2 * np.pi * (self.rate_hz * time + np.arange(self.blades) / self.blades)
        x, z = radii * np.cos(angle), radii * np.sin(angle)
        points = np.stack([x * np.cos(self.axis_tilt_rad), x * np.sin(self.axis_tilt_rad), z], -1)
        return _points_around(self.centre_m, points.reshape(*np.shape(time_s), -1, 3), self.rcs_m2)


@dataclass(frozen=True)
class Curtain:
    """Cloth that sways to and fro, most at its hem.

    Args:
        centre_m: Middle of the upper edge.
        width_m, height_m: Size of the cloth.
        sway_m: Amplitude of the hem's sway.
        rate_hz: Frequency of the sway.
        rcs_m2: Radar cross-section of the whole cloth.
    """

    centre_m: tuple[float, float, float]
    width_m: float = 1.2
    height_m: float = 1.8
    sway_m: float = 0.05
    rate_hz: float = 0.4
    rcs_m2: float = 0.1

    def scatterers(self, time_s: Float[np.ndarray, 'frames nodes'], sensor_m: Float[Tensor, '3']) -> Scatterers:
        across, down = np.meshgrid(np.linspace(-0.5, 0.5, 7), np.linspace(0, 1, 6))
        across, down = across.ravel(), down.ravel()
        time = np.asarray(time_s)[..., None]
        # a wave runs along the width
        sway = self.sway_m * down * np.sin(2 * np.pi * (self.rate_hz * time + across))
        rest = np.broadcast_to(0.0, sway.shape)
        points = np.stack([rest + self.width_m * across, sway, rest - self.height_m * down], -1)
        return _points_around(self.centre_m, points, self.rcs_m2)


def _points_around(
    centre_m: tuple[float, float, float], offsets_m: Float[np.ndarray, 'frames nodes p 3'], rcs_m2: float
) -> Scatterers:
    """Return points around a centre, each with an equal share of one radar cross-section."""
    frames, _, points, _ = offsets_m.shape
    rcs = torch.full((frames, points), rcs_m2 / points, dtype=torch.float64)
    return Scatterers(torch.as_tensor(np.asarray(centre_m) + offsets_m), rcs)


@dataclass(frozen=True)
class Interferer:
    """Another FMCW radar in the same band, not synchronised with the simulated one.

    In every chirp in which its ramp crosses that of the simulated radar, the difference of the two sweeps through the
    receiver's bandwidth (Brooker, Mutual interference of millimeter-wave radar systems, IEEE TEMC 2007). Its signal
    travels the distance once, an echo twice.

    Args:
        position_m: Position of the interferer, world axes.
        slope_hz_per_s: Slope of its frequency ramp; must differ from that of the simulated radar.
        eirp_dbm: Transmit power and antenna gain towards the simulated radar.
        share: Share of the simulated radar's chirps that it crosses.
    """

    position_m: tuple[float, float, float]
    slope_hz_per_s: float = 30e12
    eirp_dbm: float = 10.0
    share: float = 0.5

    def signal(self, sensor: RadarSensor, generator: torch.Generator) -> Complex64[Tensor, 'antennas loops samples']:
        """Compute the interferer's contribution to one frame, in ADC counts."""
        config = sensor.config
        difference = self.slope_hz_per_s - config.slope_hz_per_s
        if difference == 0:
            raise ConfigError('an interferer of the same slope never crosses our chirps; give it another')
        place = torch.tensor(self.position_m, dtype=torch.float64, device=sensor.device)
        distance = float((place - sensor.position_m).norm())
        # one-way power, EIRP G_r (lambda / 4 pi R)^2, over the echo of 1 m^2 at 1 m, P G_t G_r (lambda / 4 pi)^2 / 4 pi
        own_eirp_dbm = sensor.tx_power_dbm + sensor.peak_gain_dbi
        ratio = 10 ** ((self.eirp_dbm - own_eirp_dbm) / 20) * (4 * torch.pi) ** 0.5 / distance
        amplitude = ratio * float(sensor.gain(place)) * sensor.unit_amplitude_counts
        chirps = (config.num_tx, 1, config.num_loops, 1)
        duration = config.num_samples / config.sample_rate_hz
        crossing = duration * torch.rand(chirps, generator=generator, dtype=torch.float64)
        crossed = torch.rand(chirps, generator=generator) < self.share
        turn = torch.rand(chirps, generator=generator, dtype=torch.float64)
        time = torch.arange(config.num_samples, dtype=torch.float64) / config.sample_rate_hz - crossing
        within = (difference * time).abs() < config.sample_rate_hz / 2
        way_m = (sensor.receivers_m - place).cpu().norm(dim=-1)[None, :, None, None]
        cycles = 0.5 * difference * time.square() + turn + way_m / config.wavelength_m
        signal = torch.polar((amplitude * (crossed & within)).double().expand_as(cycles), 2 * torch.pi * cycles)
        return signal.flatten(0, 1).to(sensor.device, torch.complex64)


@dataclass(frozen=True)
class Scene:
    """Surroundings of the subject.

    Args:
        positions_m: Static points, (points, 3), world axes.
        rcs_m2: Radar cross-sections of the static points, (points,).
        mirrors: Surfaces that reflect echoes of moving objects, which makes ghosts.
        movers: Moving objects other than the subject.
        interferers: Other radars.
    """

    positions_m: Float[np.ndarray, 'points 3'] = field(default_factory=lambda: np.zeros((0, 3)))
    rcs_m2: Float[np.ndarray, 'points'] = field(default_factory=lambda: np.zeros(0))
    mirrors: Sequence[Mirror] = ()
    movers: Sequence[Mover] = ()
    interferers: Sequence[Interferer] = ()

    @classmethod
    def random_room(cls, rng: np.random.Generator, **others) -> Scene:
        """Draw a room 4 to 6 m deep: a back wall, two side walls, and two to five pieces of furniture.

        Args:
            rng: Draws the room.
            **others: ``mirrors``, ``movers`` and ``interferers``; none unless given.
        """
        depth, half_width = rng.uniform(4.0, 6.0), rng.uniform(1.6, 2.6)
        height = np.linspace(0.2, 2.4, 5)
        wall = [(x, depth, z) for x in np.linspace(-half_width, half_width, 9) for z in height]
        sides = [(side * half_width, y, z) for side in (-1, 1) for y in np.linspace(1.5, depth, 6) for z in height[::2]]
        points, rcs = [wall, sides], [np.full(len(wall), 0.05), np.full(len(sides), 0.02)]
        for _ in range(rng.integers(2, 6)):
            centre = (
                rng.choice([-1, 1]) * rng.uniform(0.9, half_width),
                rng.uniform(1.2, depth),
                rng.uniform(0.3, 1.0),
            )
            points.append(np.asarray(centre) + rng.uniform(-0.3, 0.3, size=(8, 3)))
            rcs.append(rng.uniform(0.005, 0.1, size=8))
        positions = np.concatenate([np.asarray(p, dtype=np.float64) for p in points])
        positions += rng.normal(scale=0.02, size=positions.shape)
        return cls(positions, np.concatenate(rcs), **others)
