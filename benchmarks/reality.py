"""Compare simulated point clouds with recorded ones of the same movements: MARS (An and Ogras, 2021), by a TI IWR1443.

The Kinect's joints drive the simulated body. The frames of a simulated radar with MARS's resolution go through this
package's point cloud and the limits of TI's demonstration (detection along range, 64 points, a box). The recorded
points are used only for comparison. With ``--tune``, skins are compared on the train part; the table is of the
validation part.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mmradar.cli import check_picture_file
from mmradar.radar import RadarConfig, decode_groups, point_cloud, unpack_words
from mmradar.simulation import (
    JOINT_NAMES,
    AliasingWarning,
    BodySurface,
    Mounting,
    Person,
    RadarSensor,
    Scene,
    Skin,
    Subject,
    simulate_frames,
)
from mmradar.simulation.motion_files.kinect import KINECT_JOINTS, from_kinect
from mmradar.simulation.motion_sequence import MotionSequence

# Derived from the recorded points: 16 Doppler bins of 0.356 m/s. Their ranges are 2.9 cm apart, finer than 4 GHz
# resolve, which suggests a zero-padded transform; 200 samples padded to 256 would give this spacing.
MARS_RADAR = RadarConfig(
    num_loops=16, num_samples=200, sample_rate_hz=4e6, slope_hz_per_s=80e12, chirp_period_s=111e-6, frame_rate_hz=10.0
)
# The recorded points are about 0.3 m above the joints: either the two were not aligned in height, or the board was
# tilted down. A tilt of 9 degrees is assumed, which leaves half of the offset.
_TILT = np.radians(9.0)
MARS_MOUNTING = Mounting((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, float(np.sin(_TILT)), float(np.cos(_TILT))))
DETECTION = dict(false_alarm_rate=1e-3, guard=(4, 0), train=(8, 0), peaks_only=False, static_clutter=True)
LEAST_DB = 6.0
MOST_POINTS = 64
BOX_M = np.array([[-1.0, 0.0, -1.0], [1.0, 3.0, 1.0]])
NEAR_M = 0.15
EXTREMITIES = ('Wrist', 'Elbow', 'Knee', 'Ankle')


@dataclass
class Frame:
    """One radar frame: points as x, y, z in m and radial speed in m/s, and the joints at the same time."""

    points: np.ndarray
    joints_m: np.ndarray


def clips(path: Path, split: int, most_frames: int, seed: int = 0) -> list[tuple[list[Frame], MotionSequence]]:
    """Select random clips of 20 consecutive frames; return the recorded frames and the motion of each."""
    with np.load(path, allow_pickle=False) as content:
        data = {key: content[key] for key in content.files}
    first = np.concatenate([[0], np.cumsum(data['num_points'])])
    rows = np.flatnonzero(data['split'] == split)
    jumps = (np.diff(rows) != 1) | (np.diff(data['frame'][rows]) != 1)
    for key in ('subject', 'movement'):
        jumps |= np.diff(data[key][rows].astype(int)) != 0
    stretches = [part[:20] for part in np.split(rows, np.flatnonzero(jumps) + 1) if len(part) >= 20]
    np.random.default_rng(seed).shuffle(stretches)
    found: list[tuple[list[Frame], MotionSequence]] = []
    for part in stretches:
        try:
            motion = from_kinect(data['joints'][part], 10.0).smoothed(3.0)
        except ValueError:
            continue  # the Kinect lost the body
        joints = motion.joints_m(np.arange(len(part)) / 10)
        found.append(([Frame(data['points'][first[r] : first[r + 1], :4], j) for r, j in zip(part, joints)], motion))
        if 20 * len(found) >= most_frames:
            break
    return found


def simulate(motion: MotionSequence, frames: int, skin: Skin, seed: int) -> list[Frame]:
    """Simulate the radar's frames of a motion."""
    subject = Subject(height_m=motion.stature_m)
    person = Person(_Clamped(motion), BodySurface(subject, torch.Generator().manual_seed(seed), skin))
    sensor = RadarSensor(MARS_RADAR, MARS_MOUNTING)
    start_s = np.arange(frames) / 10
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', AliasingWarning)
        words = simulate_frames(sensor, [person], _room(), start_s, torch.Generator().manual_seed(seed))
    joints = motion.joints_m(start_s)
    return [Frame(_points(cube), j) for cube, j in zip(decode_groups(unpack_words(words, MARS_RADAR)), joints)]


