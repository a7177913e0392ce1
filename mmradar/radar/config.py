"""Radar configuration: counts, timings, frequencies, and the quantities that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from mmradar.errors import ConfigError
from mmradar.radar.boards import BOARDS, Positions

SPEED_OF_LIGHT_M_S = 299_792_458.0
SAMPLINGS = ('complex_1x', 'complex_2x', 'real')
_LAYOUT = ('num_lanes', 'iq_order', 'header_bytes')  # fields that only change the layout of samples in a file
IQ_ORDERS = ('IIQQ', 'QQII', 'IQIQ', 'QIQI')
ANTENNA_ORDERS = ('azimuth_first', 'file', 'row', 'rows')


def check_antenna_order(name: str, what: str = 'antenna_order') -> None:
    """Raise unless :meth:`RadarConfig.antenna_order` knows an order of antennas.

    Args:
        name: Name of the order.
        what: Name of the option that gives the order, for the error message.

    Raises:
        ConfigError: The name is unknown.
    """
    if name not in ANTENNA_ORDERS:
        raise ConfigError(f'{what} must be one of {", ".join(map(repr, ANTENNA_ORDERS))}, found {name!r}')


@dataclass(frozen=True)
class RadarConfig:
    """Configuration of an FMCW radar with time-division multiplexed transmitters, recorded through a DCA1000.

    Defaults describe TI's IWR1843 as HuPR uses it. HuPR's public code does not give start frequency, slope, sample
    rate or chirp period. The values here are this package's choice: 77 GHz and 4 GHz of sampled bandwidth (range bins
    of 3.75 cm, as in another public schema of the same data), with a chirp period that makes walking speed unambiguous.

    Args:
        num_tx: Transmitters that fire in turn within one loop.
        num_rx: Receivers that record each chirp.
        num_loops: Loops (one chirp of every transmitter) per frame.
        num_samples: ADC samples per chirp.
        start_frequency_hz: Frequency at the first ADC sample.
        slope_hz_per_s: Slope of the frequency ramp.
        sample_rate_hz: ADC sample rate.
        chirp_period_s: From the start of one chirp to the start of the next (ramp and idle time).
        frame_rate_hz: Frames per second.
        tx_positions: Position of each transmitter in firing order, as (along, across) the array, in half wavelengths.
            ``None`` if unknown; methods that need it then raise a :class:`ConfigError`.
        rx_positions: Position of each receiver, likewise.
        sampling: ``'complex_1x'`` (beat frequencies up to the sample rate), ``'complex_2x'`` (up to half of it, with
            the image band) or ``'real'`` (up to half of it).
        num_lanes: LVDS lanes from the radar to the card: 2 (xWR16xx, 18xx, 68xx: one receiver after the other) or 4
            (xWR12xx, 14xx: receivers interleaved).
        iq_order: Order of two complex samples in four int16 of a two-lane recording; mmWave Studio writes ``'IIQQ'``.
            With four lanes, it only matters whether I or Q comes first.
        header_bytes: Bytes of the HSI header in front of each chirp, 0 if there is none. The SDK's headers have 64.

    Raises:
        ConfigError: A count, rate or position is impossible; the message names the field.
    """

    num_tx: int = 3
    num_rx: int = 4
    num_loops: int = 64
    num_samples: int = 256
    start_frequency_hz: float = 77e9
    slope_hz_per_s: float = 78.125e12
    sample_rate_hz: float = 5e6
    chirp_period_s: float = 75e-6
    frame_rate_hz: float = 10.0
    tx_positions: Positions | None = BOARDS['xWR1843'].tx_positions
    rx_positions: Positions | None = BOARDS['xWR1843'].rx_positions
    sampling: str = 'complex_1x'
    num_lanes: int = 2
    iq_order: str = 'IIQQ'
    header_bytes: int = 0

    def __post_init__(self) -> None:
        for name in ('num_tx', 'num_rx', 'num_loops', 'num_samples'):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                raise ConfigError(f'RadarConfig.{name} must be a whole number of at least 1, found {value!r}')
            object.__setattr__(self, name, int(value))
        for name in ('start_frequency_hz', 'slope_hz_per_s', 'sample_rate_hz', 'chirp_period_s', 'frame_rate_hz'):
            value = getattr(self, name)
            if not isinstance(value, (int, float, np.number)) or not np.isfinite(value) or value <= 0:
                raise ConfigError(f'RadarConfig.{name} must be a positive number, found {value!r}')
            object.__setattr__(self, name, float(value))
        self._check_file_layout()
        for name, count in (('tx_positions', self.num_tx), ('rx_positions', self.num_rx)):
            object.__setattr__(self, name, self._checked_positions(name, count))
        if self.num_samples / self.sample_rate_hz > self.chirp_period_s:
            raise ConfigError(
                f'RadarConfig.chirp_period_s is {self.chirp_period_s * 1e6:g} us, too short for {self.num_samples} '
                f'samples at {self.sample_rate_hz / 1e6:g} MHz ({self.num_samples / self.sample_rate_hz * 1e6:g} us)'
            )
        if self.frame_duration_s > 1 / self.frame_rate_hz:
            raise ConfigError(
                f'RadarConfig: {self.chirps_per_frame} chirps take {self.frame_duration_s * 1e3:g} ms, longer than a '
                f'frame at {self.frame_rate_hz:g} Hz'
            )

    def _checked_positions(self, name: str, count: int) -> Positions | None:
        found = getattr(self, name)
        if found is None:
            return None
        try:
            positions = tuple((float(along), float(across)) for along, across in found)
        except (TypeError, ValueError):
            positions = ()
        if len(positions) != count or not np.isfinite(positions).all():
            raise ConfigError(
                f'RadarConfig.{name} must hold one (along, across) pair for each of the {count} antennas, '
                f'found {found!r}'
            )
        return positions

    def _check_file_layout(self) -> None:
        for name, known in (('sampling', SAMPLINGS), ('num_lanes', (2, 4)), ('iq_order', IQ_ORDERS)):
            if getattr(self, name) not in known:
                expected = ', '.join(map(str, known))
                raise ConfigError(f'RadarConfig.{name} must be one of {expected}, found {getattr(self, name)!r}')
        if self.num_lanes == 4 and (self.num_rx != 4 or self.iq_order not in ('IIQQ', 'QQII')):
            raise ConfigError(
                f'RadarConfig: four lanes carry four receivers and whole I or Q in turn (IIQQ or QQII), found '
                f'{self.num_rx} receivers and {self.iq_order}'
            )
        if not isinstance(self.header_bytes, int) or self.header_bytes < 0 or self.header_bytes % 2:
            raise ConfigError(f'RadarConfig.header_bytes must be even and not negative, found {self.header_bytes!r}')

    @classmethod
    def build(cls, config: RadarConfig | str | Mapping[str, Any]) -> RadarConfig:
        """Build a configuration from the name of a preset or a dictionary of fields; return a configuration unchanged.

        A dictionary may name a ``preset``, whose fields it then overrides.

        Raises:
            ConfigError: A preset or field is unknown, or ``config`` is of another type. The message names the known
                presets or fields.
        """
        if isinstance(config, RadarConfig):
            return config
        if isinstance(config, str):
            config = {'preset': config}
        if not isinstance(config, Mapping):
            raise ConfigError(
                f'a radar is a RadarConfig, the name of a preset or a dictionary of fields, found {config!r}'
            )
        options = dict(config)
        preset = options.pop('preset', None)
        if preset is not None and (not isinstance(preset, str) or preset not in PRESETS):
            raise ConfigError(f'unknown radar preset {preset!r}; the presets are {", ".join(sorted(PRESETS))}')
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(options) - set(known), key=str)
        if unknown:
            raise ConfigError(f'unknown RadarConfig field {unknown[0]!r}; the fields are {", ".join(known)}')
        return replace(PRESETS[preset] if preset else cls(), **options)

    def differing(self, other: RadarConfig) -> list[str]:
        """Return the names of the fields that differ from another radar's, without those of the file layout."""
        names = [field.name for field in fields(self) if field.name not in _LAYOUT]
        return [name for name in names if getattr(self, name) != getattr(other, name)]

    @property
    def num_antennas(self) -> int:
        """Number of virtual antennas: pairs of a transmitter and a receiver."""
        return self.num_tx * self.num_rx

    @property
    def chirps_per_frame(self) -> int:
        """Number of chirps of all transmitters in a frame."""
        return self.num_tx * self.num_loops

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Shape of one frame's cube: (virtual antennas, loops, samples)."""
        return self.num_antennas, self.num_loops, self.num_samples

    @property
    def chirp_bytes(self) -> int:
        """Bytes of one chirp of all receivers in a file, with its header; a sample is one int16, or two if complex."""
        return self.header_bytes + (2 if self.sampling == 'real' else 4) * self.num_rx * self.num_samples

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame in ``adc_data.bin``."""
        return self.chirps_per_frame * self.chirp_bytes

    @property
    def num_range_bins(self) -> int:
        """Range bins that correspond to ranges; a transform's other bins are their mirror image, or empty."""
        return self.num_samples if self.sampling == 'complex_1x' else self.num_samples // 2

    @property
    def frame_duration_s(self) -> float:
        """Time in which the radar chirps, in s; it idles for the rest of the frame period."""
        return self.chirps_per_frame * self.chirp_period_s

    @property
    def loop_period_s(self) -> float:
        """Time between two chirps of the same transmitter, in s."""
        return self.num_tx * self.chirp_period_s

    @property
    def bandwidth_hz(self) -> float:
        """Bandwidth swept while the ADC samples, in Hz."""
        return self.slope_hz_per_s * self.num_samples / self.sample_rate_hz

    @property
    def wavelength_m(self) -> float:
        """Wavelength at the centre of the sampled sweep, in m."""
        return SPEED_OF_LIGHT_M_S / (self.start_frequency_hz + self.bandwidth_hz / 2)

    @property
    def range_resolution_m(self) -> float:
        """Width of a range bin, c / 2B, in m."""
        return SPEED_OF_LIGHT_M_S / (2 * self.bandwidth_hz)

    @property
    def max_range_m(self) -> float:
        """Unambiguous range, in m, at which the beat frequency is the sample rate, or half of it; see ``sampling``."""
        return self.range_resolution_m * self.num_range_bins

    @property
    def max_velocity_m_s(self) -> float:
        """Unambiguous radial speed in either direction with all loops, wavelength / 4 T_loop, in m/s.

        With fewer loops, a heatmap folds far lower speeds, see :meth:`folding_speed_m_s`.
        """
        return self.folding_speed_m_s(self.num_loops)

    def folding_speed_m_s(self, num_chirps: int) -> float:
        """Return the radial speed in m/s above which a target appears slower, or to move in the opposite direction.

        A target at twice this speed appears at rest. With HuPR's 64 loops the speed is 4.22 m/s; with the 8 of them
        that the paper keeps it is 0.53 m/s, which walking people and every fast limb exceed.

        Args:
            num_chirps: Number of loops kept of each frame, equally spaced.
        """
        return self.wavelength_m * num_chirps / (4 * self.num_loops * self.loop_period_s)

    @property
    def velocity_resolution_m_s(self) -> float:
        """Width of a Doppler bin with all loops, wavelength / 2 N T_loop, in m/s."""
        return self.wavelength_m / (2 * self.num_loops * self.loop_period_s)

    @property
    def virtual_positions(self) -> np.ndarray:
        """Positions of the virtual antennas, (tx * rx, 2) as (along, across), in half wavelengths, in file order.

        Raises:
            ConfigError: The positions are unknown.
        """
        tx, rx = self._known_positions()
        return (tx[:, None] + rx[None, :]).reshape(-1, 2)

    @property
    def antenna_positions_m(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions of transmitters and receivers, (tx, 2) and (rx, 2) as (along, across), in m.

        The origin is the middle of the virtual array; half wavelengths are those at the centre of the sweep.

        Raises:
            ConfigError: The positions are unknown.
        """
        centre, half_wavelength_m = self.virtual_positions.mean(axis=0) / 2, self.wavelength_m / 2
        tx, rx = self._known_positions()
        return (tx - centre) * half_wavelength_m, (rx - centre) * half_wavelength_m

    def _known_positions(self) -> tuple[np.ndarray, np.ndarray]:
        if self.tx_positions is None or self.rx_positions is None:
            raise ConfigError(
                'the antenna positions of this radar are unknown: its file names no board, or an unknown one; read it '
                f'with read_radar_config(..., board=...), one of {", ".join(BOARDS)}, or set tx_positions and '
                'rx_positions'
            )
        return np.asarray(self.tx_positions), np.asarray(self.rx_positions)

    @property
    def azimuth_first_order(self) -> np.ndarray:
        """Indices of the virtual antennas, (tx * rx,), sorted by row of the array, and along the array within a row.

        For the IWR1843 the eight antennas of TX0 and TX2 come first, as one uniform line, then the four of the raised
        TX1.
        """
        along, across = self.virtual_positions.T
        return np.lexsort((along, across))

    @cached_property
    def antenna_rows(self) -> tuple[tuple[int | None, ...], ...]:
        """Rows of the array, each with its virtual antennas at their columns, half a wavelength apart.

        ``None`` marks a column where the row has no antenna; of several antennas at one position the first is taken.
        The row with the most antennas comes first. The IWR1843 has a row of the eight antennas of TX0 and TX2, and a
        row of the four of the raised TX1 at columns 2 to 5.

        Raises:
            ConfigError: The antennas are not on columns half a wavelength apart.
        """
        along, across = self.virtual_positions.T
        columns = np.rint(along - along.min()).astype(int)
        if not np.allclose(columns, along - along.min()):
            raise ConfigError(
                'the rows of an array need antennas on columns half a wavelength apart; RadarConfig.tx_positions and '
                f'rx_positions give {sorted(set(along.tolist()))}'
            )
        rows = []
        for height in np.unique(across):
            row: list[int | None] = [None] * (columns.max() + 1)
            for antenna in np.flatnonzero(across == height)[::-1]:
                row[columns[antenna]] = int(antenna)
            rows.append(tuple(row))
        return tuple(sorted(rows, key=lambda row: row.count(None)))

    def antenna_order(self, name: str) -> Sequence[int | None] | Sequence[Sequence[int | None]] | None:
        """Return an order of antennas by name, for the ``antenna_order`` of :func:`mmradar.radar.heatmap_3d`.

        Args:
            name: ``'azimuth_first'``, all antennas on one line, row after row; ``'file'``, all on one line in the
                firing order of their transmitters; ``'row'``, only the longest row; ``'rows'``, a heatmap of each row.

        Raises:
            ConfigError: The name is unknown, or the array has no rows.
        """
        check_antenna_order(name)
        if name in ('row', 'rows'):
            return self.antenna_rows if name == 'rows' else self.antenna_rows[0]
        return None if name == 'file' else self.azimuth_first_order.tolist()

    def antenna_delays(self, num_chirps: int | None = None) -> np.ndarray:
        """Return the firing time of each virtual antenna's transmitter, (tx * rx,), in file order.

        The unit is the period between the loops that are kept.

        Args:
            num_chirps: Number of loops kept of each frame, equally spaced; all if ``None``.
        """
        stride = self.num_loops // (num_chirps or self.num_loops)
        return np.repeat(np.arange(self.num_tx) / (self.num_tx * stride), self.num_rx)


PRESETS: dict[str, RadarConfig] = {
    'iwr1843_hupr': RadarConfig(),
    # milliMamba states 128 chirps for its cube; that they are TransHuPR's is inferred. The chirp period is the shortest
    # round number in which 256 samples at 5 MHz fit.
    'iwr1843_transhupr': RadarConfig(num_loops=128, chirp_period_s=60e-6),
}
