"""Simulated data sets of recorded motions: people of motion capture in front of two radars."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmradar.errors import DataError
from mmradar.simulation.body import BodySurface, Skin
from mmradar.simulation.motion_files import read_motion
from mmradar.simulation.motion_sequence import MotionSequence
from mmradar.simulation.performance import is_seen_whole
from mmradar.simulation.plan import SimulationPlan
from mmradar.simulation.scene import Person
from mmradar.simulation.skeleton import Subject

_MARGIN_S = 0.1  # that a sequence's last frame takes
_DEPTHS_M = (1.3, 3.4)  # of all joints, from the radars: what the light configurations' range bins see
_TRIALS = 24
_SURFACE = 8  # what the random number is for


@dataclass(frozen=True)
class RecordedClip:
    """A part of a recorded motion, and where it is in front of the radars.

    Args:
        path: File that :func:`~mmradar.simulation.read_motion` reads.
        start_s: Where the part begins.
        place_m: Of the pelvis in its first frame, (x, y).
        heading_rad: Where the body faces then; pi is towards the radars.
    """

    path: str
    start_s: float
    place_m: tuple[float, float]
    heading_rad: float

    def motion(self, duration_s: float) -> MotionSequence:
        """The part, placed."""
        return _part(_read(self.path), self.start_s, duration_s).placed(self.place_m, self.heading_rad)


@functools.lru_cache(maxsize=4)
def _read(path: str) -> MotionSequence:
    return read_motion(path)


def _part(motion: MotionSequence, start_s: float, duration_s: float) -> MotionSequence:
    """From a time on; longer by an interval of the recording, so that it ends late enough."""
    return motion.clip(start_s, min(start_s + duration_s + 2 / motion.frame_rate_hz, motion.duration_s))


@dataclass(frozen=True)
class RecordedPlan(SimulationPlan):
    """A plan whose people do what was recorded: a sequence is a part of a motion file, somewhere before the radars.

    Sequences of one file are one subject. Rooms, skin and extras are those of any plan.

    Args:
        clips: One for each sequence.
        **fields: As of :class:`SimulationPlan`; motions and routines do not count.
    """

    clips: tuple[RecordedClip, ...] = ()

    @classmethod
    def of_files(
        cls,
        paths: Sequence[str | Path],
        split: str = 'test',
        on_unreadable: Callable[[Exception], None] | None = None,
        **fields: Any,
    ) -> RecordedPlan:
        """A plan of all parts of motion files during which the camera sees a person whole.

        A file is cut into parts as long as a sequence; each is put somewhere into HuPR's part of the room (2.0 to 2.8 m
        away, 0.35 m to either side), facing the radars to 35 degrees. Parts that would leave it wherever they begin are
        left out.

        Args:
            paths: Files.
            split: All sequences are of this split.
            on_unreadable: Called with the error of a file that cannot be read, which is left out; raised if ``None``.
            **fields: Others of the plan.

        Raises:
            DataError: No part of any file stays in view, or none can be read; or, without ``on_unreadable``, one.
        """
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
            for part in range(int(motion.duration_s // duration_s)):
                rng = np.random.default_rng([empty.seed, _SURFACE, number, part])
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
    """A part of a motion at a place where it stays in view; ``None`` if none of some places is one."""
    for _ in range(_TRIALS):
        place_m = (float(rng.uniform(-0.35, 0.35)), float(rng.uniform(2.0, 2.8)))
        clip = RecordedClip(path, start_s, place_m, float(np.pi + rng.uniform(-0.6, 0.6)))
        try:
            joints = clip.motion(duration_s).joints_m(times_s)
        except DataError:  # a body that lies on its side faces nowhere
            return None
        depth = joints[..., 1]
        if _DEPTHS_M[0] < depth.min() and depth.max() < _DEPTHS_M[1] and is_seen_whole(joints):
            return clip
    return None
