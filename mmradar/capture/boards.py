"""A TI radar and its DCA1000, configured and started through the library ``xwr``.

The radar runs TI's mmWave SDK demo and takes its commands by a serial port; the capture card takes its own by UDP.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from mmradar.capture.receiver import CaptureError
from mmradar.errors import ConfigError
from mmradar.radar import BOARDS, RadarConfig, radar_differences
from mmradar.radar.conformed_recording import MOST_SHIFT

COMMAND_PORT = 4096
_ADC_START_S, _EXCESS_RAMP_S, _TX_START_S = 6e-6, 1e-6, 1e-6
_MOST_HZ, _LEAST_IDLE_S = 81e9, 2e-6


@dataclass(frozen=True)
class ChirpTiming:
    """What a radar is told of its chirps: a ramp, within which it samples.

    Args:
        start_hz: Frequency at which the ramp begins.
        idle_s: Between two ramps.
        adc_start_s: From the beginning of the ramp to the first sample.
        ramp_s: Length of the ramp.
    """

    start_hz: float
    idle_s: float
    adc_start_s: float
    ramp_s: float

    @classmethod
    def of(cls, radar: RadarConfig) -> ChirpTiming:
        """A ramp around a radar's samples; it begins lower than asked for where it would end above 81 GHz.

        Raises:
            ConfigError: The chirp period leaves no time for it, or the start would be lower by more than 0.5 %.
        """
        ramp_s = _ADC_START_S + radar.num_samples / radar.sample_rate_hz + _EXCESS_RAMP_S
        idle_s = radar.chirp_period_s - ramp_s
        if idle_s < _LEAST_IDLE_S:
            raise ConfigError(
                f'a chirp every {1e6 * radar.chirp_period_s:g} us leaves {1e6 * idle_s:.1f} us beside a ramp of '
                f'{1e6 * ramp_s:g} us; a radar needs {1e6 * _LEAST_IDLE_S:g} us'
            )
        wanted_hz = radar.start_frequency_hz - radar.slope_hz_per_s * _ADC_START_S
        start_hz = min(wanted_hz, _MOST_HZ - radar.slope_hz_per_s * ramp_s)
        if wanted_hz - start_hz > MOST_SHIFT * wanted_hz:
            raise ConfigError(
                f'a ramp from {wanted_hz / 1e9:g} GHz at {radar.slope_hz_per_s / 1e12:g} MHz/us would end above '
                f'{_MOST_HZ / 1e9:g} GHz, where the radar ends'
            )
        return cls(start_hz, idle_s, _ADC_START_S, ramp_s)


def boards_radar(radar: RadarConfig) -> RadarConfig:
    """What a board records that :class:`RadarBoard` has configured as a radar: the same, Q before I.

    Raises:
        ConfigError: A radar that it cannot be configured as.
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
    """Raise unless what boards record can be brought to what a model was made for: only the order of words may differ.

    And the start frequency by half a percent, which scales angles and speeds by as much.

    Raises:
        ConfigError: With the fields that differ.
    """
    if differences := radar_differences(found, wanted, cut=False):
        raise ConfigError(f"the boards record with another radar than the model's: {'; '.join(differences)}")


class RadarBoard:
    """A radar and its capture card, from configuring them to switching them off.

    The card sends what the radar samples to this computer, to port 4098 as delivered.

    .. code-block:: python

        radar = RadarConfig()
        with BoardReceiver('hori', boards_radar(radar), host='192.168.33.30') as receiver:
            with RadarBoard('hori', radar, '/dev/ttyACM0') as board:
                board.start()
                frame = receiver.frames.get(timeout=1)

    Args:
        view: The board's, for messages.
        radar: What it is to record; see :func:`boards_radar` for how samples lie then.
        serial_port: Of the radar: the lower one of its two.
        host_ip: Of this computer, on the card's network.
        card_ip: Of the card.
        command_port: Of the card and of this computer.

    Raises:
        ConfigError: ``xwr`` is not installed, or a radar that the board cannot be configured as.
        CaptureError: Nobody answers, an address or port cannot be had, or the radar refuses a command.
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
        timing = ChirpTiming.of(radar)
        try:
            from serial import SerialException
            from xwr.capture import DCA1000EVM, DCAError
            from xwr.radar import XWRError
        except ModuleNotFoundError as error:
            raise ConfigError(f"boards need {error.name}: pip install 'mmradar[boards]'") from error
        self._errors = (OSError, SerialException, DCAError, XWRError)
        self._radar_words = f'the radar on {serial_port}'
        self._card_words = f'the capture card at {card_ip}:{command_port} (asked from {host_ip})'
        self._closing = ExitStack()
        try:
            with self._told(self._card_words):
                # its data goes to whoever listens, not to the library's socket
                self._card = DCA1000EVM(host_ip, card_ip, data_port=0, config_port=command_port, name=view)
                self._closing.callback(self._card.config_socket.close)
                self._closing.callback(self._card.data_socket.close)
                self._card.setup()
                self._card.stop()
                self._card.reset_ar_device()
            with self._told(self._radar_words):
                self._device = _device(serial_port, view)
                self._closing.callback(self._device.port.close)
                self._device.setup(**_settings(self.radar, timing))
        except BaseException:
            self._closing.close()
            raise

    def start(self) -> None:
        """Let card and radar begin; nobody counts what is sent before a receiver listens.

        Raises:
            CaptureError: One of them does not answer, or refuses.
        """
        with self._told(self._card_words):
            self._card.start()
        self._closing.callback(self._stop)
        with self._told(self._radar_words):
            self._device.start()

    def _stop(self) -> None:
        """A radar that is not reset may answer no more until its power is off and on."""
        with self._told(self._card_words):
            self._card.stop()
            self._card.reset_ar_device()

    def close(self) -> None:
        """Stop card and radar, and let go of sockets and port.

        Raises:
            CaptureError: The card does not answer; sockets and port are closed all the same.
        """
        self._closing.close()

    def __enter__(self) -> RadarBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Errors of the library, of the port and of sockets as one of ours."""
        try:
            yield
        except TimeoutError as error:
            raise CaptureError(f'{self.view}: {what} does not answer. Is it on and connected?') from error
        except self._errors as error:
            raise CaptureError(f'{self.view}: {what}: {error}') from error


def _settings(radar: RadarConfig, timing: ChirpTiming) -> dict[str, float]:
    """What the library asks for, in its units: GHz, us, MHz/us, ksps, ms."""
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
        """The library's, which knows start frequencies of 76 and 77 GHz only."""

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
