"""Inspection of raw files: likely layout and faults, found from the bytes and from the physics of radar echoes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmradar.radar.adc_layout import decode_groups, unpack_words
from mmradar.radar.config import IQ_ORDERS, RadarConfig
from mmradar.radar.open_recording import format_of
from mmradar.radar.packets import PACKET_BYTES
from mmradar.radar.point_cloud import longest_row
from mmradar.radar.range_doppler import remove_static_clutter, signed_bins
from mmradar.radar.raw_files import RawRecording, open_raw
from mmradar.radar.recording import ADCFileError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DEAD_DB = 30.0  # an antenna this far below the median antenna is dead
_SHOWN_DB = 40.0  # dynamic range of the maps, below their maximum
_SINES = 128  # directions in the range-angle map
_MIN_LOOPS = 8  # loops from which their mean estimates static clutter
_MIRROR = 2.0  # ratio of energy at negative ranges to energy at positive ranges that suggests swapped I and Q
_ALIKE, _UNLIKE = 0.8, 0.5  # correlation above which signals are the same, and below which they differ
_BLOCK_PACKETS = 2**15


@dataclass
class ADCReport:
    """Report on a raw file.

    Args:
        path: The file.
        size_bytes: Size of the file.
        config: The radar configuration with which the file was read.
        frames: Number of whole frames in the file.
        bytes_over: Bytes after the last whole frame.
        cube: The inspected frames, complex64, (frames, antennas, loops, samples), ADC counts.
        power_db: Mean power of each antenna without its DC, dB of counts squared.
        dc_counts: Mean of each antenna, complex.
        clipped: Share of samples at the limits of int16, for each antenna.
        layout: Likely lanes and order of I and Q: those for which echoes are sharp and lie at positive ranges.
        problems: The faults found, as sentences.
    """

    path: Path
    size_bytes: int
    config: RadarConfig
    frames: int
    bytes_over: int
    cube: np.ndarray
    power_db: np.ndarray
    dc_counts: np.ndarray
    clipped: np.ndarray
    layout: str
    problems: list[str] = field(default_factory=list)

    def antenna_name(self, antenna: int | np.integer) -> str:
        """Return the name of a virtual antenna, made of its transmitter and receiver."""
        tx, rx = divmod(int(antenna), self.config.num_rx)
        return f'TX {tx} RX {rx}'


def inspect_adc(path: str | Path, config: RadarConfig, max_frames: int = 16) -> ADCReport:
    """Inspect a raw file of a DCA1000.

    Args:
        path: The file.
        config: The expected radar.
        max_frames: Maximum number of frames to inspect, evenly spaced over the file.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: The file is not a raw file, contains no whole frame, or has chirp headers although ``config`` has
            none, or the reverse.
    """
    path = Path(path)
    if (content := format_of(path)) != 'raw':
        raise ADCFileError(f'{path}: holds {content}; only raw files of a DCA1000 can be inspected')
    recording = open_raw(path, config, on_error='drop')  # bytes after the last whole frame are reported as a problem
    size, frames = path.stat().st_size, len(recording)
    over = size - frames * config.frame_bytes
    numbers: list[int] = np.unique(np.linspace(0, frames - 1, max_frames).astype(int)).tolist()
    words = recording.words(numbers)
    likely = _likely_layout(words, config)
    raw = unpack_words(words, likely)
    cube = decode_groups(raw)
    dc = cube.mean((0, 2, 3))
    power = 10 * np.log10(np.maximum((np.abs(cube - dc[:, None, None]) ** 2).mean((0, 2, 3)), 1e-3))
    limits = np.iinfo(np.int16)
    values = raw[..., :2] if config.sampling == 'real' else raw
    at_limit = ((values >= limits.max) | (values <= limits.min)).mean((0, 1, 4, 5)).reshape(-1)
    report = ADCReport(path, size, config, frames, over, cube, power, dc, at_limit, _layout_name(likely))
    dead = np.flatnonzero(power < np.median(power) - _DEAD_DB) if np.median(power) > -20 else np.arange(len(power))
    report.problems += _problems_of_size(report)
    report.problems += [
        f'{report.antenna_name(antenna)} is dead: {power[antenna]:.0f} dB, others {np.median(power):.0f} dB'
        for antenna in dead
    ]
    report.problems += [
        f'{report.antenna_name(antenna)} is clipped: {100 * at_limit[antenna]:.1f} % of samples at the limit'
        for antenna in np.flatnonzero(at_limit > 1e-3)
    ]
    if likely != config:
        report.problems.append(
            f'samples seem to come as {report.layout}, not as {_layout_name(config)}: lanes or I and Q are swapped'
        )
    spectrum = _range_power(cube)
    half = len(spectrum) // 2
    if config.sampling != 'real' and spectrum[half:].sum() > _MIRROR * spectrum[1:half].sum():
        report.problems.append('most of the energy lies at negative ranges: I and Q may be swapped')
    if not len(dead):
        report.problems += _empty_packets(path)
        report.problems += _unlike_configuration(cube[0], config)
        report.problems += _shifts(recording, likely, numbers)
    return report


def _layout_name(config: RadarConfig) -> str:
    return f'{config.num_lanes} lanes, ' + ('real' if config.sampling == 'real' else config.iq_order)


def _range_power(cube: np.ndarray) -> np.ndarray:
    """Compute the mean power of each range bin, without the DC of each chirp, (samples,)."""
    return (np.abs(np.fft.fft(cube - cube.mean(-1, keepdims=True))) ** 2).mean((0, 1, 2))


def _likely_layout(words: np.ndarray, config: RadarConfig) -> RadarConfig:
    """Return the radar with the lanes and I/Q order that concentrate a chirp's spectrum most on positive ranges."""
    lanes = (2, 4) if config.num_rx == 4 else (2,)
    orders = (config.iq_order,) if config.sampling == 'real' else IQ_ORDERS
    scores: dict[RadarConfig, float] = {}
    for number in lanes:
        for order in orders[:2] if number == 4 else orders:
            layout = replace(config, num_lanes=number, iq_order=order)
            mean = _range_power(decode_groups(unpack_words(words, layout)))
            half = len(mean) // 2
            mean = mean[:half] * 2 if config.sampling == 'real' else mean
            # sharpness is the share of the strongest bins: a wrong order mirrors echoes or splits them in two
            sharpness = np.sort(mean)[-max(1, len(mean) // 16) :].sum() / max(mean.sum(), 1e-12)
            positive = mean[1:half].sum() / max(mean[1:].sum(), 1e-12)
            scores[layout] = float(sharpness * positive)
    best = max(scores, key=lambda layout: scores[layout])
    return best if scores[best] > 1.2 * scores.get(config, 0) else config


def _problems_of_size(report: ADCReport) -> list[str]:
    over, size, frame = report.bytes_over, report.size_bytes, report.config.frame_bytes
    if not over:
        return []
    problems = [
        f'{over:,} bytes from offset {size - over:,} on are no whole frame ({frame:,} bytes): the recording was cut '
        f'short, or the configuration does not belong to it'
    ]
    if over % 2:
        problems.append(f'an odd number of bytes, {size:,}: samples take two')
    elif (frame - over) % PACKET_BYTES == 0:
        lost = (frame - over) // PACKET_BYTES
        problems.append(f'the last frame lacks exactly the bytes of {lost:,} packets of the card, which may be lost')
    return problems


def _empty_packets(path: Path) -> list[str]:
    """Find packets of zeros, with which mmWave Studio replaces lost packets."""
    content = np.memmap(path, np.uint8, 'r')
    packets = len(content) // PACKET_BYTES
    empty = []
    for start in range(0, packets, _BLOCK_PACKETS):
        block = content[start * PACKET_BYTES : min(start + _BLOCK_PACKETS, packets) * PACKET_BYTES]
        empty.append(start + np.flatnonzero(~block.view('<u8').reshape(-1, PACKET_BYTES // 8).any(1)))
    empty = np.concatenate(empty) if empty else np.zeros(0, int)
    if not len(empty) or len(empty) > packets // 2:
        return []
    return [
        f'{len(empty):,} packets of {PACKET_BYTES:,} bytes are zeros, the first at offset {empty[0] * PACKET_BYTES:,}: '
        'lost while recording'
    ]


def _correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute the magnitude of the circular correlation of two rows of samples for each shift, 0 to 1."""
    first, second = first - first.mean(), second - second.mean()
    product = np.fft.ifft(np.fft.fft(first) * np.conj(np.fft.fft(second)))
    return np.abs(product) / max(np.linalg.norm(first) * np.linalg.norm(second), 1e-12)


def _in_time(cube: np.ndarray, config: RadarConfig) -> np.ndarray:
    """Return a frame's samples in the order in which they are sent, receivers one after the other."""
    return cube.reshape(config.num_tx, config.num_rx, config.num_loops, -1).transpose(2, 0, 1, 3).reshape(-1)


def _unlike_configuration(cube: np.ndarray, config: RadarConfig) -> list[str]:
    """Report samples that repeat with another period than a loop.

    Static targets repeat from loop to loop; another period means another number of samples, receivers or transmitters.
    """
    loop = config.num_antennas * config.num_samples
    if config.num_loops < 2:
        return []
    alike = _correlation(*[_in_time(cube, config)] * 2)[: loop * config.num_loops // 2 + 1]
    alike[: config.num_samples // 2] = 0  # within a chirp every echo repeats
    best = int(np.argmax(alike > 0.98 * alike.max()))  # the shortest period, not a multiple
    if alike[loop] >= _UNLIKE or alike[best] < _ALIKE:
        return []
    return [
        f'samples repeat after {best:,}, not after the {loop:,} of a loop ({config.num_tx} TX x {config.num_rx} RX x '
        f'{config.num_samples} samples): the configuration does not belong to it'
    ]


def _shifts(recording: RawRecording, config: RadarConfig, numbers: list[int]) -> list[str]:
    """Report the first frame whose samples are shifted.

    Static targets look alike in every frame; after a lost packet that was not filled in, all samples come too early.
    """

    def in_time(frame: int) -> np.ndarray:
        return _in_time(decode_groups(unpack_words(recording.words([frame]), config))[0], config)

    first, loop = in_time(numbers[0]), config.num_antennas * config.num_samples

    def shift(frame: int) -> int | None:
        alike = _correlation(first, in_time(frame))
        best = int(alike.argmax())
        # loops repeat too, so a shift is known only up to a multiple of a loop
        return best % loop if alike[0] < _UNLIKE and alike[best] > _ALIKE else None

    good = numbers[0]
    for number in numbers[1:]:
        if (found := shift(number)) is None:
            good = number
            continue
        bad = number
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if shift(middle) is None else (good, middle)
        samples = PACKET_BYTES // (2 if config.sampling == 'real' else 4)
        packets = next((k for k in range(1, 65) if k * samples % loop == found), None)
        cause = f', as if {packets} packets of the card were lost and not filled in' if packets else ''
        return [f'from frame {bad:,} on (offset {bad * config.frame_bytes:,}), samples come {found:,} too early{cause}']
    return []


def _moving_spectrum(cube: np.ndarray, config: RadarConfig) -> np.ndarray:
    """Compute the range-Doppler spectrum without static clutter, (frames, antennas, loops, range bins).

    With fewer than ``_MIN_LOOPS`` loops, the mean over loops contains the target itself, and nothing is removed.
    """
    cube = remove_static_clutter(cube) if config.num_loops >= _MIN_LOOPS else cube
    spectrum = np.fft.fft2(cube, axes=(2, 3))[..., : config.num_range_bins]
    return np.fft.fftshift(spectrum, axes=2)


def _power_by_sine(spectrum: np.ndarray, config: RadarConfig, sines: np.ndarray) -> np.ndarray:
    """Compute the mean power from each direction at each range with the longest row of antennas, (sines, range bins).

    The phase that a moving target gains between transmitters that fire in turn is removed first, so that the directions
    of moving targets are right as long as their speeds are unambiguous.
    """
    along, across = config.virtual_positions.T
    row = longest_row(across)
    cycles = np.outer(config.antenna_delays()[row], signed_bins(config.num_loops)) / config.num_loops
    signals = spectrum[:, row] * np.exp(-2j * np.pi * cycles)[..., None].astype(np.complex64)
    covariance = np.einsum('fadr,fbdr->rab', signals, signals.conj(), optimize=True) / (len(signals) * config.num_loops)
    steering = np.exp(1j * np.pi * np.outer(sines, along[row])) / row.sum()
    return np.einsum('sa,rab,sb->sr', steering, covariance, steering.conj(), optimize=True).real


def _decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, 0) + 1e-3)


def draw_report(report: ADCReport, out_file: str | Path) -> None:
    """Draw the range profile, range-Doppler map and range-angle map of the inspected frames in one picture.

    Args:
        report: Report of :func:`inspect_adc`.
        out_file: File to write; its suffix selects the format.
    """
    report_figure(report).savefig(out_file, dpi=110)


def report_figure(report: ADCReport) -> Figure:
    """Return the figure that :func:`draw_report` writes.

    The extents of the two maps are the outer edges of their cells. Ranges extend to the radar's unambiguous range.
    Speeds are positive away from the radar. Angles are measured along the array; their sine is positive towards its
    last antenna.
    """
    from matplotlib.figure import Figure

    config, cube = report.config, report.cube
    clutter = ', static clutter removed' if config.num_loops >= _MIN_LOOPS else ''
    spectrum = _moving_spectrum(cube, config)
    sines = (np.arange(_SINES) + 0.5) * 2 / _SINES - 1
    profile = (np.abs(np.fft.fft(cube)[..., : config.num_range_bins]) ** 2).mean((0, 2))
    ranges_m = np.arange(config.num_range_bins) * config.range_resolution_m
    range_edges_m = (-config.range_resolution_m / 2, ranges_m[-1] + config.range_resolution_m / 2)
    bins = signed_bins(config.num_loops)
    speed_edges_m_s = (np.array([bins[0], bins[-1]]) + (-0.5, 0.5)) * config.velocity_resolution_m_s
    figure = Figure(figsize=(13, 4), layout='constrained')
    first, second, third = figure.subplots(1, 3)
    for antenna, line in enumerate(_decibels(profile)):
        first.plot(ranges_m, line, lw=0.8, label=report.antenna_name(antenna))
    first.set(xlabel='range (m)', ylabel='power (dB)', title=f'range profile, {len(cube)} of {report.frames:,} frames')
    first.legend(fontsize=6, ncols=2)
    for axis, power, edges in (
        (second, (np.abs(spectrum) ** 2).mean((0, 1)), speed_edges_m_s),
        (third, _power_by_sine(spectrum, config, sines), (-1, 1)),
    ):
        shown = _decibels(power)
        extent = (*range_edges_m, *edges)
        axis.imshow(shown, aspect='auto', origin='lower', extent=extent, vmin=shown.max() - _SHOWN_DB)
    second.set(xlabel='range (m)', ylabel='radial speed (m/s)', title=f'range-Doppler{clutter}')
    third.set(xlabel='range (m)', ylabel='sine of the angle', title=f'range-angle{clutter}')
    return figure
