"""Measure the echoes of simulated people and of empty rooms, which tell whether anybody is there.

    python benchmarks/echo_strength.py

People are the test people of simhupr-v2-mini. The strength of a frame is that of the weaker view. A window's is that of
the view whose strongest frame is weaker, as in mmradar.apis.presence.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from mmradar.cli import markdown_table
from mmradar.radar import MIN_ECHO_DB, RawRecording, echo_strength_db
from mmradar.simulation import HUPR_MOUNTINGS, PLANS, Curtain, Fan, Interferer, RadarSensor, Scene, simulate_frames
from mmradar.simulation.camera import Camera
from mmradar.simulation.hupr_writer import simulate_sequence

RANGE_BINS = (31, 95)
PLAN = PLANS['simhupr-v2-mini']
RADAR = PLAN.radar_config
# the rooms' contents, and the phase noise of the radars in rad
ROOMS = {
    'empty room': ({}, 0.0),
    'empty room, oscillators with 0.01 rad of phase noise': ({}, 0.01),
    'a curtain that sways': (dict(movers=(Curtain((0.5, 3.8, 2.2)),)), 0.0),
    'a fan': (dict(movers=(Fan((1.5, 3.0, 1.2)),)), 0.0),
    'another radar, in half of the chirps': (dict(interferers=(Interferer((1.0, 4.0, 1.0)),)), 0.0),
}


def strengths(words_by_view: dict[str, np.ndarray]) -> np.ndarray:
    """Compute the strength of each frame's echo in each view, (frames, views), in dB."""
    recordings = [RawRecording(words, Path(view), RADAR) for view, words in words_by_view.items()]
    return np.stack([echo_strength_db(recording, range_bins=RANGE_BINS) for recording in recordings], axis=1)


def people(sequences: int) -> Iterator[np.ndarray]:
    """Yield the strengths of sequences of people, (frames, views)."""
    for sequence in PLAN.splits['test'][:sequences]:
        yield strengths(simulate_sequence(PLAN, sequence, Camera())[0])


def rooms(count: int, frames: int, contents: dict, phase_noise_rad: float) -> Iterator[np.ndarray]:
    """Yield the strengths of rooms without a person, (frames, views)."""
    for seed in range(count):
        scene = Scene.random_room(np.random.default_rng(seed), **contents)
        words = {}
        for view, mounting in HUPR_MOUNTINGS.items():
            sensor = RadarSensor(RADAR, mounting, phase_noise_rad=phase_noise_rad)
            start_s = np.arange(frames) / RADAR.frame_rate_hz
            words[view] = simulate_frames(sensor, [], scene, start_s, torch.Generator().manual_seed(seed))
        yield strengths(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sequences', type=int, default=24, help='of the test split')
    parser.add_argument('--rooms', type=int, default=4, help='of each kind, without a person')
    parser.add_argument('--frames', type=int, default=32, help='of each room')
    parser.add_argument('--window', type=int, default=16, help='frames of a window')
    args = parser.parse_args()
    torch.set_num_threads(1)
    found = {'people': list(people(args.sequences))}
    for name, room in ROOMS.items():
        found[name] = list(rooms(args.rooms, args.frames, *room))
    rows = []
    for name, sequences in found.items():
        single = np.concatenate([sequence.min(axis=1) for sequence in sequences])
        windows = np.concatenate(
            [
                np.lib.stride_tricks.sliding_window_view(sequence, args.window, axis=0).max(-1).min(1)
                for sequence in sequences
            ]
        )
        numbers = [f'{value:.1f}' for each in (single, windows) for value in np.percentile(each, [0, 1, 50, 100])]
        rows.append(
            [name, ', '.join(numbers[:4]), ', '.join(numbers[4:]), f'{100 * (windows >= MIN_ECHO_DB).mean():.0f} %']
        )
    head = ['', 'frames: weakest, 1 %, median, strongest, dB', f'windows of {args.window}: the same']
    print(markdown_table([*head, f'windows with {MIN_ECHO_DB:g} dB'], rows))


if __name__ == '__main__':
    main()
