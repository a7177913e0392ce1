"""Draw a simulated pose, its heatmaps in both radars, and the micro-Doppler spectrogram of a whole motion."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from mmradar.cli import check_picture_file, run
from mmradar.metainfo.hupr import dataset_info
from mmradar.radar import RadarConfig, decode_groups, heatmap_3d, remove_static_clutter, unpack_words
from mmradar.simulation import (
    HUPR_MOUNTINGS,
    JOINT_NAMES,
    MOTIONS,
    BodySurface,
    Performance,
    Person,
    RadarSensor,
    Scene,
    Skin,
    Subject,
    read_motion,
    simulate_frames,
)

_RANGE_M = (1.2, 3.6)
_DECIBELS = 35
_ANGLES = 64
_SPECTRA_HZ = 40  # frames per second of the spectrogram; HuPR's 10 would leave gaps


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out', type=Path, help='picture to write')
    parser.add_argument('--motion', default='walk', help=f'one of {", ".join(MOTIONS)}, or a motion file')
    parser.add_argument('--seconds', type=float, default=4.0, help='length of the spectrogram')
    parser.add_argument('--at', type=float, default=1.0, help='time of the drawn pose, in s')
    parser.add_argument(
        '--slope', type=float, default=Skin().slope, help='RMS slope of the skin; the smaller, the more like a mirror'
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed of subject, style, place and noise')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_picture_file(args.out)
    rng = np.random.default_rng(args.seed)
    if args.motion in MOTIONS:
        subject = Subject.random(rng)
        motion, seconds = Performance.random(subject, args.motion, rng), args.seconds
    else:
        motion = read_motion(args.motion).placed((0.0, 2.4))
        subject, seconds = Subject(height_m=motion.stature_m), min(args.seconds, motion.duration_s - 0.05)
    person = Person(motion, BodySurface(subject, torch.Generator().manual_seed(args.seed), Skin(slope=args.slope)))
    figure = Figure(figsize=(13, 7), layout='constrained')
    (front, hori, vert), (spectrum, _, _) = figure.subplots(2, 3, height_ratios=[1.3, 1])
    grid = spectrum.get_gridspec()
    for axis in figure.axes[3:]:
        axis.remove()
    draw_pose(front, motion.joints_m(np.array([args.at]))[0])
    for axis, view in ((hori, 'hori'), (vert, 'vert')):
        draw_heatmap(axis, person, view, args.at, args.seed)
    draw_spectrogram(figure.add_subplot(grid[1, :]), person, seconds, args.seed)
    figure.savefig(args.out, dpi=90)
    print(f'{args.out}: {args.motion}, {subject.height_m:.2f} m tall, {person.surface.num_facets} facets')


def draw_pose(axis, joints_m: np.ndarray) -> None:
    for link in dataset_info['skeleton_info'].values():
        ends = joints_m[[JOINT_NAMES.index(name) for name in link['link']]]
        axis.plot(ends[:, 0], ends[:, 2], color='tab:blue', lw=3)
    axis.scatter(joints_m[:, 0], joints_m[:, 2], color='k', s=12, zorder=3)
    axis.set(xlim=(-1.2, 1.2), ylim=(0, 2.2), aspect='equal', xlabel='x (m)', ylabel='height (m)', title='pose')


def frames_of(person: Person, view: str, start_s: np.ndarray, seed: int) -> tuple[np.ndarray, RadarConfig]:
    """Simulate complex frames of one radar."""
    config = RadarConfig()
    sensor = RadarSensor(config, HUPR_MOUNTINGS[view])
    room = Scene.random_room(np.random.default_rng(seed))
    words = simulate_frames(sensor, [person], room, start_s, torch.Generator().manual_seed(seed))
    return decode_groups(unpack_words(words, config)), config


def range_crop(config: RadarConfig) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return the range bins to show, as first and one past the last, and their outer edges in m."""
    bins = tuple(int(r / config.range_resolution_m) for r in _RANGE_M)
    return bins, tuple((b - 0.5) * config.range_resolution_m for b in bins)


def draw_heatmap(axis, person: Person, view: str, at_s: float, seed: int) -> None:
    cube, config = frames_of(person, view, np.array([at_s]), seed)
    bins, edges_m = range_crop(config)
    heatmap = heatmap_3d(
        remove_static_clutter(cube[0]),
        config.num_loops,
        _ANGLES,
        bins,
        antenna_order=config.antenna_order('row'),
        range_window='hann',
        antenna_delays=config.antenna_delays(),
    )
    shown = 10 * np.log10((np.abs(heatmap) ** 2).sum(1)[::-1].T)  # the sine of the angle grows to the right
    # angle bin 0, now the last, lies at a sine of 1, the others 2 / _ANGLES apart below it
    axis.imshow(
        shown,
        origin='lower',
        aspect='auto',
        extent=(-1 + 1 / _ANGLES, 1 + 1 / _ANGLES, *edges_m),
        vmin=shown.max() - _DECIBELS,
        cmap='magma',
    )
    what = 'azimuth' if view == 'hori' else 'elevation'
    axis.set(xlabel=f'sine of the {what}', ylabel='range (m)', title=f'{view}: range and {what}, moving targets')


def draw_spectrogram(axis, person: Person, seconds: float, seed: int) -> None:
    start_s = np.arange(0, seconds, 1 / _SPECTRA_HZ)
    cube, config = frames_of(person, 'hori', start_s, seed)
    window = np.hanning(config.num_loops)
    # static clutter is the mean over the chirps, weighted by the window
    moving = (cube - np.average(cube, axis=2, weights=window, keepdims=True)) * window[:, None]
    spectrum = np.fft.fftshift(np.fft.fft2(moving), axes=2)[..., slice(*range_crop(config)[0])]
    shown = 10 * np.log10((np.abs(spectrum) ** 2).sum((1, 3)).T)
    edges_m_s = [(b - (config.num_loops + 1) / 2) * config.velocity_resolution_m_s for b in (0, config.num_loops)]
    axis.imshow(
        shown, origin='lower', aspect='auto', extent=(0, seconds, *edges_m_s), vmin=shown.max() - _DECIBELS,
        cmap='magma',
    )  # fmt: skip
    axis.set(xlabel='time (s)', ylabel='radial speed (m/s)', title='hori: micro-Doppler')


if __name__ == '__main__':
    run(main)
