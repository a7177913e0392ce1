"""Measure how often a limb's echo stands out from the rest of the body, and the effect of window functions on it.

    python benchmarks/limb_echoes.py

The people are the simulated test people of simhupr-v2-mini. A limb stands out in a frame if, in some cell of one
radar's heatmap, its own echo is 6 dB above everything else: the rest of the body and the mean noise. A network may need
less, but an echo that stands out nowhere in a window is not in its input.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from mmradar.cli import markdown_table
from mmradar.radar import angle_transform, range_doppler_from_profiles
from mmradar.simulation import HUPR_MOUNTINGS, PLANS, RadarSensor, Scatterers, SimulationPlan
from mmradar.simulation.range_profiles import moving_profiles, noise_profiles

RANGE_BINS = (31, 95)
NUM_ANGLE = 32
# numbers of the body's parts in :mod:`mmradar.simulation.body`
LIMBS = {'right thigh': 0, 'right shank': 2, 'right upper arm': 4, 'right forearm': 6}
STANDS_OUT_DB = 6.0


@dataclass(frozen=True)
class Processing:
    """Processing of range profiles to heatmaps, one row of the table."""

    name: str
    num_chirps: int = 8
    range_window: str | None = None
    doppler_window: str | None = None
    angle_window: str | None = None
    antenna_order: str = 'azimuth_first'

    def power(self, profiles: Tensor, radar) -> Tensor:
        """Compute the power of a heatmap's cells, (frames, cells)."""
        spectrum = range_doppler_from_profiles(
            profiles,
            RANGE_BINS,
            self.num_chirps,
            self.num_chirps,
            range_window=self.range_window,
            doppler_window=self.doppler_window,
        )
        order = radar.antenna_order(self.antenna_order)
        heatmap = angle_transform(spectrum, NUM_ANGLE, antenna_order=order, angle_window=self.angle_window)
        return heatmap.abs().square().flatten(1)


ROWS = (
    Processing('no window: the paper'),
    Processing('Hann over samples', range_window='hann'),
    Processing('Hann over samples, Hamming over loops', range_window='hann', doppler_window='hamming'),
    Processing('Hann over samples, Hamming over antennas', range_window='hann', angle_window='hamming'),
    Processing('all three', range_window='hann', doppler_window='hamming', angle_window='hamming'),
    Processing('Hann over samples, one row', range_window='hann', antenna_order='row'),
    Processing('Hann over samples, 64 loops', 64, range_window='hann'),
    Processing('all three, 64 loops', 64, 'hann', 'hamming', 'hamming'),
)


def margins_db(plan: SimulationPlan, sequence: int, view: str, num_frames: int) -> np.ndarray:
    """Compute by how much each limb exceeds everything else in its best cell, in dB, (rows, limbs, frames)."""
    sensor = RadarSensor(plan.radar_config, HUPR_MOUNTINGS[view])
    person, config = plan.person(sequence), sensor.config
    start_s = np.arange(num_frames)[:, None] / config.frame_rate_hz
    seen = person.scatterers(start_s + config.frame_duration_s * np.array([0.0, 0.5, 1.0]), sensor.position_m)
    margins = []
    for row in ROWS:
        profiles = partial(moving_profiles, sensor, mirrors=(), num_chirps=row.num_chirps, range_bins=RANGE_BINS)
        generator = torch.Generator().manual_seed(0)
        noise = noise_profiles(sensor, 16, row.num_chirps, RANGE_BINS[1] - RANGE_BINS[0], generator)
        floor = row.power(noise, config).mean()
        whole, best = profiles(seen), []
        for part in LIMBS.values():
            points = person.surface.part == part
            limb = profiles(Scatterers(seen.positions_m[:, :, points], seen.rcs_m2[:, points]))
            best.append((row.power(limb, config) / (row.power(whole - limb, config) + floor)).amax(1))
        margins.append(torch.stack(best))
    return 10 * torch.stack(margins).clamp_min(1e-6).log10().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sequences', type=int, default=12, help='of the test split')
    parser.add_argument('--frames', type=int, default=32, help='of each')
    parser.add_argument('--window', type=int, default=16, help='frames of a window')
    args = parser.parse_args()
    torch.set_num_threads(1)
    plan = PLANS['simhupr-v2-mini']
    margin = np.stack(  # (sequences, rows, limbs, frames), of the better view
        [
            np.maximum(*(margins_db(plan, sequence, view, args.frames) for view in HUPR_MOUNTINGS))
            for sequence in plan.splits['test'][: args.sequences]
        ]
    )
    windows = np.lib.stride_tricks.sliding_window_view(margin, args.window, axis=-1).max(-1)

    def cell(row: int, limb: int) -> str:
        one, several = margin[:, row, limb], windows[:, row, limb]
        often, within = (100 * (values > STANDS_OUT_DB).mean() for values in (one, several))
        return f'{often:.0f} %, {within:.0f} %, {np.median(one):.0f} dB'

    print(
        f'Share of frames, and share of windows of {args.window} frames, in which a limb stands out; '
        'by how much in the median frame'
    )
    rows = [[row.name, *(cell(index, limb) for limb in range(len(LIMBS)))] for index, row in enumerate(ROWS)]
    print(markdown_table(['', *LIMBS], rows))


if __name__ == '__main__':
    main()