class _Clamped:
    """Motion that stands still after its end, as the last radar frame ends a little later."""

    def __init__(self, motion: MotionSequence) -> None:
        self.motion = motion

    def joints_m(self, time_s: np.ndarray) -> np.ndarray:
        return self.motion.joints_m(time_s, outside='clamp')


def _room() -> Scene:
    """Create walls and furniture, for a radar 1 m above the floor; static echoes mask other static echoes."""
    room = Scene.random_room(np.random.default_rng(0))
    return Scene(room.positions_m - np.array([0.0, 0.0, 1.0]), room.rcs_m2)


def _points(cube: np.ndarray) -> np.ndarray:
    cloud = point_cloud(cube, MARS_RADAR, **DETECTION)
    inside = ((cloud.position_m > BOX_M[0]) & (cloud.position_m < BOX_M[1])).all(1) & (cloud.intensity_db > LEAST_DB)
    order = np.flatnonzero(inside)
    order = order[np.argsort(-cloud.intensity_db[order], kind='stable')][:MOST_POINTS]
    return np.column_stack([cloud.position_m, cloud.doppler_m_s])[order]


def measure(frames: list[Frame]) -> dict[str, float]:
    """Compute the quantities that are compared, by name."""
    counts = np.array([len(frame.points) for frame in frames])
    seen = [frame for frame in frames if len(frame.points) >= 4]
    offsets = [frame.points[:, :3] - frame.joints_m.mean(0) for frame in seen]
    spread = np.median([offset.std(0) for offset in offsets], axis=0)
    distances = [np.linalg.norm(f.points[:, None, :3] - f.joints_m, axis=-1).min(1) for f in seen]
    result = {
        'points per frame, median': float(np.median(counts)),
        'points per frame, 10th percentile': float(np.percentile(counts, 10)),
        'points per frame, 90th percentile': float(np.percentile(counts, 90)),
        'spread in x, m': spread[0],
        'spread in y, m': spread[1],
        'spread in z, m': spread[2],
        "mean height above the body's middle, m": float(np.mean([offset[:, 2].mean() for offset in offsets])),
        'distance to the nearest joint, median, m': float(np.median(np.concatenate(distances))),
    }
    for joint in EXTREMITIES:
        places = [JOINT_NAMES.index(f'{side}_{joint}') for side in ('R', 'L')]
        near = [
            bool((np.linalg.norm(f.points[:, :3] - f.joints_m[place], axis=1) < NEAR_M).any())
            if len(f.points)
            else False
            for f in frames
            for place in places
        ]
        result[f'{joint.lower()}s with a point within {100 * NEAR_M:.0f} cm, %'] = 100 * float(np.mean(near))
    return result


def doppler_histogram(frames: list[Frame]) -> np.ndarray:
    """Compute the shares of points by Doppler bin, -8 to 7."""
    speeds = np.concatenate([frame.points[:, 3] for frame in frames])
    bins = np.rint(speeds / MARS_RADAR.velocity_resolution_m_s).astype(int)
    return np.bincount(np.clip(bins, -8, 7) + 8, minlength=16) / max(len(bins), 1)


def distance(real: dict[str, float], simulated: dict[str, float]) -> float:
    """Compute the distance of two tables, a mean over rows.

    A row contributes its absolute log ratio divided by 0.25; a share, its difference in tens of percentage points; the
    mean height, its difference in units of 0.1 m.
    """
    terms = []
    for key, value in real.items():
        if key.startswith('mean height'):
            terms.append(abs(value - simulated[key]) / 0.1)
        elif key.endswith('%'):
            terms.append(abs(value - simulated[key]) / 10)
        else:
            terms.append(abs(np.log((simulated[key] + 1e-3) / (value + 1e-3))) / 0.25)
    return float(np.mean(terms))


def run(parts: list, skin: Skin) -> list[Frame]:
    """Simulate the frames of all clips."""
    return [f for i, (frames, motion) in enumerate(parts) for f in simulate(motion, len(frames), skin, i)]


