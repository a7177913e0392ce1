"""Who does what in which sequence of a simulated data set, and the named sets that everybody can make again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch

from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig
from mmradar.simulation.body import BodySurface, Skin
from mmradar.simulation.motions import MOTIONS
from mmradar.simulation.performance import Performance
from mmradar.simulation.routine import Routine
from mmradar.simulation.scene import FLOOR, Curtain, Fan, Interferer, Person, Scene
from mmradar.simulation.skeleton import Subject

SIMULATOR_VERSION = 2  # raise it when the same plan gives other data
SPLITS = ('train', 'val', 'test', 'unseen')
# what each random number is for, so that none is drawn twice
_SUBJECT, _PERFORMANCE, _ROOM, _NOISE, _SURFACE, _EXTRAS, _BOUNCE = 1, 2, 3, 4, 5, 6, 7


@dataclass(frozen=True)
class Extras:
    """What a room may hold beside walls and furniture; every switch is by itself.

    Args:
        floor_bounce: Echoes also come round by the floor: ghosts below it. A number is the share of rooms where they
            do.
        second_person: Somebody else stands or moves behind the subject.
        fan: One turns at the side.
        curtain: One sways at the back.
        interference: Another radar is on.
        phase_noise_rad: Of the radars' own oscillators, from chirp to chirp.
    """

    floor_bounce: float = False
    second_person: bool = False
    fan: bool = False
    curtain: bool = False
    interference: bool = False
    phase_noise_rad: float = 0.0


@dataclass(frozen=True)
class CompactForm:
    """What is kept of each frame as range profiles (:mod:`mmradar.radar.range_profile_files`).

    The defaults are those of the light variant's input, and a frame takes 24.6 kB instead of 786 kB.

    Args:
        num_chirps: Loops.
        range_bins: First and one past the last range bin.
    """

    num_chirps: int = 8
    range_bins: tuple[int, int] = (31, 95)

    def frame_bytes(self, radar: RadarConfig) -> int:
        """What a frame of one view takes on disk."""
        return 4 * radar.num_antennas * self.num_chirps * (self.range_bins[1] - self.range_bins[0])


@dataclass(frozen=True)
class SimulationPlan:
    """A simulated data set. Everything follows from the seed; the number of workers changes nothing.

    Every sequence is one subject in a room of its own, doing one motion (:class:`Performance`) or several that mix and
    blend (:class:`Routine`). Subjects belong to one split only. Sequences are numbered from 1 as HuPR's are.

    Args:
        train: Sequences to train on; likewise ``val`` and ``test``. Best a multiple of the number of motions.
        unseen: Sequences of another split to test on, of the unseen motions alone.
        num_frames: Frames a sequence.
        sequences_per_subject: How many sequences in a row share a subject.
        seed: Of everything.
        radar: Preset or fields of the :class:`RadarConfig`.
        motions: Names of ``MOTIONS``.
        unseen_motions: Those of them that no training sequence has: the test split has them among the others, or, if
            there is an ``unseen`` split, only that one.
        routines: Several motions a sequence, mixed and blended.
        varied: Routines and subjects as people are recorded: free and wide movements, bodies of all proportions.
        skin: Fields of :class:`Skin`: how bodies scatter.
        occlusion: Whether parts of a body hide each other.
        extras: Fields of :class:`Extras`: what else is in the room.

    Raises:
        ConfigError: Numbers or names that do not fit, naming them.
    """

    train: int = 240
    val: int = 12
    test: int = 24
    unseen: int = 0
    num_frames: int = 16
    sequences_per_subject: int = 4
    seed: int = 0
    radar: str | dict = 'iwr1843_hupr'
    motions: tuple[str, ...] = tuple(MOTIONS)[:12]
    unseen_motions: tuple[str, ...] = ()
    routines: bool = False
    varied: bool = False
    skin: Mapping[str, float] = field(default_factory=dict)
    occlusion: bool = True
    extras: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*SPLITS, 'num_frames', 'sequences_per_subject'):
            if getattr(self, name) < (0 if name in SPLITS else 1):
                raise ConfigError(f'SimulationPlan.{name} must not be {getattr(self, name)}')
        for name in ('motions', 'unseen_motions'):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if unknown := set(self.motions) - set(MOTIONS):
            raise ConfigError(f'unknown motion {min(unknown)!r}; known are {", ".join(MOTIONS)}')
        if not set(self.unseen_motions) < set(self.motions):
            raise ConfigError(
                f'SimulationPlan.unseen_motions must be some of its motions, not all: {self.unseen_motions} of '
                f'{self.motions}'
            )
        if self.unseen and not self.unseen_motions:
            raise ConfigError('SimulationPlan.unseen sequences are of unseen_motions, of which there are none')
        for name, known in (('skin', Skin), ('extras', Extras)):
            names = [f.name for f in fields(known)]
            if unknown := set(getattr(self, name)) - set(names):
                raise ConfigError(f'SimulationPlan.{name} has no {min(unknown)!r}; it has {", ".join(names)}')
            object.__setattr__(self, name, dict(getattr(self, name)))

    @property
    def radar_config(self) -> RadarConfig:
        return RadarConfig.build(self.radar)

    @property
    def splits(self) -> dict[str, list[int]]:
        """Sequence numbers by split."""
        numbers = iter(range(1, self.num_sequences + 1))
        sizes = {split: getattr(self, split) for split in SPLITS}
        found = {split: [next(numbers) for _ in range(size)] for split, size in sizes.items()}
        return {split: numbers for split, numbers in found.items() if numbers or split != 'unseen'}

    @property
    def num_sequences(self) -> int:
        """Sequences of all splits."""
        return sum(getattr(self, split) for split in SPLITS)

    def total_bytes(self, form: CompactForm | None = None, num_views: int = 2) -> int:
        """What the recordings will take on disk, in a compact form or raw."""
        frame_bytes = form.frame_bytes(self.radar_config) if form else self.radar_config.frame_bytes
        return self.num_sequences * self.num_frames * num_views * frame_bytes

    def _place(self, sequence: int) -> tuple[str, int]:
        """Split of a sequence, and its number within it."""
        for split, numbers in self.splits.items():
            if sequence in numbers:
                return split, sequence - numbers[0]
        raise ValueError(f'no sequence {sequence} in this plan')

    def subject_of(self, sequence: int) -> int:
        """Number of the subject of a sequence; counted within the split, so that no two splits share one."""
        split, number = self._place(sequence)
        return 10_000 * (SPLITS.index(split) + 1) + number // self.sequences_per_subject

    def motions_of(self, split: str) -> list[str]:
        """Names of the motions of a split."""
        if split == 'unseen':
            return list(self.unseen_motions)
        everything = split == 'test' and not self.unseen
        return [name for name in self.motions if everything or name not in self.unseen_motions]

    def performance(self, sequence: int) -> Performance | Routine:
        """Subject, motion, style and place of a sequence."""
        draw = Subject.varied if self.varied else Subject.random
        subject = draw(np.random.default_rng([self.seed, _SUBJECT, self.subject_of(sequence)]))
        names, rng = (
            self.motions_of(self._place(sequence)[0]),
            np.random.default_rng([self.seed, _PERFORMANCE, sequence]),
        )
        if self.routines:
            duration_s = self.num_frames / self.radar_config.frame_rate_hz
            return Routine.random(subject, names, sequence, duration_s, rng, self.varied)
        # A subject's motions follow each other in the list; the next subject goes on where this one stopped.
        return Performance.random(subject, names[(sequence - 1) % len(names)], rng)

    def person(self, sequence: int) -> Person:
        """The subject of a sequence with a surface, the same in all of the subject's sequences."""
        performance = self.performance(sequence)
        generator = torch.Generator().manual_seed(self._seed(_SURFACE, self.subject_of(sequence)))
        return Person(performance, BodySurface(performance.subject, generator, Skin(**self.skin), self.occlusion))

    def described(self, sequence: int) -> dict[str, Any]:
        """What a sequence shows, for people."""
        performance = self.performance(sequence)
        height_m = round(performance.subject.height_m, 3)
        return dict(subject=self.subject_of(sequence), motion=performance.motion, height_m=height_m)

    def scene(self, sequence: int) -> Scene:
        """The room of a sequence."""
        extras = Extras(**self.extras)
        bounce = float(extras.floor_bounce)
        if 0 < bounce < 1:
            bounce = np.random.default_rng([self.seed, _BOUNCE, sequence]).uniform() < bounce
        rng = np.random.default_rng([self.seed, _EXTRAS, sequence])
        movers = []
        if extras.second_person:
            subject = Subject.random(rng)
            behind = Performance.random(subject, str(rng.choice(self.motions)), rng)
            behind = replace(behind, place_m=(float(rng.uniform(-1.2, 1.2)), float(rng.uniform(3.6, 4.2))))
            generator = torch.Generator().manual_seed(self._seed(_EXTRAS, sequence))
            movers.append(Person(behind, BodySurface(subject, generator, Skin(**self.skin), self.occlusion)))
        if extras.fan:
            place = (float(rng.choice([-1, 1]) * rng.uniform(0.9, 1.4)), float(rng.uniform(2.5, 3.5)), 1.1)
            movers.append(Fan(place, rate_hz=float(rng.uniform(1.5, 4))))
        if extras.curtain:
            movers.append(Curtain((float(rng.uniform(-1, 1)), float(rng.uniform(3.5, 4.5)), 2.1)))
        interferers = []
        if extras.interference:
            place = (float(rng.uniform(-2, 2)), float(rng.uniform(2, 5)), 1.0)
            interferers.append(Interferer(place, slope_hz_per_s=float(rng.uniform(15e12, 60e12))))
        return Scene.random_room(
            np.random.default_rng([self.seed, _ROOM, sequence]),
            mirrors=(FLOOR,) if bounce else (),
            movers=tuple(movers),
            interferers=tuple(interferers),
        )

    def noise(self, sequence: int, view: int) -> torch.Generator:
        """What draws the noise of one radar's recording of a sequence."""
        return torch.Generator().manual_seed(self._seed(_NOISE, sequence, view))

    def _seed(self, *numbers: int) -> int:
        return int(np.random.SeedSequence([self.seed, *numbers]).generate_state(1)[0])

    def changed(self, **changes: Any) -> SimulationPlan:
        """Another plan, some fields changed; ``skin`` and ``extras`` keep what is not named.

        Raises:
            ConfigError: A field that a plan does not have.
        """
        known = [f.name for f in fields(self)]
        if unknown := set(changes) - set(known):
            raise ConfigError(f'SimulationPlan has no {min(unknown)!r}; it has {", ".join(known)}')
        for name in ('skin', 'extras'):
            if name in changes:
                changes[name] = {**getattr(self, name), **changes[name]}
        return replace(self, **changes)

    def description(self) -> dict[str, Any]:
        """All fields and the simulator's version, as JSON can hold them."""
        since = {
            'unseen': 0,
            'routines': False,
            'varied': False,
        }  # fields that sets made before they were there do not name
        return {'simulator': SIMULATOR_VERSION} | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if since.get(name, ...) != value
        }


