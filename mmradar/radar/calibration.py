"""Antenna gains and range bias of a board, from a recording of a corner reflector."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Complex

from mmradar.errors import ConfigError, DataError
from mmradar.radar.config import RadarConfig

Array = TypeVar('Array', np.ndarray, torch.Tensor)

_PADDING = 16  # zero-padding factor of the range transform in which the reflector is searched


@dataclass(frozen=True)
class Calibration:
    """Systematic errors of a board: gain and phase of each antenna, and range bias.

    Args:
        gain_db: Gain of each virtual antenna relative to their mean, in the file's order, in dB.
        phase_rad: Phase of each virtual antenna relative to their mean, in the file's order, in rad.
        range_bias_m: Measured range minus true range, in m.
    """

    gain_db: Sequence[float]
    phase_rad: Sequence[float]
    range_bias_m: float = 0.0

    def __post_init__(self) -> None:
        for name in ('gain_db', 'phase_rad'):
            object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
        values = (*self.gain_db, *self.phase_rad, self.range_bias_m)
        if len(self.gain_db) != len(self.phase_rad) or not self.gain_db or not np.isfinite(values).all():
            raise ConfigError(
                f'a calibration needs as many finite gains as phases, found {len(self.gain_db)} and '
                f'{len(self.phase_rad)}: {self}'
            )

    @property
    def antenna_weights(self) -> Complex[np.ndarray, 'antennas']:
        """Factors, one for each virtual antenna, that remove gain and phase when its samples are multiplied by them."""
        return 10 ** (-np.asarray(self.gain_db) / 20) * np.exp(-1j * np.asarray(self.phase_rad))

    def save(self, path: str | Path) -> None:
        """Write the calibration as JSON."""
        Path(path).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, path: str | Path) -> Calibration:
        """Read what :meth:`save` wrote.

        Raises:
            FileNotFoundError: No such file.
            ConfigError: The file does not contain a calibration.
        """
        try:
            return cls(**json.loads(Path(path).read_text()))
        except (TypeError, ValueError) as error:
            raise ConfigError(f'{path} is not a calibration: {error}') from error


def apply_calibration(cube: Array, calibration: Calibration, config: RadarConfig) -> Array:
    """Remove a board's gains, phases and range bias from its samples.

    Args:
        cube: Complex samples, (..., antennas, loops, samples).
        calibration: The calibration of this board.
        config: The radar.

    Raises:
        ValueError: The calibration has a different number of antennas.
    """
    if cube.shape[-3] != len(calibration.gain_db):
        raise ValueError(
            f'the calibration is for {len(calibration.gain_db)} virtual antennas, the cube has {cube.shape[-3]}'
        )
    turns = -calibration.range_bias_m / config.range_resolution_m * np.arange(cube.shape[-1]) / cube.shape[-1]
    factors = calibration.antenna_weights[:, None, None] * np.exp(2j * np.pi * turns)
    if isinstance(cube, torch.Tensor):
        return cube * torch.from_numpy(factors).to(cube.device, cube.dtype)
    return (cube * factors).astype(cube.dtype)


def calibrate(
    cube: np.ndarray,
    config: RadarConfig,
    position_m: tuple[float, float, float],
    search_m: float = 0.3,
    least_contrast_db: float = 15.0,
) -> Calibration:
    """Estimate gains, phases and range bias from a static corner reflector with no other static object near its range.

    All loops and frames are averaged. The reflector is the strongest echo around the range where it should be. Each
    antenna's gain and phase is its echo divided by the echo that the geometry, exact in the near field, predicts.

    Args:
        cube: Complex samples, (frames, antennas, loops, samples), static clutter left in.
        config: The radar.
        position_m: Position of the reflector relative to the middle of the array, in m: along the array, away from it,
            across it.
        search_m: Largest distance between the true range and the range at which the echo is searched, in m.
        least_contrast_db: Least contrast between the echo and the median range bin, in dB.

    Raises:
        DataError: No echo stands out there.
        ValueError: The cube does not have the radar's shape, or the reflector is out of the radar's range.
    """
    if cube.shape[1:] != config.frame_shape:
        raise ValueError(f'expected frames of shape {config.frame_shape}, found {cube.shape[1:]}')
    along, away, across = position_m
    true_m = float(np.linalg.norm(position_m))
    if away <= 0 or true_m + search_m > config.max_range_m:
        raise ValueError(f'no reflector can be seen at {position_m} m; the radar sees up to {config.max_range_m:.1f} m')
    samples = config.num_samples
    chirps = cube.mean((0, 2)) * np.hanning(samples)
    spectrum = np.fft.fft(chirps, _PADDING * samples)
    power = (np.abs(spectrum) ** 2).sum(0)
    ranges_m = np.arange(len(power)) * config.range_resolution_m / _PADDING
    near = np.flatnonzero(np.abs(ranges_m - true_m) <= search_m)
    best = near[power[near].argmax()]
    contrast_db = 10 * np.log10(power[best] / max(np.median(power[: config.num_range_bins * _PADDING]), 1e-30))
    if contrast_db < least_contrast_db or best in (near[0], near[-1]):
        raise DataError(
            f'no reflector within {search_m} m of {true_m:.2f} m: the strongest echo there, at {ranges_m[best]:.2f} m, '
            f'stands {contrast_db:.0f} dB out of the median; {least_contrast_db:.0f} dB are wanted, away from the edge'
        )
    left, middle, right = np.log(power[best - 1 : best + 2])
    measured_m = ranges_m[best] + (left - right) / (2 * (left - 2 * middle + right)) * ranges_m[1]

    tx_m, rx_m = config.antenna_positions_m
    paths = [
        np.sqrt((along - antennas[:, 0]) ** 2 + away**2 + (across - antennas[:, 1]) ** 2) for antennas in (tx_m, rx_m)
    ]
    path_m = (paths[0][:, None] + paths[1]).reshape(-1)
    # the transform of a whole chirp has the phase of the chirp's middle
    expected = np.exp(2j * np.pi * path_m / config.wavelength_m)
    gains = spectrum[:, best] / expected
    gains = gains / np.exp(1j * np.angle(gains.sum())) / np.exp(np.log(np.abs(gains)).mean())
    return Calibration(tuple(20 * np.log10(np.abs(gains))), tuple(np.angle(gains)), float(measured_m - true_m))