def print_table(real: list[Frame], simulated: list[Frame]) -> None:
    """Print the comparison as a table."""
    columns = [measure(real), measure(simulated)]
    print('| | recorded | simulated |\n|---|---|---|')
    for key in columns[0]:
        digits = 1 if key.endswith('%') or key.startswith('points') else 2
        print(f'| {key} | {columns[0][key]:.{digits}f} | {columns[1][key]:.{digits}f} |')
    shares = [doppler_histogram(frames) for frames in (real, simulated)]
    rest, beyond = ([100 * share[8] for share in shares], [100 * (1 - share[7:10].sum()) for share in shares])
    print(f'| points in the Doppler bin at rest, % | {rest[0]:.0f} | {rest[1]:.0f} |')
    print(f'| points faster than one bin, % | {beyond[0]:.0f} | {beyond[1]:.0f} |')
    print(f'\nThe Doppler histograms differ by {100 * np.abs(shares[0] - shares[1]).sum() / 2:.0f} % of their points.')


def draw(real: list[Frame], simulated: list[Frame], path: Path) -> None:
    """Draw a few frames from the front, and the Doppler histograms."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 5.6), layout='constrained')
    axes = figure.subplots(2, 5)
    limbs = [
        (13, 12),
        (12, 11),
        (10, 9),
        (9, 8),
        (8, 6),
        (11, 6),
        (7, 6),
        (6, 0),
        (6, 3),
        (5, 4),
        (4, 3),
        (2, 1),
        (1, 0),
    ]
    chosen = np.linspace(0, len(real) - 1, 6).astype(int)[1:5]
    for row, (frames, title) in enumerate(((real, 'recorded'), (simulated, 'simulated'))):
        for axis, index in zip(axes[row], chosen):
            frame = frames[index]
            for a, b in limbs:
                axis.plot(*frame.joints_m[[a, b]][:, [0, 2]].T, color='0.6', lw=2)
            shown = axis.scatter(
                frame.points[:, 0], frame.points[:, 2], c=frame.points[:, 3], s=14, cmap='coolwarm', vmin=-2, vmax=2
            )
            axis.set(xlim=(-1, 1), ylim=(-1.05, 1.05), aspect='equal', title=f'{title}, {len(frame.points)} points')
        bins = (np.arange(16) - 8) * MARS_RADAR.velocity_resolution_m_s
        axes[row][4].bar(bins, doppler_histogram(frames), width=0.3)
        axes[row][4].set(title=f'{title}: speeds, m/s', ylim=(0, 0.4))
    figure.colorbar(shown, ax=axes[:, 3], label='m/s')
    figure.savefig(path, dpi=90)


def main() -> None:
    """Print the table and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('mars', type=Path, help='mars_subjects123.npz')
    parser.add_argument('--frames', type=int, default=1000, help='frames to compare')
    parser.add_argument('--tune', action='store_true', help='compare skins on the train part')
    parser.add_argument('--slopes', type=float, nargs='+', default=[0.08, 0.1, 0.15, 0.25, 0.4])
    parser.add_argument('--diffuse', type=float, nargs='+', default=[0.003, 0.01, 0.05])
    parser.add_argument('--out', type=Path, default=Path('reality.png'), help='picture')
    args = parser.parse_args()
    check_picture_file(args.out)
    parts = clips(args.mars, 0 if args.tune else 1, args.frames)
    real = [frame for frames, _ in parts for frame in frames]
    print(
        f'{len(real)} frames of {len(parts)} clips, {len(KINECT_JOINTS)} Kinect joints reduced to {len(JOINT_NAMES)}\n'
    )
    if args.tune:
        truth = measure(real)
        print('| slope | diffuse | distance |\n|---|---|---|')
        for slope in args.slopes:
            for diffuse in args.diffuse:
                found = distance(truth, measure(run(parts, Skin(slope=slope, diffuse=diffuse))))
                print(f'| {slope} | {diffuse} | {found:.2f} |', flush=True)
        return
    simulated = run(parts, Skin())
    print_table(real, simulated)
    draw(real, simulated, args.out)


if __name__ == '__main__':
    main()