_V2 = dict(
    num_frames=120,
    sequences_per_subject=2,
    motions=tuple(MOTIONS),
    unseen_motions=('circle_arms', 'front_lunge', 'run_in_place'),
    routines=True,
    extras=dict(floor_bounce=0.5),
)
# SimHuPR: a change of these, or of anything that changes their bytes, is a new version.
PLANS: dict[str, SimulationPlan] = {
    # 60 frames a sequence: 21 GB. Train and val hold every motion but the unseen, test all of them twice; none of its
    # subjects is in the others.
    'simhupr-v1': SimulationPlan(
        train=162,
        val=18,
        test=42,
        num_frames=60,
        sequences_per_subject=6,
        motions=tuple(MOTIONS),
        unseen_motions=('punch', 'side_lunge', 'turn'),
        extras=dict(floor_bounce=True),
    ),
    # what the demo trains on: 6.9 GB
    'simhupr-v1-mini': SimulationPlan(),
    # People who do one thing after another, arms and legs not always the same: 4.1 hours, as much as HuPR. Test and val
    # have other subjects; unseen has yet others, who do what nobody did in training.
    'simhupr-v2': SimulationPlan(train=1160, val=16, test=24, unseen=24, **_V2),
    # what the demo trains on: 1.3 hours, without echoes by the floor, which take most of the time to simulate
    'simhupr-v2-mini': SimulationPlan(train=400, val=8, test=12, unseen=12, seed=1, **{**_V2, 'extras': {}}),
}
