"""Simulated recordings in HuPR's own layout on disk, so that HuPR's reader reads them unchanged."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from mmradar.errors import DataError
from mmradar.processes import run_jobs
from mmradar.radar import RadarConfig, encode_groups, pack_words
from mmradar.simulation.body import BodySurface
from mmradar.simulation.camera import Camera
from mmradar.simulation.motion import MOTIONS, Performance
from mmradar.simulation.scene import Scene
from mmradar.simulation.sensor import HUPR_MOUNTINGS, RadarSensor
from mmradar.simulation.skeleton import Subject

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class SimulationPlan:
    """Who does what in which sequence. Everything follows from the seed; the number of workers changes nothing.

    Every sequence is one subject doing one motion. Subjects belong to one split only; every motion occurs in every
    split. Sequences are numbered from 1 as HuPR's are.

    Args:
        train: Sequences to train on; likewise ``val`` and ``test``. Best a multiple of the number of motions.
        num_frames: Frames a sequence.
        sequences_per_subject: How many sequences in a row share a subject.
        seed: Of everything.
        radar: Preset or fields of the :class:`RadarConfig`.
    """

    train: int = 240
    val: int = 12
    test: int = 24
    num_frames: int = 16
    sequences_per_subject: int = 4
    seed: int = 0
    radar: str | dict = 'iwr1843_hupr'

    def __post_init__(self) -> None:
        for name in (*SPLITS, 'num_frames', 'sequences_per_subject'):
            if getattr(self, name) < (0 if name in SPLITS else 1):
                raise ValueError(f'SimulationPlan.{name} must not be {getattr(self, name)}')

    @property
    def radar_config(self) -> RadarConfig:
        return RadarConfig.build(self.radar)

    @property
    def splits(self) -> dict[str, list[int]]:
        """Sequence numbers by split."""
        numbers = iter(range(1, self.train + self.val + self.test + 1))
        return {split: [next(numbers) for _ in range(getattr(self, split))] for split in SPLITS}

    @property
    def total_bytes(self) -> int:
        """What the raw files will take on disk."""
        sequences = self.train + self.val + self.test
        return sequences * self.num_frames * len(HUPR_MOUNTINGS) * self.radar_config.frame_bytes

    def subject_of(self, sequence: int) -> int:
        """Number of the subject of a sequence; counted within the split, so that no two splits share one."""
        for split, numbers in self.splits.items():
            if sequence in numbers:
                return 10_000 * (SPLITS.index(split) + 1) + (sequence - numbers[0]) // self.sequences_per_subject
        raise ValueError(f'no sequence {sequence} in this plan')

    def performance(self, sequence: int) -> Performance:
        """Subject, motion, style and place of a sequence."""
        subject_number = self.subject_of(sequence)
        subject = Subject.random(np.random.default_rng([self.seed, 1, subject_number]))
        names = list(MOTIONS)
        # A subject's motions follow each other in the list; the next subject goes on where this one stopped.
        motion = names[(sequence - 1) % len(names)]
        return Performance.random(subject, motion, np.random.default_rng([self.seed, 2, sequence]))


def simulate_sequence(
    plan: SimulationPlan, sequence: int, camera: Camera
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Raw files and joints of one sequence.

    Args:
        plan: What to simulate.
        sequence: Which of its sequences.
        camera: Projects the joints.

    Returns:
        int16 words of a raw file by view, (frames, loops, tx, words); joints in m, (frames, 14, 3); and joints in px,
        (frames, 14, 2).
    """
    config = plan.radar_config
    performance = plan.performance(sequence)
    surface = BodySurface(performance.subject, torch.Generator().manual_seed(plan.seed + 7 * plan.subject_of(sequence)))
    room = Scene.random_room(np.random.default_rng([plan.seed, 3, sequence]))
    room_m, room_amplitudes = torch.as_tensor(room.positions_m), torch.as_tensor(room.amplitudes_m)

    start_s = np.arange(plan.num_frames) / config.frame_rate_hz
    joints_m = performance.joints_m(start_s)
    poses = [torch.as_tensor(joints_m), torch.as_tensor(performance.joints_m(start_s + config.frame_duration_s))]
    raw = {}
    for index, (view, mounting) in enumerate(HUPR_MOUNTINGS.items()):
        sensor = RadarSensor(config, mounting)
        noise = torch.Generator().manual_seed(
            int(np.random.SeedSequence([plan.seed, 4, sequence, index]).generate_state(1)[0])
        )
        start_m, amplitudes = surface.scatterers(poses[0], sensor.position_m)
        stop_m, _ = surface.scatterers(poses[1], sensor.position_m)
        # Walls and furniture do not move: their echo is the same in every frame.
        background = sensor.echo(room_m, room_m, room_amplitudes)
        frames = np.empty((plan.num_frames, config.num_loops, config.num_tx, config.chirp_bytes // 2), '<i2')
        for frame in range(plan.num_frames):
            cube = sensor.echo(start_m[frame], stop_m[frame], amplitudes[frame]) + background + sensor.noise(noise)
            frames[frame] = pack_words(encode_groups(cube[None].numpy(), config)[0], config)
        raw[view] = frames
    return raw, joints_m, camera.project(joints_m)


def _write_sequence(root: Path, plan: SimulationPlan, sequence: int, camera: Camera) -> int:
    """One sequence on disk, whole or not at all. Returns its number."""
    folder = root / f'single_{sequence}'
    if folder.is_dir():  # an earlier, interrupted run finished this one
        return sequence
    raw, joints_m, joints_px = simulate_sequence(plan, sequence, camera)
    width, height = camera.image_size
    if joints_px.min() < 0 or joints_px[..., 0].max() >= width or joints_px[..., 1].max() >= height:
        raise ValueError(f'sequence {sequence}: a joint leaves the {width} x {height} image; move the subject back')
    unfinished = root / f'.single_{sequence}.{os.getpid()}'
    for view, frames in raw.items():
        (unfinished / view).mkdir(parents=True, exist_ok=True)
        frames.tofile(unfinished / view / 'adc_data.bin')
    np.save(unfinished / 'joints_3d_m.npy', joints_m.astype(np.float32))
    annotation = [
        {
            'image': f'{frame:09d}.jpg',
            'joints': keypoints.round(3).tolist(),
            'bbox': camera.bounding_box(keypoints).round(3).tolist(),
        }
        for frame, keypoints in enumerate(joints_px)
    ]
    (unfinished / 'annotation.json').write_text(json.dumps(annotation))
    unfinished.rename(folder)
    return sequence


class SimulationError(DataError):
    """The data set cannot be written where and as it was asked for."""


def write_hupr_dataset(
    root: str | Path,
    plan: SimulationPlan,
    workers: int = 1,
    camera: Camera | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Simulate a data set in HuPR's layout.

    Writes ``single_<N>/{hori,vert}/adc_data.bin``, ``hrnet_annot_{train,val,test}.json``, and beside HuPR's own files
    ``splits.json`` (sequence numbers by split), ``simulation.json`` (the plan, and each sequence's subject and motion)
    and ``single_<N>/joints_3d_m.npy``. An interrupted run goes on where it stopped.

    Args:
        root: Folder to write to.
        plan: What to simulate.
        workers: Processes.
        camera: Projects the joints; HuPR-like by default.
        on_progress: Called with (sequences done, sequences in all).

    Returns:
        ``root``.

    Raises:
        SimulationError: The disk is too small, or the folder holds a data set made with another plan.
    """
    root, camera = Path(root), camera or Camera()
    root.mkdir(parents=True, exist_ok=True)
    description = {'plan': asdict(plan), 'camera': asdict(camera)}
    description = json.loads(json.dumps(description))
    record = root / 'simulation.json'
    if record.is_file():
        found = json.loads(record.read_text())
        if {key: found.get(key) for key in description} != description:
            raise SimulationError(
                f'{root} holds a data set that was simulated with other settings ({record}). Choose another folder, '
                'or remove this one.'
            )
    elif any(root.glob('single_*')):
        raise SimulationError(f'{root} holds sequences that were not simulated here; choose another folder')
    sequences = [number for numbers in plan.splits.values() for number in numbers]
    missing = [number for number in sequences if not (root / f'single_{number}').is_dir()]
    needed, free = plan.total_bytes * len(missing) // max(len(sequences), 1), shutil.disk_usage(root).free
    if needed > free:
        raise SimulationError(
            f'the raw files need {needed / 1e9:.1f} GB more at {root}, and {free / 1e9:.1f} GB are free. '
            'Simulate fewer sequences or frames, or choose another folder.'
        )
    record.write_text(
        json.dumps(
            description
            | {
                'sequences': {
                    str(number): {
                        'subject': plan.subject_of(number),
                        'motion': plan.performance(number).motion,
                        'height_m': round(plan.performance(number).subject.height_m, 3),
                    }
                    for number in sequences
                }
            },
            indent=1,
        )
    )
    (root / 'splits.json').write_text(json.dumps(plan.splits))

    done = len(sequences) - len(missing)
    if on_progress:
        on_progress(done, len(sequences))
    for _ in run_jobs(_write_sequence, [(root, plan, number, camera) for number in missing], workers):
        done += 1
        if on_progress:
            on_progress(done, len(sequences))

    for split, numbers in plan.splits.items():
        annotation = [json.loads((root / f'single_{number}' / 'annotation.json').read_text()) for number in numbers]
        (root / f'hrnet_annot_{split}.json').write_text(json.dumps(annotation))
    return root
