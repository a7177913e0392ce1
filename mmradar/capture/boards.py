"""Configuration and control of a TI radar and its DCA1000 through the library ``xwr``.

The radar runs TI's mmWave SDK demo and is configured over a serial port, the capture card over UDP.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from mmradar.capture.receiver import CaptureError
from mmradar.errors import ConfigError
from mmradar.radar import BOARDS, RadarConfig, radar_differences
from mmradar.radar.conformed_recording import MOST_SHIFT

COMMAND_PORT = 4096
_ADC_START_S, _EXCESS_RAMP_S, _TX_START_S = 6e-6, 1e-6, 1e-6
_MAX_HZ, _MIN_IDLE_S = 81e9, 2e-6


@dataclass(frozen=True)
class ChirpTiming:
    """Timing of a chirp: a ramp that contains the samples.

    Args:
        start_hz: Frequency at which the ramp begins.
        idle_s: Time between two ramps.
        adc_start_s: Time from the beginning of the ramp to the first sample.
        ramp_s: Duration of the ramp.
    """

    start_hz: float
    idle_s: float
    adc_start_s: float
    ramp_s: float

    @classmethod
    def of(cls, radar: RadarConfig) -> ChirpTiming:
        """Compute a ramp around a radar's samples.

        If the ramp would end above 81 GHz, its start is lowered by up to 0.5 %.

        Raises:
            ConfigError: The chirp period is too short for the ramp, or the start would have to be lowered further.
        """
        ramp_s = _ADC_START_S + radar.num_samples / radar.sample_rate_hz + _EXCESS_RAMP_S
        idle_s = radar.chirp_period_s - ramp_s
        if idle_s < _MIN_IDLE_S:
            raise ConfigError(
                f'a chirp every {1e6 * radar.chirp_period_s:g} us leaves {1e6 * idle_s:.1f} us of idle time after a '
                f'ramp of {1e6 * ramp_s:g} us; a radar needs {1e6 * _MIN_IDLE_S:g} us'
            )
        wanted_hz = radar.start_frequency_hz - radar.slope_hz_per_s * _ADC_START_S
        start_hz = min(wanted_hz, _MAX_HZ - radar.slope_hz_per_s * ramp_s)
        if wanted_hz - start_hz > MOST_SHIFT * wanted_hz:
            raise ConfigError(
                f'a ramp from {wanted_hz / 1e9:g} GHz at {radar.slope_hz_per_s / 1e12:g} MHz/us would end above '
                f'{_MAX_HZ / 1e9:g} GHz, the limit of the radar'
            )
        return cls(start_hz, idle_s, _ADC_START_S, ramp_s)


def boards_radar(radar: RadarConfig) -> RadarConfig:
    """Return the configuration of the samples that a board sends after :class:`RadarBoard` has configured it.

    It is ``radar`` with Q before I and without headers.

    Raises:
        ConfigError: The board cannot be configured as this radar.
    """
    if radar.sampling != 'complex_1x' or radar.num_lanes != 2:
        raise ConfigError(
            f'a board is configured for complex_1x samples over 2 lanes; the radar has {radar.sampling} over '
            f'{radar.num_lanes}'
        )
    if radar.tx_positions != BOARDS['xWR1843'].tx_positions or radar.rx_positions != BOARDS['xWR1843'].rx_positions:
        raise ConfigError('a board is configured as an xWR1843, TX1 to TX3 in turn; the radar has other antennas')
    return replace(radar, iq_order='QQII', header_bytes=0)


def check_boards_radar(found: RadarConfig, wanted: RadarConfig) -> None:
    """Raise unless the boards' recordings can be converted to those that a model was made for.

    The order of words may differ, and the start frequency by 0.5 %, which scales angles and speeds by the same factor.

    Args:
        found: The radar with which the boards record.
        wanted: The radar that the model was made for.

    Raises:
        ConfigError: Other fields differ; the message names them.
    """
    if differences := radar_differences(found, wanted, cut=False):
        raise ConfigError(f"the boards record with another radar than the model's: {'; '.join(differences)}")


class RadarBoard:
    """Radar and its capture card; both are configured on construction, started by :meth:`start` and stopped on close.

    The card sends the radar's samples to this computer; the factory setting is port 4098.

    .. code-block:: python

        radar = RadarConfig()
        with BoardReceiver('hori', boards_radar(radar), host='192.168.33.30') as receiver:
            with RadarBoard('hori', radar, '/dev/ttyACM0') as board:
                board.start()
                frame = receiver.frames.get(timeout=1)

    Args:
        view: Name of the board's view, for messages.
        radar: The radar as which to configure the board; see :func:`boards_radar` for the resulting order of samples.
        serial_port: Serial port of the radar, the lower-numbered of its two.
        host_ip: Address of this computer on the card's network.
        card_ip: Address of the card.
        command_port: UDP port for the card's commands, on the card and on this computer.

    Raises:
        ConfigError: ``xwr`` is not installed, or the board cannot be configured as this radar.
        CaptureError: Radar or card do not answer, an address or port cannot be opened, or the radar refuses a command.
    """

    def __init__(
        self,
        view: str,
        radar: RadarConfig,
        serial_port: str,
        host_ip: str = '192.168.33.30',
        card_ip: str = '192.168.33.180',
        command_port: int = COMMAND_PORT,
    ) -> None:
        self.view, self.radar = view, boards_radar(radar)
        if serial_port.startswith('/') and not Path(serial_port).exists():
            raise CaptureError(f'{view}: there is no serial port {serial_port}; is the radar connected and on?')
        timing = ChirpTiming.of(radar)
        try:
            from serial import SerialException
            from xwr.capture import DCA1000EVM, DCAError
            from xwr.radar import XWRError
        except ModuleNotFoundError as error:
            raise ConfigError(f"boards need {error.name}: pip install 'mmradar[boards]'") from error
        self._errors = (OSError, SerialException, DCAError, XWRError)
        self._radar_name = f'the radar on {serial_port}'
        self._card_name = f'the capture card at {card_ip}:{command_port} (asked from {host_ip})'
        self._closing = ExitStack()
        try:
            with self._translate_errors(self._card_name):
                # data_port=0: samples go to a receiver's socket, not to the library's
                self._card = DCA1000EVM(host_ip, card_ip, data_port=0, config_port=command_port, name=view)
                self._closing.callback(self._card.config_socket.close)
                self._closing.callback(self._card.data_socket.close)
                self._card.setup()
                self._card.stop()
                self._card.reset_ar_device()
            with self._translate_errors(self._radar_name):
                self._device = _device(serial_port, view)
                self._closing.callback(self._device.port.close)
                self._device.setup(**_settings(self.radar, timing))
        except BaseException:
            self._closing.close()
            raise

    def start(self) -> None:
        """Start the card and the radar; datagrams sent before a receiver listens are lost without being counted.

        Raises:
            CaptureError: The card or the radar does not answer or refuses.
        """
        with self._translate_errors(self._card_name):
            self._card.start()
        self._closing.callback(self._stop)
        with self._translate_errors(self._radar_name):
            self._device.start()

    def _stop(self) -> None:
        """Stop the card and reset the radar, which otherwise may not answer until it is switched off and on."""
        with self._translate_errors(self._card_name):
            self._card.stop()
            self._card.reset_ar_device()

    def close(self) -> None:
        """Stop the card and the radar, and close the sockets and the serial port.

        Raises:
            CaptureError: The card does not answer; sockets and serial port are closed nevertheless.
        """
        self._closing.close()

    def __enter__(self) -> RadarBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _translate_errors(self, device: str) -> Iterator[None]:
        """Raise errors of the library, the serial port and sockets as :class:`CaptureError`."""
        try:
            yield
        except TimeoutError as error:
            raise CaptureError(f'{self.view}: {device} does not answer. Is it on and connected?') from error
        except self._errors as error:
            raise CaptureError(f'{self.view}: {device}: {error}') from error


def _settings(radar: RadarConfig, timing: ChirpTiming) -> dict[str, float]:
    """Return the library's arguments, in its units: GHz, us, MHz/us, ksps, ms."""
    return dict(
        frequency=round(timing.start_hz / 1e9, 6),
        idle_time=round(timing.idle_s * 1e6, 3),
        adc_start_time=timing.adc_start_s * 1e6,
        ramp_end_time=round(timing.ramp_s * 1e6, 3),
        tx_start_time=_TX_START_S * 1e6,
        freq_slope=radar.slope_hz_per_s / 1e12,
        adc_samples=radar.num_samples,
        sample_rate=round(radar.sample_rate_hz / 1e3),
        frame_length=radar.num_loops,
        frame_period=1e3 / radar.frame_rate_hz,
    )


def _device(serial_port: str, name: str) -> Any:
    from xwr.radar import AWR1843

    class Radar(AWR1843):
        """AWR1843 with any start frequency; the library's class allows 76 and 77 GHz only."""

        def profileCfg(
            self,
            startFreq: float,
            idleTime: float,
            adcStartTime: float,
            rampEndTime: float,
            txStartTime: float,
            freqSlopeConst: float,
            numAdcSamples: int,
            digOutSampleRate: int,
        ) -> None:
            self.send(
                f'profileCfg 0 {startFreq} {idleTime} {adcStartTime} {rampEndTime} 0 0 {freqSlopeConst} {txStartTime} '
                f'{numAdcSamples} {digOutSampleRate} 0 0 30'
            )

    return Radar(serial_port, name=name)
