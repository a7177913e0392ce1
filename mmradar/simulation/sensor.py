"""From moving points to the samples that an FMCW radar's ADC delivers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Complex64, Float
from torch import Tensor

from mmradar.radar import SPEED_OF_LIGHT_M_S, RadarConfig


@dataclass(frozen=True)
class Mounting:
    """Where a radar is and how its array lies; it looks along +y.

    Args:
        position_m: The array's centre, world axes.
        along: Unit vector from the first to the last azimuth antenna.
        across: Unit vector towards the raised transmitter.
    """

    position_m: tuple[float, float, float]
    along: tuple[float, float, float]
    across: tuple[float, float, float]


# HuPR's two boards side by side, 1 m above the floor: `hori` measures azimuth, `vert`, turned by 90 degrees,
# elevation. Their exact distance is not published; 10 cm is ours.
HUPR_MOUNTINGS: dict[str, Mounting] = {
    'hori': Mounting((-0.05, 0.0, 1.0), along=(1.0, 0.0, 0.0), across=(0.0, 0.0, 1.0)),
    'vert': Mounting((0.05, 0.0, 1.0), along=(0.0, 0.0, 1.0), across=(-1.0, 0.0, 0.0)),
}


@dataclass
class RadarSensor:
    """One radar in the room.

    The received amplitude follows the radar equation. Power, gain and noise figure are those of the IWR1843's data
    sheet (12 dBm, about 7 dBi towards the scene, 15 dB), which puts a 1 m^2 target at 1 m 36.6 dB above the noise of
    one sample.

    Args:
        config: Waveform and antennas.
        mounting: Position and orientation.
        noise_counts: Standard deviation of the noise in ADC counts, in each of I and Q.
        snr_db: Signal-to-noise ratio of one sample for 1 m^2 at 1 m.
    """

    config: RadarConfig
    mounting: Mounting
    noise_counts: float = 8.0
    snr_db: float = 36.6
    _tx_m: Tensor = field(init=False, repr=False)
    _rx_m: Tensor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        axes = np.stack([self.mounting.along, self.mounting.across])
        tx_m, rx_m = self.config.antenna_positions_m
        self._tx_m = torch.as_tensor(tx_m @ axes) + self.position_m
        self._rx_m = torch.as_tensor(rx_m @ axes) + self.position_m

    @property
    def position_m(self) -> Float[Tensor, '3']:
        """Where the radar is, for line of sight."""
        return torch.tensor(self.mounting.position_m, dtype=torch.float64)

    @property
    def unit_amplitude_counts(self) -> float:
        """Amplitude of a 1 m^2 target at 1 m, in ADC counts."""
        return float(np.sqrt(2) * self.noise_counts * 10 ** (self.snr_db / 20))

    def echo(
        self, start_m: Float[Tensor, 'p 3'], stop_m: Float[Tensor, 'p 3'], amplitudes_m: Float[Tensor, 'p']
    ) -> Complex64[Tensor, 'antennas loops samples']:
        """Beat signals of one frame, without noise.

        Every point moves in a straight line from ``start_m`` to ``stop_m`` while the frame's chirps last. Phases are
        exact in the near field, from each transmitter and to each receiver, in float64 (2 R / wavelength is in the
        thousands), at the middle of a chirp; from there the beat runs both ways with the frequency of the range at
        the frame's middle. The phase grows with range, 2 pi f (path / c), so an approaching target has a negative
        Doppler frequency.

        Args:
            start_m: Positions at the frame's first chirp, (points, 3).
            stop_m: Positions one loop period after its last loop began.
            amplitudes_m: Square root of the radar cross-sections, (points,).

        Returns:
            complex64 in ADC counts, (tx * rx, loops, samples).
        """
        config = self.config
        # Time of each chirp as a share of the frame: TDM lets the transmitters fire one after the other.
        chirp = torch.arange(config.chirps_per_frame, dtype=torch.float64) / config.chirps_per_frame
        chirp = chirp.view(config.num_loops, config.num_tx)
        points = start_m + chirp[..., None, None] * (stop_m - start_m)  # loops, tx, points, 3
        to_point = (points - self._tx_m[:, None]).norm(dim=-1)
        # |p - rx|^2 expanded: four receivers share their points
        squares = (points**2).sum(-1, keepdim=True) - 2 * points @ self._rx_m.T + (self._rx_m**2).sum(-1)
        path = to_point[..., None] + squares.sqrt()  # loops, tx, points, rx

        wavelengths = path / config.wavelength_m
        phase = (2 * torch.pi * (wavelengths - wavelengths.floor())).float()
        carrier = torch.polar(torch.ones_like(phase), phase)
        carrier = carrier.permute(1, 3, 0, 2).reshape(-1, len(amplitudes_m))  # tx * rx * loops, points

        middle_m = ((start_m + stop_m) / 2 - self.position_m).norm(dim=-1)
        cycles_per_sample = 2 * middle_m / SPEED_OF_LIGHT_M_S * config.slope_hz_per_s / config.sample_rate_hz
        from_middle = torch.arange(config.num_samples, dtype=torch.float64) - config.num_samples / 2
        cycles = cycles_per_sample[:, None] * from_middle
        strength = self.unit_amplitude_counts * amplitudes_m / middle_m**2
        beat = torch.polar(
            strength[:, None].float().expand_as(cycles).contiguous(), (2 * torch.pi * (cycles - cycles.floor())).float()
        )
        return (carrier @ beat).view(config.frame_shape)

    def noise(self, generator: torch.Generator) -> Complex64[Tensor, 'antennas loops samples']:
        """Thermal noise of one frame, white and complex Gaussian, in ADC counts."""
        noise = torch.randn((*self.config.frame_shape, 2), generator=generator)
        return torch.view_as_complex(noise.mul_(self.noise_counts))
