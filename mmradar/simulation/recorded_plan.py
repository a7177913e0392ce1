"""Plans of simulated data sets from recorded motions: people from motion capture in front of two radars."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmradar.errors import ConfigError, DataError
from mmradar.simulation.body import BodySurface, Skin
from mmradar.simulation.motion_files import read_motion
from mmradar.simulation.motion_sequence import MotionSequence
from mmradar.simulation.performance import is_seen_whole
from mmradar.simulation.plan import SimulationPlan
from mmradar.simulation.scene import Person
from mmradar.simulation.skeleton import Subject

_MARGIN_S = 0.1  # for the duration of a sequence's last frame
_DEPTHS_M = (1.3, 3.4)  # least and greatest y of all joints: what the light configurations' range bins see
_TRIALS = 24  # places tried for each part
_SURFACE = 8  # key of the random streams, unlike those of other plans


@dataclass(frozen=True)
class RecordedClip:
    """Part of a recorded motion, and its place in front of the radars.

    Args:
        path: File that :func:`~mmradar.simulation.read_motion` reads.
        start_s: Time in the file at which the part begins, in s.
        place_m: Position (x, y) of the pelvis in the part's first frame.
        heading_rad: Heading of the body in that frame; pi is towards the radars.
    """

    path: str
    start_s: float
    place_m: tuple[float, float]
    heading_rad: float

    def motion(self, duration_s: float) -> MotionSequence:
        """Read the part and place it."""
        return _part(_read(self.path), self.start_s, duration_s).placed(self.place_m, self.heading_rad)


@functools.lru_cache(maxsize=4)
def _read(path: str) -> MotionSequence:
    return read_motion(path)


def _part(motion: MotionSequence, start_s: float, duration_s: float) -> MotionSequence:
    """Cut out a part, at least one interval of the recording longer, so that it does not end too early."""
    return motion.clip(start_s, min(start_s + duration_s + 2 / motion.frame_rate_hz, motion.duration_s))


@dataclass(frozen=True)
class RecordedPlan(SimulationPlan):
    """Plan whose people do what was recorded: each sequence is a part of a motion file, placed before the radars.

    All sequences of one file have the same subject. Rooms, skin and extras are those of any plan.

    Args:
        clips: One part of a motion file per sequence.
        **fields: See :class:`SimulationPlan`; motions and routines have no effect.
    """

    clips: tuple[RecordedClip, ...] = ()

    @classmethod
    def of_files(
        cls,
        paths: Sequence[str | Path],
        split: str = 'test',
        places: int = 1,
        on_unreadable: Callable[[Exception], None] | None = None,
        **fields: Any,
    ) -> RecordedPlan:
        """Make a plan of all parts of motion files during which the camera sees the whole person.

        A file is cut into parts as long as a sequence. Each is put at a random place in HuPR's part of the room (2.0 to
        2.8 m away, 0.35 m to either side), facing the radars to within 35 degrees. A part that stays in view from none
        of 24 places is left out.

        Args:
            paths: Motion files.
            split: Split that all sequences belong to.
            places: Number of sequences made of each part, each with its own place, heading and room.
            on_unreadable: Called with the error of a file that cannot be read, which is then left out; if ``None``, the
                error is raised.
            **fields: Other fields of the plan.

        Raises:
            ConfigError: ``places`` is below 1.
            DataError: No part of any file stays in view, or no file can be read; without ``on_unreadable``, also if one
                file cannot be read.
        """
        if places < 1:
            raise ConfigError(f'RecordedPlan: each part needs at least one place, found places={places}')
        empty = cls(**{'train': 0, 'val': 0, 'test': 0, 'unseen': 0, **fields})
        duration_s = empty._duration_s
        times_s = np.arange(empty.num_frames) / empty.radar_config.frame_rate_hz
        clips, read = [], 0
        for path in map(str, paths):
            try:
                motion = _read(path)
            except (OSError, DataError, ImportError) as error:
                if on_unreadable is None:
                    raise
                on_unreadable(error)
                continue
            number, read = read, read + 1
            for part, place in itertools.product(range(int(motion.duration_s // duration_s)), range(places)):
                # without a number, the first place is that of sets with one place
                rng = np.random.default_rng([empty.seed, _SURFACE, number, part, *([place] if place else [])])
                clip = _in_view(path, motion, part * duration_s, duration_s, times_s, rng)
                clips += [clip] if clip else []
        if not read:
            raise DataError('none of the motion files can be read')
        if not clips:
            raise DataError(
                f'of {read} motion files no part of {duration_s:.1f} s stays in view of the camera; take fewer '
                'frames a sequence, or motions that stay at their place'
            )
        return empty.changed(**{split: len(clips)}, clips=tuple(clips))

    @property
    def _duration_s(self) -> float:
        return self.num_frames / self.radar_config.frame_rate_hz + _MARGIN_S

    def subject_of(self, sequence: int) -> int:
        paths = list(dict.fromkeys(clip.path for clip in self.clips))
        return 1 + paths.index(self.clips[sequence - 1].path)

    def _motion(self, sequence: int) -> MotionSequence:
        return self.clips[sequence - 1].motion(self._duration_s)

    def person(self, sequence: int) -> Person:
        motion = self._motion(sequence)
        generator = torch.Generator().manual_seed(self._seed(_SURFACE, self.subject_of(sequence)))
        subject = Subject(height_m=motion.stature_m)
        return Person(motion, BodySurface(subject, generator, Skin(**self.skin), self.occlusion))

    def described(self, sequence: int) -> dict[str, Any]:
        height_m = round(self._motion(sequence).stature_m, 3)
        motion = f'{Path(self.clips[sequence - 1].path).stem}, from {self.clips[sequence - 1].start_s:.1f} s'
        return dict(subject=self.subject_of(sequence), motion=motion, height_m=height_m)

    def description(self) -> dict[str, Any]:
        return super().description() | {'clips': [asdict(clip) for clip in self.clips]}


def _in_view(
    path: str,
    motion: MotionSequence,
    start_s: float,
    duration_s: float,
    times_s: np.ndarray,
    rng: np.random.Generator,
) -> RecordedClip | None:
    """Place a part of a motion where it stays in view; return ``None`` if it does so at none of the places tried."""
    for _ in range(_TRIALS):
        place_m = (float(rng.uniform(-0.35, 0.35)), float(rng.uniform(2.0, 2.8)))
        clip = RecordedClip(path, start_s, place_m, float(np.pi + rng.uniform(-0.6, 0.6)))
        try:
            joints = clip.motion(duration_s).joints_m(times_s)
        except DataError:  # a body that lies on its side has no heading
            return None
        depth = joints[..., 1]
        if _DEPTHS_M[0] < depth.min() and depth.max() < _DEPTHS_M[1] and is_seen_whole(joints):
            return clip
    return None
