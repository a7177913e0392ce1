"""What a raw file is, and what is wrong with it, as far as its bytes and physics tell."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmradar.radar.adc import decode_dca1000, open_dca1000
from mmradar.radar.config import RadarConfig

_DEAD_DB = 30.0  # below the median antenna
_SHOWN_DB = 40.0  # below the strongest, in the picture
_MIRROR = 2.0  # energy at negative ranges over that at positive ones
# places of I0 I1 Q0 Q1 in a group of four int16
_STANDARD = 'I0 I1 Q0 Q1'
_ORDERS = {_STANDARD: (0, 1, 2, 3), 'Q0 Q1 I0 I1': (2, 3, 0, 1), 'I0 Q0 I1 Q1': (0, 2, 1, 3)}


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
        order: Likely order of a group of samples: the one under which echoes are sharp and lie at positive ranges.
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
    order: str
    problems: list[str] = field(default_factory=list)

    def antenna_name(self, antenna: int) -> str:
        """Transmitter and receiver of a virtual antenna."""
        tx, rx = divmod(int(antenna), self.config.num_rx)
        return f'TX {tx} RX {rx}'


def _range_power(cube: np.ndarray) -> np.ndarray:
    """Mean power of each range bin without the DC of each chirp, (samples,)."""
    return (np.abs(np.fft.fft(cube - cube.mean(-1, keepdims=True))) ** 2).mean((0, 1, 2))


def _likely_order(raw: np.ndarray) -> str:
    """The order of samples under which a chirp's spectrum is most concentrated on positive ranges."""
    scores = {}
    for name, places in _ORDERS.items():
        mean = _range_power(decode_dca1000(raw[..., list(places)]))
        half = len(mean) // 2
        # sharp: the share of the strongest bins; a wrong order mirrors echoes or spreads them over two places
        strongest = np.sort(mean)[-max(1, len(mean) // 16) :].sum() / max(mean.sum(), 1e-12)
        positive = mean[1:half].sum() / max(mean[1:].sum(), 1e-12)
        scores[name] = strongest * positive
    best = max(scores, key=scores.get)
    return best if scores[best] > 1.2 * scores[_STANDARD] else _STANDARD


def inspect_adc(path: str | Path, config: RadarConfig, max_frames: int = 16) -> ADCReport:
    """Look into a DCA1000 file.

    Args:
        path: The file.
        config: The radar it should be of.
        max_frames: How many frames to look at, evenly over the file.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: Not one whole frame in it.
    """
    path = Path(path)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what is over is among the problems
        raw = open_dca1000(path, config, on_error='drop')
    size, frames = path.stat().st_size, len(raw)
    over = size - frames * config.frame_bytes
    picked = np.asarray(raw[np.unique(np.linspace(0, frames - 1, max_frames).astype(int))])
    order = _likely_order(picked)
    cube = decode_dca1000(picked[..., list(_ORDERS[order])])
    dc = cube.mean((0, 2, 3))
    power = 10 * np.log10(np.maximum((np.abs(cube - dc[:, None, None]) ** 2).mean((0, 2, 3)), 1e-3))
    limits = np.iinfo(np.int16)
    at_limit = ((picked >= limits.max) | (picked <= limits.min)).mean((0, 1, 4, 5)).reshape(-1)
    report = ADCReport(path, size, config, frames, over, cube, power, dc, at_limit, order)
    if over:
        report.problems.append(
            f'{over:,} bytes from offset {size - over:,} on are no whole frame ({config.frame_bytes:,} bytes): the '
            f'recording was cut short, or the configuration is not its own'
        )
    if over % 2:
        report.problems.append(f'an odd number of bytes, {size:,}: samples take two')
    dead = np.flatnonzero(power < np.median(power) - _DEAD_DB) if np.median(power) > -20 else np.arange(len(power))
    for antenna in dead:
        report.problems.append(
            f'{report.antenna_name(antenna)} is dead: {power[antenna]:.0f} dB, others {np.median(power):.0f} dB'
        )
    for antenna in np.flatnonzero(at_limit > 1e-3):
        report.problems.append(
            f'{report.antenna_name(antenna)} is clipped: {100 * at_limit[antenna]:.1f} % of samples at the limit'
        )
    if order != _STANDARD:
        report.problems.append(f'samples seem to come as {order}, not as {_STANDARD}: lanes or I and Q are swapped')
    spectrum = _range_power(cube)
    half = len(spectrum) // 2
    if spectrum[half:].sum() > _MIRROR * spectrum[1:half].sum():
        report.problems.append('most of the energy lies at negative ranges: I and Q may be swapped')
    return report


def draw_report(report: ADCReport, out_file: str | Path) -> None:
    """Range profile, range-Doppler and range-angle of the frames looked at, as one picture."""
    from matplotlib.figure import Figure

    from mmradar.radar.heatmap import heatmap_3d, remove_static_clutter

    config, cube = report.config, report.cube
    order = config.azimuth_first_order
    # the mean of a few loops is the target itself
    moving, what = (remove_static_clutter(cube), ', static clutter removed') if config.num_loops >= 8 else (cube, '')
    heatmap = np.abs(heatmap_3d(moving, config.num_loops, 64, antenna_order=order)) ** 2
    profile = (np.abs(np.fft.fft(cube)) ** 2).mean(2)
    ranges_m = np.arange(config.num_samples) * config.range_resolution_m
    figure = Figure(figsize=(13, 4), layout='constrained')
    first, second, third = figure.subplots(1, 3)
    for antenna, line in enumerate(10 * np.log10(profile.mean(0) + 1e-3)):
        first.plot(ranges_m, line, lw=0.8, label=report.antenna_name(antenna))
    first.set(xlabel='range (m)', ylabel='power (dB)', title=f'range profile, {len(cube)} of {report.frames:,} frames')
    first.legend(fontsize=6, ncols=2)
    limit = config.max_velocity_m_s
    doppler = 10 * np.log10(heatmap.mean((0, 1)) + 1e-3)
    second.imshow(
        doppler, aspect='auto', origin='lower', extent=(0, ranges_m[-1], -limit, limit), vmin=doppler.max() - _SHOWN_DB
    )
    second.set(xlabel='range (m)', ylabel='radial speed (m/s)', title=f'range-Doppler{what}')
    angle = 10 * np.log10(heatmap.mean((0, 2)) + 1e-3)
    third.imshow(angle, aspect='auto', origin='lower', extent=(0, ranges_m[-1], -1, 1), vmin=angle.max() - _SHOWN_DB)
    third.set(xlabel='range (m)', ylabel='sine of the angle', title=f'range-angle, unified{what}')
    figure.savefig(out_file, dpi=110)
