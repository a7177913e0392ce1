"""Plans of simulated data sets: who does what in each sequence; and the named sets, which anyone can reproduce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

import numpy as np
import torch

from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig
from mmradar.simulation.body import BodySurface, Skin
from mmradar.simulation.motions import MOTIONS, check_motions
from mmradar.simulation.performance import Performance
from mmradar.simulation.routine import Routine
from mmradar.simulation.scene import FLOOR, Curtain, Fan, Interferer, Person, Scene
from mmradar.simulation.skeleton import Subject

SIMULATOR_VERSION = 2  # raise it when the same plan gives other data
SPLITS = ('train', 'val', 'test', 'unseen')
# keys of the random streams, so that no two uses share one
_SUBJECT, _PERFORMANCE, _ROOM, _NOISE, _SURFACE, _EXTRAS, _BOUNCE = 1, 2, 3, 4, 5, 6, 7

_Plan = TypeVar('_Plan', bound='SimulationPlan')


@dataclass(frozen=True)
class Extras:
    """Optional contents of a room in addition to walls and furniture, each switched independently.

    Args:
        floor_bounce: Whether the floor also reflects echoes, which makes ghosts below it. A number is the share of
            rooms where it does.
        second_person: Whether another person stands or moves farther back than the subject.
        fan: Whether a fan turns at the side.
        curtain: Whether a curtain sways at the back.
        interference: Whether another radar transmits.
        phase_noise_rad: Standard deviation of the phase of the radars' own oscillators, from chirp to chirp.
    """

    floor_bounce: float = False
    second_person: bool = False
    fan: bool = False
    curtain: bool = False
    interference: bool = False
    phase_noise_rad: float = 0.0


@dataclass(frozen=True)
class CompactForm:
    """Part of each frame that is kept as range profiles (:mod:`mmradar.radar.range_profile_files`).

    The defaults are those of the light variant's input; with them a frame takes 24.6 kB instead of 786 kB.

    Args:
        num_chirps: Number of loops to keep.
        range_bins: First range bin to keep, and one past the last.
    """

    num_chirps: int = 8
    range_bins: tuple[int, int] = (31, 95)

    def check(self, radar: RadarConfig) -> None:
        """Raise unless frames of a radar have these chirps and range bins.

        Raises:
            ConfigError: The loops cannot be thinned out evenly to the chirps, or a range bin does not exist.
        """
        if self.num_chirps < 1 or radar.num_loops % self.num_chirps:
            raise ConfigError(
                f'the compact form keeps every n-th of the {radar.num_loops} loops of a frame, so its chirps must '
                f'divide them; found {self.num_chirps}'
            )
        if not 0 <= self.range_bins[0] < self.range_bins[1] <= radar.num_range_bins:
            raise ConfigError(
                f'the compact form keeps range bins {self.range_bins[0]} to {self.range_bins[1] - 1}, and the radar '
                f'has {radar.num_range_bins}'
            )

    def frame_bytes(self, radar: RadarConfig) -> int:
        """Return the size on disk of a frame of one view, in bytes."""
        return 4 * radar.num_antennas * self.num_chirps * (self.range_bins[1] - self.range_bins[0])


@dataclass(frozen=True)
class SimulationPlan:
    """Plan of a simulated data set. Everything follows from the seed; the number of workers changes nothing.

    Every sequence shows one subject in its own room, doing one motion (:class:`Performance`) or several that mix and
    blend (:class:`Routine`). Each subject belongs to one split only. Sequences are numbered from 1, like HuPR's.

    Args:
        train: Number of sequences to train on; likewise ``val`` and ``test``. Best a multiple of the number of motions.
        unseen: Number of sequences of a further split to test on, which has only the unseen motions.
        num_frames: Frames per sequence.
        sequences_per_subject: Number of consecutive sequences that share a subject.
        seed: Seed of all random choices.
        radar: Preset or fields of the :class:`RadarConfig`.
        motions: Names of ``MOTIONS``.
        unseen_motions: Those of ``motions`` that train and val leave out. If there is an ``unseen`` split, only that
            split has them; otherwise test has them among the others.
        routines: Whether a sequence has several motions, mixed and blended.
        varied: How far subjects and routines imitate recordings of people. 1 (or ``True``): bodies of all proportions,
            and free and wide movements. 2: also people who walk through the room, wave and jump, and bodies as
            different as the rigs of recordings.
        skin: Fields of :class:`Skin`: scattering properties of bodies.
        occlusion: Whether parts of a body hide each other.
        extras: Fields of :class:`Extras`: optional contents of the room.

    Raises:
        ConfigError: A number or a name is invalid; the message says which.
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
    varied: int = 0
    skin: Mapping[str, float] = field(default_factory=dict)
    occlusion: bool = True
    extras: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*SPLITS, 'num_frames', 'sequences_per_subject'):
            if getattr(self, name) < (0 if name in SPLITS else 1):
                raise ConfigError(f'SimulationPlan.{name} must not be {getattr(self, name)}')
        if self.varied not in (0, 1, 2):
            raise ConfigError(f'SimulationPlan.varied must be 0, 1 or 2, found {self.varied!r}')
        for name in ('motions', 'unseen_motions'):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        check_motions(self.motions)
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
        """Waveform and antennas of the radars."""
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
        """Number of sequences of all splits together."""
        return sum(getattr(self, split) for split in SPLITS)

    def total_bytes(self, form: CompactForm | None = None, num_views: int = 2) -> int:
        """Return the size on disk of all recordings, in a compact form or raw, in bytes."""
        frame_bytes = form.frame_bytes(self.radar_config) if form else self.radar_config.frame_bytes
        return self.num_sequences * self.num_frames * num_views * frame_bytes

    def _place(self, sequence: int) -> tuple[str, int]:
        """Return the split of a sequence, and the sequence's index within the split."""
        for split, numbers in self.splits.items():
            if sequence in numbers:
                return split, sequence - numbers[0]
        raise ValueError(f'no sequence {sequence} in this plan')

    def subject_of(self, sequence: int) -> int:
        """Return the number of a sequence's subject; each split has its own numbers, so no two share a subject."""
        split, number = self._place(sequence)
        return 10_000 * (SPLITS.index(split) + 1) + number // self.sequences_per_subject

    def motions_of(self, split: str) -> list[str]:
        """Return the names of the motions of a split."""
        if split == 'unseen':
            return list(self.unseen_motions)
        with_unseen = split == 'test' and not self.unseen
        return [name for name in self.motions if with_unseen or name not in self.unseen_motions]

    def performance(self, sequence: int) -> Performance | Routine:
        """Return subject, motion, style and place of a sequence."""
        drawn = np.random.default_rng([self.seed, _SUBJECT, self.subject_of(sequence)])
        subject = Subject.varied(drawn, more=self.varied == 2) if self.varied else Subject.random(drawn)
        names, rng = (
            self.motions_of(self._place(sequence)[0]),
            np.random.default_rng([self.seed, _PERFORMANCE, sequence]),
        )
        if self.routines:
            duration_s = self.num_frames / self.radar_config.frame_rate_hz
            return Routine.random(subject, names, sequence, duration_s, rng, self.varied)
        # Successive sequences take successive motions of the list, across subjects.
        return Performance.random(subject, names[(sequence - 1) % len(names)], rng)

    def person(self, sequence: int) -> Person:
        """Return the subject of a sequence with a surface, which is the same in all of the subject's sequences."""
        performance = self.performance(sequence)
        generator = torch.Generator().manual_seed(self._seed(_SURFACE, self.subject_of(sequence)))
        return Person(performance, BodySurface(performance.subject, generator, Skin(**self.skin), self.occlusion))

    def described(self, sequence: int) -> dict[str, Any]:
        """Return a summary of a sequence for people: subject, motion and body height."""
        performance = self.performance(sequence)
        height_m = round(performance.subject.height_m, 3)
        return dict(subject=self.subject_of(sequence), motion=performance.motion, height_m=height_m)

    def scene(self, sequence: int) -> Scene:
        """Return the room of a sequence."""
        extras = Extras(**self.extras)
        bounce = float(extras.floor_bounce)
        if 0 < bounce < 1:
            bounce = np.random.default_rng([self.seed, _BOUNCE, sequence]).uniform() < bounce
        rng = np.random.default_rng([self.seed, _EXTRAS, sequence])
        movers = []
        if extras.second_person:
            subject = Subject.random(rng)
            second = Performance.random(subject, str(rng.choice(self.motions)), rng)
            second = replace(second, place_m=(float(rng.uniform(-1.2, 1.2)), float(rng.uniform(3.6, 4.2))))
            generator = torch.Generator().manual_seed(self._seed(_EXTRAS, sequence))
            movers.append(Person(second, BodySurface(subject, generator, Skin(**self.skin), self.occlusion)))
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
        """Return the generator of the noise in one radar's recording of a sequence."""
        return torch.Generator().manual_seed(self._seed(_NOISE, sequence, view))

    def _seed(self, *numbers: int) -> int:
        return int(np.random.SeedSequence([self.seed, *numbers]).generate_state(1)[0])

    def changed(self: _Plan, **changes: Any) -> _Plan:
        """Return a copy with some fields changed; ``skin`` and ``extras`` keep their entries that are not named.

        Raises:
            ConfigError: The plan has no such field.
        """
        known = [f.name for f in fields(self)]
        if unknown := set(changes) - set(known):
            raise ConfigError(f'SimulationPlan has no {min(unknown)!r}; it has {", ".join(known)}')
        for name in ('skin', 'extras'):
            if name in changes:
                changes[name] = {**getattr(self, name), **changes[name]}
        return replace(self, **changes)

    def description(self) -> dict[str, Any]:
        """Return all fields and the simulator's version, as values that JSON can hold."""
        # Fields that older sets do not name, left out at these values so that old and new descriptions are equal.
        added_later = {'unseen': 0, 'routines': False, 'varied': 0}
        return {'simulator': SIMULATOR_VERSION} | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if added_later.get(name, ...) != value
        }


_V2: dict[str, Any] = dict(
    num_frames=120,
    sequences_per_subject=2,
    motions=tuple(MOTIONS),
    unseen_motions=('circle_arms', 'front_lunge', 'run_in_place'),
    routines=True,
    extras=dict(floor_bounce=0.5),
)
# The SimHuPR sets. A change to a plan, or to anything that changes the bytes of a set, requires a new version.
PLANS: dict[str, SimulationPlan] = {
    # 60 frames per sequence, 21 GB. Train and val have all motions but the unseen ones, test has every motion twice. No
    # subject of test is in train or val.
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
    # People who do one thing after another, arms and legs partly independent: 4.1 hours, as long as HuPR. Val, test and
    # unseen have subjects of their own; those of unseen do motions that do not occur in training.
    'simhupr-v2': SimulationPlan(train=1160, val=16, test=24, unseen=24, **_V2),
    # what the demo trains on: 1.3 hours, without echoes from the floor, which take most of the simulation time
    'simhupr-v2-mini': SimulationPlan(train=400, val=8, test=12, unseen=12, seed=1, **{**_V2, 'extras': {}}),
}
