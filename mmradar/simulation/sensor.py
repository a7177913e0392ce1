"""Model of an FMCW radar: from moving points to the samples that its ADC delivers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex64, Float, Float32
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig
from mmradar.simulation.beat import beat_signals

_BOLTZMANN_J_K = 1.380649e-23
_TEMPERATURE_K = 290.0


@dataclass(frozen=True)
class Mounting:
    """Position and orientation of a radar, which looks along the normal of ``along`` and ``across``.

    Args:
        position_m: The array's centre, world axes.
        along: Unit vector from the first to the last azimuth antenna.
        across: Unit vector towards the raised transmitter.

    Raises:
        ConfigError: ``along`` and ``across`` are not unit vectors at right angles.
    """

    position_m: tuple[float, float, float]
    along: tuple[float, float, float]
    across: tuple[float, float, float]

    def __post_init__(self) -> None:
        axes = np.asarray([self.along, self.across], dtype=float)
        if not np.allclose(axes @ axes.T, np.eye(2), atol=1e-6):
            raise ConfigError(f'a mounting needs unit vectors at right angles, found {self.along} and {self.across}')

    @property
    def forward(self) -> tuple[float, float, float]:
        """Viewing direction: away from the board, with ``along`` to the right where ``across`` is up."""
        return tuple(np.cross(self.across, self.along).tolist())


# HuPR's two boards side by side, 1 m above the floor: `hori` measures azimuth, `vert`, turned by 90 degrees,
# elevation. Their exact distance is not published; 10 cm is our choice.
HUPR_MOUNTINGS: dict[str, Mounting] = {
    'hori': Mounting((-0.05, 0.0, 1.0), along=(1.0, 0.0, 0.0), across=(0.0, 0.0, 1.0)),
    'vert': Mounting((0.05, 0.0, 1.0), along=(0.0, 0.0, 1.0), across=(-1.0, 0.0, 0.0)),
}


@dataclass(frozen=True)
class Mirror:
    """Flat surface that reflects echoes: the floor, a wall.

    Args:
        point_m: Any point of the surface.
        normal: Unit normal of the surface, towards the radar.
        coefficient: Factor on the amplitude at a reflection.
    """

    point_m: tuple[float, float, float]
    normal: tuple[float, float, float]
    coefficient: float

    def image(self, positions_m: Float[Tensor, '*n 3']) -> Float[Tensor, '*n 3']:
        """Return the mirror images of points."""
        normal = torch.tensor(self.normal, dtype=positions_m.dtype, device=positions_m.device)
        point = torch.tensor(self.point_m, dtype=positions_m.dtype, device=positions_m.device)
        return positions_m - 2 * ((positions_m - point) @ normal)[..., None] * normal


@dataclass
class RadarSensor:
    """Radar in the room.

    The received power follows the radar equation. Transmit power and noise figure are from the IWR1843's data sheet.
    Gain and beam widths are from the user guides of TI's boards whose antennas are three patches in series.

    Args:
        config: Waveform and antennas.
        mounting: Position and orientation.
        noise_counts: Standard deviation of the noise in ADC counts, in each of I and Q; it sets the receiver's gain.
        tx_power_dbm: Power of one transmitter.
        peak_gain_dbi: Gain of one antenna on its axis, transmitter or receiver.
        half_width_along_deg, half_width_across_deg: Angles off the axis at which an antenna's gain has fallen by 6 dB,
            in the direction of the array and across it.
        noise_figure_db: Noise figure of the receiver.
        phase_noise_rad: Standard deviation of the phase from chirp to chirp, common to all receivers.
        device: Device to compute on.
    """

    config: RadarConfig
    mounting: Mounting
    noise_counts: float = 8.0
    tx_power_dbm: float = 12.0
    peak_gain_dbi: float = 10.5
    half_width_along_deg: float = 50.0
    half_width_across_deg: float = 20.0
    noise_figure_db: float = 15.0
    phase_noise_rad: float = 0.0
    device: torch.device | str = 'cpu'

    def __post_init__(self) -> None:
        tx_m, rx_m = self.config.antenna_positions_m
        axes = np.stack([self.mounting.along, self.mounting.across]).astype(float)
        self._tx_m, self._rx_m = (
            torch.as_tensor(np.asarray(self.mounting.position_m) + antennas @ axes, device=self.device)
            for antennas in (tx_m, rx_m)
        )
        self._axes = torch.as_tensor(np.stack([*axes, np.asarray(self.mounting.forward, float)]), device=self.device)

    @property
    def position_m(self) -> Float[Tensor, '3']:
        """Position of the radar, from which it sees points; world axes."""
        return torch.tensor(self.mounting.position_m, dtype=torch.float64, device=self.device)

    @property
    def receivers_m(self) -> Float[Tensor, 'rx 3']:
        """Positions of the receivers, world axes."""
        return self._rx_m

    @property
    def snr_db(self) -> float:
        """Signal-to-noise ratio of one sample for 1 m^2 at 1 m on the antennas' axis, by the radar equation."""
        wavelength_db = 20 * math.log10(self.config.wavelength_m)
        received_dbm = self.tx_power_dbm + 2 * self.peak_gain_dbi + wavelength_db - 30 * math.log10(4 * math.pi)
        # complex samples: the bandwidth is the sample rate; real samples: both halves of the spectrum fold into one
        noise_w = _BOLTZMANN_J_K * _TEMPERATURE_K * self.config.sample_rate_hz
        return received_dbm - (10 * math.log10(noise_w * 1e3) + self.noise_figure_db)

    @property
    def unit_amplitude_counts(self) -> float:
        """Amplitude of a 1 m^2 target at 1 m on the antennas' axis, in ADC counts."""
        return math.sqrt(2) * self.noise_counts * 10 ** (self.snr_db / 20)

    def gain(self, positions_m: Float[Tensor, '*n 3']) -> Float[Tensor, '*n']:
        """Return the one-way amplitude gain of an antenna towards points.

        It is 1 on the axis, parabolic in dB down to -30 dB, and 0 behind the radar.
        """
        direction = (positions_m - self.position_m) @ self._axes.T
        along, across, forward = direction.unbind(-1)
        degrees = [torch.rad2deg(torch.atan2(side, forward)) for side in (along, across)]
        loss_db = 6 * ((degrees[0] / self.half_width_along_deg) ** 2 + (degrees[1] / self.half_width_across_deg) ** 2)
        return 10 ** (-loss_db.clamp_max(30.0) / 20) * (forward > 0)

    def echo(
        self,
        positions_m: Float[Tensor, 'nodes p 3'],
        rcs_m2: Float[Tensor, 'p'],
        mirrors: Sequence[Mirror] = (),
    ) -> Complex64[Tensor, 'antennas loops samples']:
        """Compute the beat signals of one frame, without noise.

        Phases are exact in the near field: each path runs from its own transmitter to its own receiver. The path gives
        the phase at the middle of each chirp, and the beat frequency continues it to both ends. Within a frame, path
        lengths are polynomials in time through the nodes; these alone produce Doppler. The phase grows with range, 2 pi
        f (path / c), so an approaching target has a negative Doppler frequency. Points beyond the unambiguous range are
        left out, as by the filter in front of the ADC.

        Args:
            positions_m: Positions of points at nodes equally spaced in time, the first at the frame's first chirp, the
                last a frame's duration later: one node for static points, two for straight movement at constant speed,
                three otherwise.
            rcs_m2: Radar cross-sections of the points.
            mirrors: Surfaces that reflect echoes on the way to the point, on the way back, or both.

        Returns:
            complex64 in ADC counts, (tx * rx, loops, samples).
        """
        paths_m, strength = self.ways(positions_m.to(self.device), rcs_m2.to(self.device), mirrors)
        return self._signals(paths_m, strength)

    def ways(
        self,
        positions_m: Float[Tensor, '*frames nodes p 3'],
        rcs_m2: Float[Tensor, '*frames p'],
        mirrors: Sequence[Mirror] = (),
    ) -> tuple[Float[Tensor, '*frames nodes tx rx ways'], Float32[Tensor, '*frames ways']]:
        """Compute all propagation paths from a transmitter to a point to a receiver, direct and by mirrors.

        Args:
            positions_m, rcs_m2, mirrors: See :meth:`echo`; for any number of frames.

        Returns:
            Path lengths in m, and amplitudes in ADC counts, 0 beyond the unambiguous range.
        """
        positions_m = positions_m.double()
        direct = self._legs(positions_m, 1.0)
        ways = [(direct, direct)]
        for mirror in mirrors:
            reflected = self._legs(mirror.image(positions_m), mirror.coefficient)
            ways += [(reflected, direct), (direct, reflected), (reflected, reflected)]
        paths_m = torch.cat([out[0][..., :, None, :] + back[1][..., None, :, :] for out, back in ways], dim=-1)
        gain = torch.cat([out[2] * back[2] for out, back in ways], dim=-1)
        strength = self.unit_amplitude_counts * gain * torch.cat([rcs_m2.sqrt()] * len(ways), dim=-1)
        middle = paths_m[..., paths_m.shape[-4] // 2, :, :, :]
        return paths_m, (strength * (middle.mean((-3, -2)) / 2 < self.config.max_range_m)).float()

    def _legs(self, positions_m: Tensor, coefficient: float) -> tuple[Tensor, Tensor, Tensor]:
        """Return distances to transmitters and receivers, (..., nodes, antennas, points), and the one-way amplitude."""
        to_tx = (positions_m[..., None, :, :] - self._tx_m[:, None]).norm(dim=-1)
        to_rx = (positions_m[..., None, :, :] - self._rx_m[:, None]).norm(dim=-1)
        middle = positions_m[..., positions_m.shape[-3] // 2, :, :]
        return to_tx, to_rx, coefficient * self.gain(middle) / (middle - self.position_m).norm(dim=-1)

    def _signals(self, paths_m: Tensor, strength: Tensor) -> Tensor:
        """Compute samples from path lengths, (nodes, tx, rx, points), and amplitudes in counts."""
        config = self.config
        kept = strength > 0
        paths_m, strength = paths_m[..., kept], strength[kept]

        cycles = paths_m / config.wavelength_m
        # without whole cycles, single precision resolves the phase to 1e-5 rad
        phases = 2 * torch.pi * (cycles - cycles[0].floor())
        start, (speed, bend) = phases[0].float(), polynomial(phases)
        range_cycles = paths_m.mean((1, 2)) / (2 * config.range_resolution_m)
        range_speed, range_bend = polynomial(range_cycles)
        chirps = torch.arange(config.chirps_per_frame, device=self.device, dtype=torch.float32)
        times = (chirps / config.chirps_per_frame).view(config.num_loops, config.num_tx)
        time = times[:, :, None, None]  # loops, tx, rx, points
        phase = torch.addcmul(start, time, torch.addcmul(speed, time, bend)).flatten(1, 2)
        # one range per loop: within a loop nothing moves by more than a hundredth of a bin
        middle = times.mean(1, keepdim=True)
        bins = range_cycles[0] + (middle * (range_speed + middle * range_bend)).double()
        return beat_signals(phase.cos(), phase.sin(), strength, bins, config.num_samples).transpose(0, 1)

    def noise(self, generator: torch.Generator) -> Complex64[Tensor, 'antennas loops samples']:
        """Draw the thermal noise of one frame, white and complex Gaussian, in ADC counts."""
        noise = torch.randn((*self.config.frame_shape, 2), generator=generator, device=self.device)
        return torch.view_as_complex(noise.mul_(self.noise_counts))

    def phase_errors(self, generator: torch.Generator) -> Complex64[Tensor, 'antennas loops 1']:
        """Draw the factors by which the oscillator's phase noise rotates the chirps of one frame."""
        config = self.config
        phase = self.phase_noise_rad * torch.randn(config.num_loops, config.num_tx, generator=generator)
        phase = phase.T[:, None].expand(-1, config.num_rx, -1).reshape(config.num_antennas, config.num_loops, 1)
        return torch.polar(torch.ones_like(phase), phase).to(self.device)


def polynomial(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return linear and quadratic coefficient of the polynomial through one to three nodes on [0, 1], as float32."""
    if len(values) == 1:
        speed = bend = torch.zeros_like(values[0])
    elif len(values) == 2:
        speed, bend = values[1] - values[0], torch.zeros_like(values[0])
    else:
        first, middle, last = values
        speed, bend = 4 * middle - 3 * first - last, 2 * (first + last - 2 * middle)
    return speed.float(), bend.float()
