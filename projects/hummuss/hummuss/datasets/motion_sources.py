"""Motions to film: procedural ones, and files of all kinds that ``mmradar.simulation`` reads."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float
from mmengine.logging import print_log

from hummuss.datasets.amass import AMASS_KEYS, read_amass
from mmradar.errors import ConfigError, DataError
from mmradar.simulation import JOINT_NAMES, MOTIONS, MotionSequence, Performance, Subject, read_motion
from mmradar.simulation.motion_files import read_mars
from mmradar.simulation.motion_files.arrays import load_npz
from mmradar.simulation.skeleton import JOINTS

_SUFFIXES = ('.amc', '.bvh', '.csv', '.json', '.npz', '.txt')
SPLITS = ('train', 'test')


@dataclass(frozen=True, eq=False)
class MotionClip:
    """One person's motion from time 0 on.

    Args:
        motion: Whatever has ``joints_m(time_s)``: a ``Performance`` or a ``MotionSequence``.
        action: What is done, for errors per action.
        name: Of this clip, unique in its data set.
        duration_s: How long it is; times beyond it have no joints.
    """

    motion: Performance | MotionSequence
    action: str
    name: str
    duration_s: float

    def joints_m(self, times_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time 14 3']:
        """Joint positions in world axes, in m; times outside the clip hold the pose of its end."""
        return self.motion.joints_m(np.clip(times_s, 0.0, self.duration_s))


def procedural_clip(number: int, seed: Sequence[int], duration_s: float, motions: Sequence[str]) -> MotionClip:
    """A random adult doing one of the procedural motions, in turn.

    Args:
        number: Of the clip; it and the seed are all that the clip depends on.
        seed: Numbers that other clips do not share: seed, split, epoch.
        duration_s: How much of the motion, which has no end, is the clip.
        motions: Names of ``mmradar.simulation.MOTIONS``.
    """
    rng = np.random.default_rng([*seed, number])
    action = motions[number % len(motions)]
    performance = Performance.random(Subject.random(rng), action, rng)
    return MotionClip(performance, action, f'procedural/{"-".join(map(str, seed))}/{number}/{action}', duration_s)


def check_motions(motions: Sequence[str] | None) -> tuple[str, ...]:
    """Names of procedural motions, all if ``None``.

    Raises:
        ConfigError: An unknown name, or none.
    """
    motions = tuple(MOTIONS) if motions is None else tuple(motions)
    unknown = [name for name in motions if name not in MOTIONS]
    if unknown or not motions:
        raise ConfigError(f'unknown motion {unknown[:1]}; known are {", ".join(MOTIONS)}')
    return motions


def recorded_clips(
    paths: Sequence[str | Path],
    split: str | None,
    test_every: int = 4,
    smooth_hz: float | None = None,
    on_error: str = 'raise',
) -> list[MotionClip]:
    """The clips of motion files, or of one part of them.

    Each path is split by itself, into groups that never fall apart: a folder of Acclaim files (one person) is a group,
    so is a person of MARS, any other file is one of its own. Of the groups in alphabetical order, every
    ``test_every``-th is for testing, or the last if there are fewer.

    Args:
        paths: Files, or folders that are searched for ``.amc``, ``.bvh``, ``.csv``, ``.json``, ``.npz`` and those
            ``.txt`` that are DeepMimic's.
        split: ``'train'``, ``'test'``, or ``None`` for all.
        test_every: See above; at least 2.
        smooth_hz: Cut-off of a low-pass filter over every motion, see ``MotionSequence.smoothed``; none if ``None``.
        on_error: What to do with a file that is no person's motion: ``'raise'``, or ``'drop'`` it with a warning.

    Raises:
        ConfigError: An argument is not one of those.
        DataError: A path is missing or holds no motion, a file is damaged, or one group alone cannot be split.
    """
    if split not in (*SPLITS, None):
        raise ConfigError(f"split must be 'train', 'test' or None, found {split!r}")
    if on_error not in ('raise', 'drop'):
        raise ConfigError(f"on_error must be 'raise' or 'drop', found {on_error!r}")
    if test_every < 2:
        raise ConfigError(f'test_every must be at least 2, found {test_every}')
    clips: list[MotionClip] = []
    for path in map(Path, paths):
        groups = _groups(path)
        if not groups:
            raise DataError(f'{path}: no motion files found; looked for {", ".join(_SUFFIXES)}')
        names = sorted(groups)
        if split is not None and len(names) == 1:
            raise DataError(
                f'{path} holds one person or file, {names[0]}, which cannot be split into train and test; '
                'name other files for each and set split=None'
            )
        every = min(test_every, len(names))
        chosen = [name for index, name in enumerate(names) if (split == 'test') == (index % every == every - 1)]
        dropped: list[str] = []
        for read in (read for name in (names if split is None else chosen) for read in groups[name]):
            try:
                clips += [_clip(path, sequence, action, smooth_hz) for sequence, action in read()]
            except DataError as error:
                if on_error == 'raise':
                    raise
                dropped.append(str(error).splitlines()[0])
        if dropped:
            print_log(f'{path}: {len(dropped)} files left out: {"; ".join(dropped[:3])}', 'current', logging.WARNING)
    return clips


# What a trunk holds together.
_TRUNK = (('R_Hip', 'L_Hip'), ('Neck', 'L_Shoulder'), ('Neck', 'R_Shoulder'), ('Neck', 'Head'))


def check_joint_order(sequence: MotionSequence, where: str) -> None:
    """Whether joints are in HuPR's order, as far as a skeleton tells: what joins arms and legs keeps its lengths.

    ``MotionSequence`` checks arms and legs themselves, which another order may pass: an arm has two bones, as a leg
    has. That left and right are exchanged cannot be seen.

    Args:
        sequence: The motion.
        where: Its file, for messages.

    Raises:
        DataError: The hips are too far from each other, or shoulders or head from the neck, for the legs' length, or
            those distances change as no trunk's do.
    """
    joints = sequence.positions_m
    legs = np.median(_distances(joints, 'R_Hip', 'R_Knee') + _distances(joints, 'R_Knee', 'R_Ankle'))
    for first, second in _TRUNK:
        distances = _distances(joints, first, second)
        median, spread = np.median(distances), np.ptp(np.quantile(distances, [0.05, 0.95]))
        if median > 0.5 * legs or spread > 0.3 * legs:
            raise DataError(
                f'{where}: from {first} to {second} it is {median:.2f} m, changing by {spread:.2f} m, with legs of '
                f'{legs:.2f} m; that is no body. Are the joints in another order? Expected {", ".join(JOINT_NAMES)}'
            )


def _distances(joints: Float[np.ndarray, 'frames 14 3'], first: str, second: str) -> Float[np.ndarray, 'frames']:
    return np.linalg.norm(joints[:, JOINTS[first]] - joints[:, JOINTS[second]], axis=-1)


def _clip(root: Path, sequence: MotionSequence, action: str, smooth_hz: float | None) -> MotionClip:
    check_joint_order(sequence, f'{root}, {sequence.name}')
    if smooth_hz is not None and smooth_hz < sequence.frame_rate_hz / 2:
        sequence = sequence.smoothed(smooth_hz)
    return MotionClip(sequence, action, f'{root.name}/{sequence.name}', sequence.duration_s)


# Reads a file's clips, each with its action, when called.
_Reader = Callable[[], list[tuple[MotionSequence, str]]]


def _groups(root: Path) -> dict[str, list[_Reader]]:
    """What is below a path, by group; nothing but MARS's list of subjects is read yet."""
    if not root.exists():
        raise DataError(
            f'no motions at {root}\n'
            '  Name a file or folder of motions: CMU (.asf, .amc), BVH, DeepMimic, MARS (.npz), AMASS-style (.npz),\n'
            '  or leave `motion_files` empty: procedural motions need no files.'
        )
    groups: dict[str, list[_Reader]] = {}
    for path in [root] if root.is_file() else sorted(path for path in root.rglob('*') if _may_be_motion(path)):
        if path.suffix.lower() == '.npz' and {'joints', 'subject', 'movement'} <= _arrays_of(path):
            for subject in np.unique(load_npz(path, ['subject'])['subject']):
                groups[f'{path}, subject {subject}'] = [partial(_read_mars, path, int(subject))]
        else:  # the Acclaim files of a folder are one person's
            group = path.parent if path.suffix.lower() == '.amc' else path
            groups.setdefault(str(group), []).append(partial(_read_one, path))
    return groups


def _may_be_motion(path: Path) -> bool:
    if not path.is_file() or path.suffix.lower() not in _SUFFIXES:
        return False
    if path.suffix.lower() in ('.txt', '.json'):  # DeepMimic keeps its characters beside its motions
        with path.open('rb') as file:
            start = file.read(4096)
        return start.lstrip().startswith(b'{') and b'"Frames"' in start
    return True


def _read_one(path: Path) -> list[tuple[MotionSequence, str]]:
    if path.suffix.lower() == '.npz' and AMASS_KEYS & _arrays_of(path):
        return [(read_amass(path), path.stem)]
    try:
        return [(read_motion(path), path.stem)]
    except (ImportError, FileNotFoundError) as error:  # no package for BVH, no skeleton beside an .amc
        raise DataError(f'{path}: {error}') from error


def _read_mars(path: Path, subject: int) -> list[tuple[MotionSequence, str]]:
    # One clip of 301 is no person's motion.
    sequences = read_mars(path, subject, on_error='drop')
    return [(sequence, f'MARS {sequence.name.split(", ")[1]}') for sequence in sequences]


def _arrays_of(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix('.npy') for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f'{path} cannot be read as .npz ({error})') from error
