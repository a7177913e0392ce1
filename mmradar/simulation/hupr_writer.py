"""Writer of simulated recordings in HuPR's own layout on disk, which HuPR's reader reads unchanged."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mmradar.atomic_write import atomic_folder
from mmradar.errors import ConfigError
from mmradar.processes import run_jobs
from mmradar.radar import write_range_profiles
from mmradar.simulation.camera import Camera
from mmradar.simulation.frames import AliasingWarning, SimulationError, simulate_frames, simulate_profiles
from mmradar.simulation.plan import CompactForm, Extras, SimulationPlan
from mmradar.simulation.sensor import HUPR_MOUNTINGS, RadarSensor


def simulate_sequence(
    plan: SimulationPlan,
    sequence: int,
    camera: Camera,
    views: Sequence[str] = tuple(HUPR_MOUNTINGS),
    form: CompactForm | None = None,
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Simulate the frames and joints of one sequence.

    Args:
        plan: What to simulate.
        sequence: Number of the sequence in the plan.
        camera: Projects the joints.
        views: Radars to simulate, names of ``HUPR_MOUNTINGS``.
        form: Part of each frame to simulate as range profiles; raw frames if ``None``.

    Returns:
        A dictionary that holds, by view, int16 words of a raw file, (frames, loops, tx, words), or complex64 range
        profiles, (frames, antennas, chirps, bins); joints in m, (frames, 14, 3); and joints in px, (frames, 14, 2).
    """
    config = plan.radar_config
    person, scene = plan.person(sequence), plan.scene(sequence)
    start_s = np.arange(plan.num_frames) / config.frame_rate_hz
    joints_m = person.motion.joints_m(start_s)
    phase_noise_rad = Extras(**plan.extras).phase_noise_rad
    frames = {}
    for index, (view, mounting) in enumerate(HUPR_MOUNTINGS.items()):
        if view in views:
            sensor = RadarSensor(config, mounting, phase_noise_rad=phase_noise_rad)
            inputs = (sensor, [person], scene, start_s, plan.noise(sequence, index))
            frames[view] = simulate_frames(*inputs) if form is None else simulate_profiles(*inputs, **vars(form))
    return frames, joints_m, camera.project(joints_m)


def _write_sequence(root: Path, plan: SimulationPlan, sequence: int, camera: Camera, form: CompactForm | None) -> int:
    """Write one sequence to disk, whole or not at all, and return its number."""
    folder = root / f'single_{sequence}'
    if folder.is_dir():  # finished by an earlier, interrupted run
        return sequence
    with warnings.catch_warnings():
        # People in a plan move at natural speeds; velocity aliasing is part of the set, see docs/simulation.md.
        warnings.simplefilter('ignore', AliasingWarning)
        frames_by_view, joints_m, joints_px = simulate_sequence(plan, sequence, camera, form=form)
    width, height = camera.image_size
    if joints_px.min() < 0 or joints_px[..., 0].max() >= width or joints_px[..., 1].max() >= height:
        raise SimulationError(
            f'sequence {sequence}: a joint leaves the {width} x {height} image; move the subject back'
        )
    annotation = [
        {
            'image': f'{frame:09d}.jpg',
            'joints': keypoints.round(3).tolist(),
            'bbox': camera.bounding_box(keypoints).round(3).tolist(),
        }
        for frame, keypoints in enumerate(joints_px)
    ]
    with atomic_folder(folder) as unfinished:
        for view, frames in frames_by_view.items():
            (unfinished / view).mkdir()
            if form is None:
                frames.tofile(unfinished / view / 'adc_data.bin')
            else:
                write_range_profiles(unfinished / view / 'adc_data.profiles.npy', frames, form.range_bins)
        np.save(unfinished / 'joints_3d_m.npy', joints_m.astype(np.float32))
        (unfinished / 'annotation.json').write_text(json.dumps(annotation))
    return sequence


def write_hupr_dataset(
    root: str | Path,
    plan: SimulationPlan,
    workers: int = 1,
    camera: Camera | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    form: CompactForm | None = None,
    splits: Sequence[str] | None = None,
) -> Path:
    """Simulate a data set in HuPR's layout.

    Writes ``single_<N>/{hori,vert}/adc_data.bin`` (or ``adc_data.profiles.npy``) and ``hrnet_annot_<split>.json``. In
    addition to HuPR's own files, it writes ``splits.json`` (sequence numbers by split), ``simulation.json`` (the plan,
    and each sequence's subject and motion) and ``single_<N>/joints_3d_m.npy``. Call it again to continue an interrupted
    run.

    Args:
        root: Folder to write to.
        plan: What to simulate.
        workers: Number of processes.
        camera: Projects the joints; ``Camera()`` if ``None``.
        on_progress: Called with (sequences done, sequences in total).
        form: Part of each frame to write as range profiles; raw files if ``None``.
        splits: Splits to simulate, whose sequences are the same as in the whole set; all if ``None``. A later call adds
            others.

    Returns:
        ``root``.

    Raises:
        ConfigError: The plan has no such split, or its radar does not have the form's chirps and range bins.
        SimulationError: The disk is too small, or the folder holds a data set made with another plan.
    """
    root, camera = Path(root), camera or Camera()
    if unknown := set(splits or ()) - set(plan.splits):
        raise ConfigError(f'the plan has no split {min(unknown)!r}; it has {", ".join(plan.splits)}')
    if form is not None:
        form.check(plan.radar_config)
    chosen = {split: numbers for split, numbers in plan.splits.items() if splits is None or split in splits}
    root.mkdir(parents=True, exist_ok=True)
    description = {'plan': plan.description(), 'camera': asdict(camera), 'form': form and asdict(form)}
    description = json.loads(json.dumps(description))
    record, begun = root / 'simulation.json', any(root.glob('single_*'))
    if record.is_file():
        found = json.loads(record.read_text())
        if begun and {key: found.get(key) for key in description} != description:
            raise SimulationError(
                f'{root} holds a data set that was simulated with other settings ({record}). Choose another folder, '
                'or remove this one.'
            )
    elif begun:
        raise SimulationError(f'{root} holds sequences that were not simulated here; choose another folder')
    sequences = [number for numbers in chosen.values() for number in numbers]
    missing = [number for number in sequences if not (root / f'single_{number}').is_dir()]
    needed = plan.total_bytes(form, len(HUPR_MOUNTINGS)) * len(missing) // max(plan.num_sequences, 1)
    free = shutil.disk_usage(root).free
    if needed > free:
        raise SimulationError(
            f'the recordings need {needed / 1e9:.1f} GB more at {root}, and {free / 1e9:.1f} GB are free. '
            'Simulate fewer sequences or frames, or choose another folder.'
        )
    described = {str(number): plan.described(number) for numbers in plan.splits.values() for number in numbers}
    record.write_text(json.dumps(description | {'sequences': described}, indent=1))
    (root / 'splits.json').write_text(json.dumps(plan.splits))

    done = len(sequences) - len(missing)
    if on_progress:
        on_progress(done, len(sequences))
    for _ in run_jobs(_write_sequence, [(root, plan, number, camera, form) for number in missing], workers):
        done += 1
        if on_progress:
            on_progress(done, len(sequences))

    for split, numbers in chosen.items():
        annotation = [json.loads((root / f'single_{number}' / 'annotation.json').read_text()) for number in numbers]
        (root / f'hrnet_annot_{split}.json').write_text(json.dumps(annotation))
    return root
