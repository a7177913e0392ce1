"""What a radar was told to do: counts, timings, frequencies, and everything that follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from mmradar.errors import ConfigError
from mmradar.radar.boards import BOARDS, Positions

SPEED_OF_LIGHT_M_S = 299_792_458.0
SAMPLINGS = ('complex_1x', 'complex_2x', 'real')
_LAYOUT = ('num_lanes', 'iq_order', 'header_bytes')  # fields of how samples lie in a file
IQ_ORDERS = ('IIQQ', 'QQII', 'IQIQ', 'QIQI')
ANTENNA_ORDERS = ('azimuth_first', 'file', 'row', 'rows')


def check_antenna_order(name: str, what: str = 'antenna_order') -> None:
    """Raise unless an order of antennas is one that :meth:`RadarConfig.antenna_order` knows.

    Args:
        name: Of the order.
        what: Whose it is, for the message.

    Raises:
        ConfigError: Another name.
    """
    if name not in ANTENNA_ORDERS:
        raise ConfigError(f'{what} must be one of {", ".join(map(repr, ANTENNA_ORDERS))}, found {name!r}')


@dataclass(frozen=True)
class RadarConfig:
    """An FMCW radar with time-division multiplexed transmitters, recorded through a DCA1000.

    Defaults describe TI's IWR1843 as HuPR uses it. HuPR's public code does not give start frequency, slope, sample
    rate or chirp period. The values here are ours: 77 GHz and 4 GHz of sampled bandwidth (3.75 cm a range bin, as
    another public schema of the same data has it), with a chirp period that makes walking speed unambiguous.

    Args:
        num_tx: Transmitters that fire in turn within one loop.
        num_rx: Receivers that listen to each chirp.
        num_loops: Loops (one chirp of every transmitter) a frame.
        num_samples: ADC samples a chirp.
        start_frequency_hz: Frequency at the first ADC sample.
        slope_hz_per_s: Frequency ramp.
        sample_rate_hz: ADC sample rate.
        chirp_period_s: From the start of one chirp to the start of the next (ramp and idle time).
        frame_rate_hz: Frames a second.
        tx_positions: Position of each transmitter in firing order, as (along, across) the array, in half wavelengths.
            ``None`` where it is not known; what needs it raises a :class:`ConfigError` then.
        rx_positions: Position of each receiver, likewise.
        sampling: ``'complex_1x'`` (beat frequencies up to the sample rate), ``'complex_2x'`` (up to half of it, with
            the image band) or ``'real'`` (up to half of it).
        num_lanes: LVDS lanes from the radar to the card: 2 (xWR16xx, 18xx, 68xx: one receiver after the other) or 4
            (xWR12xx, 14xx: receivers interleaved).
        iq_order: How two complex samples lie in four int16 of a two-lane recording; ``'IIQQ'`` is what mmWave Studio
            writes. With four lanes only which half comes first counts.
        header_bytes: Bytes of the HSI header in front of each chirp, 0 without. The SDK's take 64.

    Raises:
        ConfigError: A count, rate or position that no radar can have, naming the field.
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
            positions = tuple(tuple(float(x) for x in position) for position in found)
        except (TypeError, ValueError):
            positions = ()
        if len(positions) != count or any(len(place) != 2 or not np.isfinite(place).all() for place in positions):
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
        """A configuration from itself, the name of a preset, or a dictionary of fields (``preset`` may be one).

        Raises:
            ConfigError: An unknown preset or field, naming it and the known ones; or none of the three.
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
        """Names of the fields in which another radar's samples are others; how they lie in a file does not count."""
        names = [field.name for field in fields(self) if field.name not in _LAYOUT]
        return [name for name in names if getattr(self, name) != getattr(other, name)]

    @property
    def num_antennas(self) -> int:
        """Virtual antennas: every transmitter with every receiver."""
        return self.num_tx * self.num_rx

    @property
    def chirps_per_frame(self) -> int:
        """Chirps of all transmitters in a frame."""
        return self.num_tx * self.num_loops

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Shape of one frame's cube: (virtual antennas, loops, samples)."""
        return self.num_antennas, self.num_loops, self.num_samples

    @property
    def chirp_bytes(self) -> int:
        """Bytes of one chirp of all receivers on disk, with its header; a sample takes one int16, or two if complex."""
        return self.header_bytes + (2 if self.sampling == 'real' else 4) * self.num_rx * self.num_samples

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame in ``adc_data.bin``."""
        return self.chirps_per_frame * self.chirp_bytes

    @property
    def num_range_bins(self) -> int:
        """Range bins that hold ranges; the others of a transform over all samples are their mirror image, or empty."""
        return self.num_samples if self.sampling == 'complex_1x' else self.num_samples // 2

    @property
    def frame_duration_s(self) -> float:
        """Time in which the radar chirps, in s; it rests for what is left of the frame period."""
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
        """Unambiguous range, in m: where the beat frequency is the sample rate, or half of it, see ``sampling``."""
        return self.range_resolution_m * self.num_range_bins

    @property
    def max_velocity_m_s(self) -> float:
        """Unambiguous radial speed either way of all loops, wavelength / 4 T_loop, in m/s.

        A heatmap of fewer loops folds far slower ones: :meth:`folding_speed_m_s`.
        """
        return self.folding_speed_m_s(self.num_loops)

    def folding_speed_m_s(self, num_chirps: int) -> float:
        """Radial speed in m/s from which on a target appears slower, or as one that moves the other way.

        Twice this speed looks like rest. Of HuPR's 64 loops it is 4.22 m/s, of the paper's 8 among them 0.53 m/s, which
        walking people and every fast limb exceed.

        Args:
            num_chirps: Loops kept of a frame, at equal distances.
        """
        return self.wavelength_m * num_chirps / (4 * self.num_loops * self.loop_period_s)

    @property
    def velocity_resolution_m_s(self) -> float:
        """Width of a Doppler bin of all loops, wavelength / 2 N T_loop, in m/s."""
        return self.wavelength_m / (2 * self.num_loops * self.loop_period_s)

    @property
    def virtual_positions(self) -> np.ndarray:
        """Positions of the virtual antennas, (tx * rx, 2) as (along, across), in half wavelengths, in file order.

        Raises:
            ConfigError: They are not known.
        """
        tx, rx = self._known_positions()
        return (tx[:, None] + rx[None, :]).reshape(-1, 2)

    @property
    def antenna_positions_m(self) -> tuple[np.ndarray, np.ndarray]:
        """Where transmitters and receivers are, (tx, 2) and (rx, 2) as (along, across), in m.

        Counted from the middle of the virtual array; half wavelengths are those of the centre of the sweep.

        Raises:
            ConfigError: It is not known.
        """
        centre, half_wavelength_m = self.virtual_positions.mean(axis=0) / 2, self.wavelength_m / 2
        tx, rx = self._known_positions()
        return (tx - centre) * half_wavelength_m, (rx - centre) * half_wavelength_m

    def _known_positions(self) -> tuple[np.ndarray, np.ndarray]:
        if self.tx_positions is None or self.rx_positions is None:
            raise ConfigError(
                'it is not known where the antennas of this radar stand: its file names no board, or none that is '
                f'known; read it with read_radar_config(..., board=...), one of {", ".join(BOARDS)}, or set '
                'tx_positions and rx_positions'
            )
        return np.asarray(self.tx_positions), np.asarray(self.rx_positions)

    @property
    def azimuth_first_order(self) -> np.ndarray:
        """Virtual antennas sorted row by row of the array, each row along it: (tx * rx,) indices.

        For the IWR1843 the eight of TX0 and TX2 come first, as one uniform line, then the four of the raised TX1.
        """
        along, across = self.virtual_positions.T
        return np.lexsort((along, across))

    @property
    def antenna_rows(self) -> tuple[tuple[int | None, ...], ...]:
        """The array row by row: each row's virtual antennas at their columns, half a wavelength apart.

        ``None`` stands at a column where the row has no antenna; of several at one place the first is taken. The row
        with the most antennas comes first. For the IWR1843 these are the eight of TX0 and TX2, and the four of the
        raised TX1 at columns 2 to 5.

        Raises:
            ConfigError: The antennas do not stand on columns half a wavelength apart.
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
        """What :func:`mmradar.radar.heatmap_3d` takes as ``antenna_order``, by name.

        Args:
            name: ``'azimuth_first'``, all antennas on one line, row after row; ``'file'``, all on one line as their
                transmitters fire; ``'row'``, the longest row alone; ``'rows'``, a heatmap of each row.

        Raises:
            ConfigError: Another name, or an array without rows.
        """
        check_antenna_order(name)
        if name in ('row', 'rows'):
            return self.antenna_rows if name == 'rows' else self.antenna_rows[0]
        return None if name == 'file' else self.azimuth_first_order.tolist()

    def antenna_delays(self, num_chirps: int | None = None) -> np.ndarray:
        """When each virtual antenna's transmitter fires, in periods between kept loops: (tx * rx,), file order.

        Args:
            num_chirps: Loops kept of a frame, at equal distances; all if ``None``.
        """
        stride = self.num_loops // (num_chirps or self.num_loops)
        return np.repeat(np.arange(self.num_tx) / (self.num_tx * stride), self.num_rx)


PRESETS: dict[str, RadarConfig] = {
    'iwr1843_hupr': RadarConfig(),
    # milliMamba states 128 chirps for its cube; that they are TransHuPR's is inferred. The chirp period is the
    # shortest round one that 256 samples at 5 MHz fit in.
    'iwr1843_transhupr': RadarConfig(num_loops=128, chirp_period_s=60e-6),
}
