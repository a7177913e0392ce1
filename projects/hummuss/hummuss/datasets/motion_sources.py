"""Sources of motions to film: procedural motions, and all motion files that ``mmradar.simulation`` reads."""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Float
from mmengine.logging import print_log

from hummuss.datasets.amass import AMASS_KEYS, read_amass
from mmradar.errors import ConfigError, DataError
from mmradar.simulation import JOINT_NAMES, MotionSequence, Performance, Routine, Subject, read_motion
from mmradar.simulation.motion_files import read_mars
from mmradar.simulation.motion_files.arrays import load_npz
from mmradar.simulation.skeleton import JOINTS

_SUFFIXES = ('.amc', '.bvh', '.csv', '.json', '.npz', '.txt')
SPLITS = ('train', 'test')


class Motion(Protocol):
    """Anything that moves like a person, such as ``Performance`` and ``MotionSequence``."""

    def joints_m(self, time_s: Float[np.ndarray, 'time'], /) -> Float[np.ndarray, 'time 14 3']:
        """Return the positions of HuPR's joints in world axes, in m."""
        ...


@dataclass(frozen=True, eq=False)
class MotionClip:
    """Motion of one person, from time 0 on.

    Args:
        motion: The motion.
        action: Name of the action, for errors per action.
        name: Name of the clip, unique in its data set.
        duration_s: Duration of the clip; times outside it repeat the pose at its nearer end.
        person: Name of the person, or of the group by which recorded clips are split.
    """

    motion: Motion
    action: str
    name: str
    duration_s: float
    person: str

    def joints_m(self, times_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time 14 3']:
        """Return joint positions in world axes, in m; times outside the clip repeat the pose at its nearer end."""
        return self.motion.joints_m(self.times_within_s(times_s))

    def times_within_s(self, times_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time']:
        """Return the times, those outside the clip moved to its nearer end."""
        return np.clip(times_s, 0.0, self.duration_s)


def procedural_clip(
    number: int,
    seed: Sequence[int],
    duration_s: float,
    motions: Sequence[str],
    routine: bool = False,
    varied: bool = False,
) -> MotionClip:
    """Generate a clip of a random adult performing procedural motions.

    The clip depends only on the arguments.

    Args:
        number: Number of the clip; consecutive clips take the ``motions`` in turn.
        seed: Numbers that distinguish sets of clips: seed, split, epoch.
        duration_s: Duration of the clip; procedural motions are endless.
        motions: Names of ``mmradar.simulation.MOTIONS``.
        routine: Let several motions follow and blend into each other; the action is then called ``'routine'``.
        varied: With ``routine``, imitate recordings of people.
    """
    rng = np.random.default_rng([*seed, number])
    subject = (Subject.varied if varied else Subject.random)(rng)
    action = 'routine' if routine else motions[number % len(motions)]
    if routine:
        motion = Routine.random(subject, list(motions), number, duration_s, rng, varied)
    else:
        motion = Performance.random(subject, action, rng)
    person = f'procedural/{"-".join(map(str, seed))}/{number}'
    return MotionClip(motion, action, f'{person}/{action}', duration_s, person)


def recorded_clips(
    paths: Sequence[str | Path],
    split: str | None,
    test_every: int = 4,
    smooth_hz: float | None = None,
    on_error: str = 'raise',
    file_names: str | None = None,
    actions: Collection[str] | None = None,
) -> list[MotionClip]:
    """Read the clips of motion files, all or those of one split.

    Each path is split independently, into groups whose clips stay together: a folder of Acclaim files (one person) is a
    group, a person of MARS is a group, and so is any other file, unless ``file_names`` says more. In alphabetical
    order, every ``test_every``-th group is for testing; if there are fewer groups, the last one is.

    Args:
        paths: Files, or folders that are searched for ``.amc``, ``.bvh``, ``.csv``, ``.npz``, and ``.json`` and
            ``.txt`` in DeepMimic's format.
        split: ``'train'``, ``'test'``, or ``None`` for all.
        test_every: See above; at least 2.
        smooth_hz: Cut-off frequency of a low-pass filter for every motion, see ``MotionSequence.smoothed``; ``None``:
            no filter.
        on_error: Handling of a file that is not a person's motion: ``'raise'``, or ``'drop'`` it with a warning.
        file_names: Regular expression of whole file names without suffix, with the groups ``action``, the clip's
            action, and ``person``, the group for the split. ``None``: a file's action is its name, or MARS's movement.
        actions: Actions to keep; groups are formed of their clips only. ``None``: all.

    Raises:
        ConfigError: An argument is invalid.
        DataError: A path does not exist or contains no motion, a file is damaged or has another name, or a path has
            only one group and cannot be split.
    """
    names_of_files = None if file_names is None else _pattern(file_names)
    if split not in (*SPLITS, None):
        raise ConfigError(f"split must be 'train', 'test' or None, found {split!r}")
    if on_error not in ('raise', 'drop'):
        raise ConfigError(f"on_error must be 'raise' or 'drop', found {on_error!r}")
    if test_every < 2:
        raise ConfigError(f'test_every must be at least 2, found {test_every}')
    clips: list[MotionClip] = []
    for path in map(Path, paths):
        groups = _groups(path, names_of_files)
        if not groups:
            raise DataError(f'{path}: no motion files found; looked for {", ".join(_SUFFIXES)}')
        if actions is not None:
            groups = _of_actions(groups, actions, path)
        names = sorted(groups)
        if split is not None and len(names) == 1:
            raise DataError(
                f'{path} holds one person or file, {names[0]}, which cannot be split into train and test; '
                'name other files for each and set split=None'
            )
        every = min(test_every, len(names))
        chosen = [name for index, name in enumerate(names) if (split == 'test') == (index % every == every - 1)]
        dropped: list[str] = []
        for person, file in ((name, file) for name in (names if split is None else chosen) for file in groups[name]):
            try:
                clips += [
                    _clip(path, sequence, action, person, smooth_hz)
                    for sequence, action in file.read()
                    if actions is None or action in actions
                ]
            except DataError as error:
                if on_error == 'raise':
                    raise
                dropped.append(str(error).splitlines()[0])
        if dropped:
            print_log(f'{path}: {len(dropped)} files left out: {"; ".join(dropped[:3])}', 'current', logging.WARNING)
    return clips


# Pairs of joints that the trunk keeps at a nearly constant distance.
_TRUNK = (('R_Hip', 'L_Hip'), ('Neck', 'L_Shoulder'), ('Neck', 'R_Shoulder'), ('Neck', 'Head'))


def check_joint_order(sequence: MotionSequence, where: str) -> None:
    """Raise if the joints are not in HuPR's order, as far as the distances within the trunk show it.

    ``MotionSequence`` checks the bones of arms and legs, but a wrong order may pass that check, as an arm has two bones
    just like a leg. An exchange of left and right cannot be detected.

    Args:
        sequence: Motion to check.
        where: File of the motion, for messages.

    Raises:
        DataError: The distance between the hips, or from the neck to a shoulder or the head, is too large for the
            length of the legs or varies too much.
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


def _clip(root: Path, sequence: MotionSequence, action: str, person: str, smooth_hz: float | None) -> MotionClip:
    check_joint_order(sequence, f'{root}, {sequence.name}')
    if smooth_hz is not None and smooth_hz < sequence.frame_rate_hz / 2:
        sequence = sequence.smoothed(smooth_hz)
    return MotionClip(sequence, action, f'{root.name}/{sequence.name}', sequence.duration_s, person)


@dataclass(frozen=True, eq=False)
class _File:
    """Motion file, or one person's part of it.

    Args:
        action: Action of all its clips; ``None`` if it has clips of several.
        read: Function that reads the clips, each with its action.
    """

    action: str | None
    read: Callable[[], list[tuple[MotionSequence, str]]]


def _pattern(file_names: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(file_names)
    except re.error as error:
        raise ConfigError(f'file_names is not a regular expression: {file_names!r} ({error})') from error
    if missing := {'action', 'person'} - set(pattern.groupindex):
        raise ConfigError(
            f'file_names needs the groups (?P<action>...) and (?P<person>...), found {file_names!r} without {missing}'
        )
    return pattern


def _of_actions(groups: Mapping[str, list[_File]], actions: Collection[str], path: Path) -> dict[str, list[_File]]:
    """Leave out the files of other actions, and groups that have no others."""
    kept = {name: [file for file in files if file.action in (None, *actions)] for name, files in groups.items()}
    kept = {name: files for name, files in kept.items() if files}
    if not kept:
        known = sorted({str(file.action) for files in groups.values() for file in files})
        raise DataError(f'{path}: no motion is one of {", ".join(actions)}; found {", ".join(known[:30])}')
    return kept


def _groups(root: Path, file_names: re.Pattern[str] | None) -> dict[str, list[_File]]:
    """Find the motion files at a path, by group; reads nothing but MARS's list of subjects."""
    if not root.exists():
        raise DataError(
            f'no motions at {root}\n'
            '  Name a file or folder of motions: CMU (.asf, .amc), BVH, DeepMimic, MARS (.npz), AMASS-style (.npz),\n'
            '  or leave `motion_files` empty: procedural motions need no files.'
        )
    groups: dict[str, list[_File]] = {}
    for path in [root] if root.is_file() else sorted(path for path in root.rglob('*') if _may_be_motion(path)):
        if path.suffix.lower() == '.npz' and {'joints', 'subject', 'movement'} <= _arrays_of(path):
            for subject in np.unique(load_npz(path, ['subject'])['subject']):
                groups[f'{path}, subject {subject}'] = [_File(None, partial(_read_mars, path, int(subject)))]
            continue
        # the Acclaim files of a folder belong to one person
        action, group = path.stem, str(path.parent if path.suffix.lower() == '.amc' else path)
        if file_names is not None:
            match = file_names.fullmatch(path.stem)
            if match is None:
                raise DataError(f'{path}: the name without suffix does not match {file_names.pattern!r} (file_names)')
            action, group = match['action'], match['person']
        groups.setdefault(group, []).append(_File(action, partial(_read_one, path, action)))
    return groups


def _may_be_motion(path: Path) -> bool:
    if not path.is_file() or path.suffix.lower() not in _SUFFIXES:
        return False
    if path.suffix.lower() in ('.txt', '.json'):  # DeepMimic stores characters next to motions
        with path.open('rb') as file:
            start = file.read(4096)
        return start.lstrip().startswith(b'{') and b'"Frames"' in start
    return True


def _read_one(path: Path, action: str) -> list[tuple[MotionSequence, str]]:
    if path.suffix.lower() == '.npz' and AMASS_KEYS & _arrays_of(path):
        return [(read_amass(path), action)]
    try:
        return [(read_motion(path), action)]
    except (ImportError, FileNotFoundError) as error:  # no package for BVH, or no skeleton for an .amc
        raise DataError(f'{path}: {error}') from error


def _read_mars(path: Path, subject: int) -> list[tuple[MotionSequence, str]]:
    # One of MARS's 301 clips is not a person's motion.
    sequences = read_mars(path, subject, on_error='drop')
    return [(sequence, f'MARS {sequence.name.split(", ")[1]}') for sequence in sequences]


def _arrays_of(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix('.npy') for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f'{path} cannot be read as .npz ({error})') from error
