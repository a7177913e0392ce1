"""What a raw file is, and what is wrong with it, as far as its bytes and physics tell."""

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

_DEAD_DB = 30.0  # below the median antenna
_SHOWN_DB = 40.0  # below the strongest, in the picture
_SINES = 128  # directions in the picture
_LEAST_LOOPS = 8  # of which the mean may be taken for what stands still
_MIRROR = 2.0  # energy at negative ranges over that at positive ones
_ALIKE, _UNLIKE = 0.8, 0.5  # correlation of what should repeat, and of what does not
_BLOCK_PACKETS = 2**15


@dataclass
class ADCReport:
    """Findings about a raw file.

    Args:
        path: The file.
        size_bytes: Its size.
        config: The radar it was read as.
        frames: Whole frames in it.
        bytes_over: Bytes behind the last whole frame.
        cube: The frames looked at, complex64, (frames, antennas, loops, samples), ADC counts.
        power_db: Mean power of each antenna without its DC, dB of counts squared.
        dc_counts: Mean of each antenna, complex.
        clipped: Share of samples at the limit of int16, of each antenna.
        layout: Likely lanes and order of I and Q: those under which echoes are sharp and lie at positive ranges.
        problems: What is wrong, in sentences.
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

    def antenna_name(self, antenna: int) -> str:
        """Transmitter and receiver of a virtual antenna."""
        tx, rx = divmod(int(antenna), self.config.num_rx)
        return f'TX {tx} RX {rx}'


def inspect_adc(path: str | Path, config: RadarConfig, max_frames: int = 16) -> ADCReport:
    """Look into a DCA1000 file.

    Args:
        path: The file.
        config: The radar it should be of.
        max_frames: How many frames to look at, evenly over the file.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: Not one whole frame in it, headers where there should be none or the other way round, or no raw
            file.
    """
    path = Path(path)
    if (held := format_of(path)) != 'raw':
        raise ADCFileError(f'{path}: holds {held}; raw files of a DCA1000 are inspected')
    recording = open_raw(path, config, on_error='drop')  # what is over is among the problems
    size, frames = path.stat().st_size, len(recording)
    over = size - frames * config.frame_bytes
    numbers = np.unique(np.linspace(0, frames - 1, max_frames).astype(int))
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
    """Mean power of each range bin without the DC of each chirp, (samples,)."""
    return (np.abs(np.fft.fft(cube - cube.mean(-1, keepdims=True))) ** 2).mean((0, 1, 2))


def _likely_layout(words: np.ndarray, config: RadarConfig) -> RadarConfig:
    """The radar with the lanes and order under which a chirp's spectrum is most concentrated on positive ranges."""
    lanes = (2, 4) if config.num_rx == 4 else (2,)
    orders = (config.iq_order,) if config.sampling == 'real' else IQ_ORDERS
    scores = {}
    for number in lanes:
        for order in orders[:2] if number == 4 else orders:
            layout = replace(config, num_lanes=number, iq_order=order)
            mean = _range_power(decode_groups(unpack_words(words, layout)))
            half = len(mean) // 2
            mean = mean[:half] * 2 if config.sampling == 'real' else mean
            # sharp: the share of the strongest bins; a wrong order mirrors echoes or spreads them over two places
            strongest = np.sort(mean)[-max(1, len(mean) // 16) :].sum() / max(mean.sum(), 1e-12)
            positive = mean[1:half].sum() / max(mean[1:].sum(), 1e-12)
            scores[layout] = strongest * positive
    best = max(scores, key=scores.get)
    return best if scores[best] > 1.2 * scores.get(config, 0) else config


def _problems_of_size(report: ADCReport) -> list[str]:
    over, size, frame = report.bytes_over, report.size_bytes, report.config.frame_bytes
    if not over:
        return []
    problems = [
        f'{over:,} bytes from offset {size - over:,} on are no whole frame ({frame:,} bytes): the recording was cut '
        f'short, or the configuration is not its own'
    ]
    if over % 2:
        problems.append(f'an odd number of bytes, {size:,}: samples take two')
    elif (frame - over) % PACKET_BYTES == 0:
        lost = (frame - over) // PACKET_BYTES
        problems.append(f'the last frame lacks as many bytes as {lost:,} packets of the card: they may be lost')
    return problems


def _empty_packets(path: Path) -> list[str]:
    """Packets of zeros, with which mmWave Studio fills in for lost ones."""
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
    """Likeness of one row of samples to another, turned round by each number of samples: 0 to 1."""
    first, second = first - first.mean(), second - second.mean()
    product = np.fft.ifft(np.fft.fft(first) * np.conj(np.fft.fft(second)))
    return np.abs(product) / max(np.linalg.norm(first) * np.linalg.norm(second), 1e-12)


def _in_time(cube: np.ndarray, config: RadarConfig) -> np.ndarray:
    """A frame's samples in the order in which they were sent, receivers one after the other."""
    return cube.reshape(config.num_tx, config.num_rx, config.num_loops, -1).transpose(2, 0, 1, 3).reshape(-1)


def _unlike_configuration(cube: np.ndarray, config: RadarConfig) -> list[str]:
    """What stands still repeats from loop to loop; another period tells of other samples, receivers or transmitters."""
    loop = config.num_antennas * config.num_samples
    if config.num_loops < 2:
        return []
    alike = _correlation(*[_in_time(cube, config)] * 2)[: loop * config.num_loops // 2 + 1]
    alike[: config.num_samples // 2] = 0  # within a chirp every echo repeats
    best = int(np.argmax(alike > 0.98 * alike.max()))  # the period itself, not a multiple
    if alike[loop] >= _UNLIKE or alike[best] < _ALIKE:
        return []
    return [
        f'samples repeat after {best:,}, not after the {loop:,} of a loop ({config.num_tx} TX x {config.num_rx} RX x '
        f'{config.num_samples} samples): the configuration is not its own'
    ]


def _shifts(recording: RawRecording, config: RadarConfig, numbers: np.ndarray) -> list[str]:
    """What stands still is alike in every frame; after a packet that nobody filled in for, it is out of place."""

    def in_time(frame: int) -> np.ndarray:
        return _in_time(decode_groups(unpack_words(recording.words([frame]), config))[0], config)

    first, loop = in_time(numbers[0]), config.num_antennas * config.num_samples

    def shift(frame: int) -> int | None:
        alike = _correlation(first, in_time(frame))
        best = int(alike.argmax())
        # loops repeat too: by how many of them is not to be seen
        return best % loop if alike[0] < _UNLIKE and alike[best] > _ALIKE else None

    good = int(numbers[0])
    for number in map(int, numbers[1:]):
        if (found := shift(number)) is None:
            good = number
            continue
        bad = number
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if shift(middle) is None else (good, middle)
        samples = PACKET_BYTES // (2 if config.sampling == 'real' else 4)
        packets = next((k for k in range(1, 65) if k * samples % loop == found), None)
        what = f', as if {packets} packets of the card were lost and not filled in' if packets else ''
        return [f'from frame {bad:,} on (offset {bad * config.frame_bytes:,}), samples come {found:,} too early{what}']
    return []


def _moving_spectrum(cube: np.ndarray, config: RadarConfig) -> np.ndarray:
    """Range-Doppler spectrum of frames, (frames, antennas, loops, range bins); what stands still is left out of it.

    Of fewer loops than ``_LEAST_LOOPS`` the mean over them is the target itself, and stays.
    """
    cube = remove_static_clutter(cube) if config.num_loops >= _LEAST_LOOPS else cube
    spectrum = np.fft.fft2(cube, axes=(2, 3))[..., : config.num_range_bins]
    return np.fft.fftshift(spectrum, axes=2)


def _power_by_sine(spectrum: np.ndarray, config: RadarConfig, sines: np.ndarray) -> np.ndarray:
    """Mean power from each direction at each range, (sines, range bins), by the longest row of antennas.

    What a target turns between transmitters that fire in turn is taken out first: as far as speeds are unambiguous,
    directions of what moves are right.
    """
    along, across = config.virtual_positions.T
    row = longest_row(across)
    turns = np.outer(config.antenna_delays()[row], signed_bins(config.num_loops)) / config.num_loops
    signals = spectrum[:, row] * np.exp(-2j * np.pi * turns)[..., None].astype(np.complex64)
    likeness = np.einsum('fadr,fbdr->rab', signals, signals.conj(), optimize=True) / (len(signals) * config.num_loops)
    steering = np.exp(1j * np.pi * np.outer(sines, along[row])) / row.sum()
    return np.einsum('sa,rab,sb->sr', steering, likeness, steering.conj(), optimize=True).real


def _decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, 0) + 1e-3)


def draw_report(report: ADCReport, out_file: str | Path) -> None:
    """Draw range profile, range-Doppler and range-angle of the frames looked at, as one picture.

    Args:
        report: What :func:`inspect_adc` found.
        out_file: The picture, of the format its name says.
    """
    report_figure(report).savefig(out_file, dpi=110)


def report_figure(report: ADCReport) -> Figure:
    """What :func:`draw_report` draws: two maps, whose extents are the outer edges of their cells, beside the profile.

    Ranges go as far as the radar's are unambiguous. Speeds are positive away from the radar. The sine of the angle is
    that of directions along the array, positive towards its last antenna.
    """
    from matplotlib.figure import Figure

    config, cube = report.config, report.cube
    what = ', static clutter removed' if config.num_loops >= _LEAST_LOOPS else ''
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
    second.set(xlabel='range (m)', ylabel='radial speed (m/s)', title=f'range-Doppler{what}')
    third.set(xlabel='range (m)', ylabel='sine of the angle', title=f'range-angle{what}')
    return figure
