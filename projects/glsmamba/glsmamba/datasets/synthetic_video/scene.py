"""What a rendered clip shows, all of it drawn from one generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from glsmamba.datasets.synthetic_video.body import body_height_m, body_points, front_rad
from glsmamba.datasets.synthetic_video.camera import ShakingCamera
from mmradar.errors import ConfigError
from mmradar.simulation import MotionSequence, Performance, Style, Subject


@dataclass(frozen=True)
class Difficulty:
    """What makes a clip hard; all numbers ours.

    Args:
        shutter: Share of the time between frames during which the shutter is open, 0 to 1: motion blur.
        tempo: How much faster than usual the fastest people move, at least 1.
        occluders: Things in front of the person, at most.
        others: Other people in the image, at most.
        jitter_px: Root mean square shift of the shaking camera.
        noise: Standard deviation of the sensor's noise, of 255.
        defocus_px: Standard deviation of the lens's blur, at most.
        contrast: Least factor on how clothes and skin differ from the background, 0 to 1.

    Raises:
        ConfigError: A number out of its range.
    """

    shutter: float = 0.5
    tempo: float = 2.0
    occluders: int = 2
    others: int = 1
    jitter_px: float = 1.5
    noise: float = 6.0
    defocus_px: float = 0.6
    contrast: float = 0.6

    def __post_init__(self) -> None:
        limits = dict(shutter=(0, 1), tempo=(1, 10), contrast=(0, 1))
        for field in fields(self):
            low, high = limits.get(field.name, (0, np.inf))
            value = getattr(self, field.name)
            if not (np.isfinite(value) and low <= value <= high):
                raise ConfigError(f'Difficulty.{field.name} must be {low} to {high}, found {value!r}')

    @classmethod
    def named(cls, name: str, **numbers: float | None) -> Difficulty:
        """One of ``DIFFICULTIES``, some numbers of which may be replaced; ``None`` keeps one."""
        if name not in DIFFICULTIES:
            raise ConfigError(f'difficulty must be one of {", ".join(DIFFICULTIES)}, found {name!r}')
        return replace(DIFFICULTIES[name], **{key: value for key, value in numbers.items() if value is not None})


DIFFICULTIES = {
    'easy': Difficulty(0.0, 1.0, 0, 0, 0.0, 2.0, 0.0, 1.0),
    'medium': Difficulty(),
    'hard': Difficulty(0.9, 3.5, 4, 2, 3.0, 12.0, 1.0, 0.35),
}


@dataclass(frozen=True, eq=False)
class Actor:
    """A person in a clip.

    Args:
        motion: A ``Performance`` or a ``MotionSequence``.
        start_s: Time of the motion at the clip's time 0.
        tempo: Seconds of the motion in one of the clip.
        place_m: Added to where the motion takes place, (x, y).
        height_m: Body height.
        girth: Factor on the thickness.
        outfit: RGB by name of colour, see ``Part``.
    """

    motion: Performance | MotionSequence
    start_s: float
    tempo: float
    place_m: Float[np.ndarray, '2']
    height_m: float
    girth: float
    outfit: dict[str, Float[np.ndarray, '3']]

    def points_m(self, times_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time points 3']:
        """Points of the body, see ``body_points``, at times of the clip."""
        joints = _joints_m(self.motion, self.start_s + self.tempo * np.asarray(times_s))
        joints[..., :2] += self.place_m
        return body_points(joints, self.height_m)


@dataclass(frozen=True, eq=False)
class Occluder:
    """Something that moves across the image in front of everybody.

    Args:
        outline_px: Corners around its middle, (corners, 2).
        middle_px: Where it is in the middle of the clip, and
        velocity_px_s: where it goes.
        colour: RGB.
    """

    outline_px: Float[np.ndarray, 'corners 2']
    middle_px: Float[np.ndarray, '2']
    velocity_px_s: Float[np.ndarray, '2']
    colour: Float[np.ndarray, '3']

    def corners_px(self, time_s: float) -> Float[np.ndarray, 'corners 2']:
        """In the image, without the camera's shift; time 0 is the middle of the clip."""
        return self.outline_px + self.middle_px + self.velocity_px_s * time_s


@dataclass(frozen=True, eq=False)
class Scene:
    """A clip to render; times are in s from the key frame, its middle.

    Args:
        actors: The person whose pose is asked for, then others.
        camera: What films them.
        background: Larger than the image by ``margin`` px to each side, (H, W, 3).
        margin: See above.
        occluders: In front of all.
        light: Unit vector in the image to where it comes from, (2,).
        noise: Tile of noise, larger than the image, (H, W, 3) int16.
        defocus_px: Standard deviation of the lens's blur.
        shutter: Share of the time between frames during which it is open.
        image_size: (width, height).
    """

    actors: tuple[Actor, ...]
    camera: ShakingCamera
    background: UInt8[np.ndarray, 'H W 3']
    margin: int
    occluders: tuple[Occluder, ...]
    light: Float[np.ndarray, '2']
    noise: np.ndarray
    defocus_px: float
    shutter: float
    image_size: tuple[int, int]


def random_scene(
    rng: np.random.Generator,
    difficulty: Difficulty,
    image_size: tuple[int, int],
    duration_s: float,
    motions: Sequence[str],
    recordings: Sequence[MotionSequence] = (),
    around_rad: float = np.pi,
) -> Scene:
    """Anybody doing anything anywhere.

    Args:
        rng: For everything.
        difficulty: How hard it is to see.
        image_size: (width, height) in px.
        duration_s: Of the clip; the camera is set up to see the person all the while.
        motions: Procedural motions to choose from.
        recordings: Recorded motions, chosen as often as procedural ones.
        around_rad: How far around the person the camera may stand, from straight in front of them.
    """
    main = _random_actor(rng, difficulty, duration_s, motions, recordings)
    points = main.points_m(np.linspace(-0.5, 0.5, 3) * duration_s)
    front = front_rad(points[1])
    yaw_rad = (front - around_rad, front + around_rad)
    camera = ShakingCamera.random(points.reshape(-1, 3), image_size, difficulty.jitter_px, rng, yaw_rad)
    margin = int(np.ceil(3 * difficulty.jitter_px)) + 1
    background = random_background((image_size[0] + 2 * margin, image_size[1] + 2 * margin), rng)
    key_px, _ = camera.project(points[1])
    contrast = rng.uniform(difficulty.contrast, 1.0)
    middle = points[1].mean(axis=0)
    others = []
    for _ in range(rng.integers(difficulty.others + 1)):
        other = _random_actor(rng, difficulty, duration_s, motions, recordings)
        yaw, away = rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 1.6)
        here = other.points_m(np.zeros(1)).mean(axis=(0, 1))
        place = middle[:2] + away * np.array([np.cos(yaw), np.sin(yaw)]) - here[:2]
        others.append(replace(other, place_m=place))
    actors = tuple(
        replace(actor, outfit=_towards(actor.outfit, background.mean(axis=(0, 1)), contrast))
        for actor in (main, *others)
    )
    size_px = np.ptp(key_px[:, 1])
    occluders = tuple(_random_occluder(rng, key_px, size_px) for _ in range(rng.integers(difficulty.occluders + 1)))
    angle = rng.uniform(-np.pi, 0)  # from above
    width, height = image_size
    return Scene(
        actors,
        camera,
        background,
        margin,
        occluders,
        np.array([np.cos(angle), np.sin(angle)]),
        np.round(difficulty.noise * rng.standard_normal((height + 16, width + 16, 3), np.float32)).astype(np.int16),
        float(rng.uniform(0, difficulty.defocus_px)),
        difficulty.shutter,
        image_size,
    )


def random_background(size: tuple[int, int], rng: np.random.Generator) -> UInt8[np.ndarray, 'H W 3']:
    """Cloudy noise of several grains over a gradient, with boxes and discs in it.

    Args:
        size: (width, height) in px.
        rng: For everything.
    """
    ramp = rng.uniform(50, 200, 3) + np.array([[0.0], [1.0]]) * rng.uniform(-60, 60, 3)
    image = cv2.resize(ramp[:, None].astype(np.float32), size)
    for grain, strength in ((5, 60), (14, 35), (45, 20)):
        coarse = rng.uniform(0.2, 1.0) * strength * rng.uniform(-1, 1, (grain, grain, 3))
        cv2.add(image, cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_CUBIC), image)
    image = cv2.convertScaleAbs(cv2.max(image, 0))
    for _ in range(rng.integers(3, 10)):
        colour = tuple(map(float, rng.uniform(20, 235, 3)))
        middle = rng.uniform(0, 1, 2) * size
        extent = rng.uniform(0.03, 0.25, 2) * min(size)
        if rng.uniform() < 0.6:
            box = cv2.boxPoints((tuple(middle), tuple(2 * extent), float(rng.normal(0, 8))))
            cv2.fillConvexPoly(image, np.round(box).astype(np.int32), colour, cv2.LINE_AA)
        else:
            cv2.circle(image, tuple(map(int, middle)), int(extent[0]), colour, -1, cv2.LINE_AA)
    return image


def _random_actor(
    rng: np.random.Generator,
    difficulty: Difficulty,
    duration_s: float,
    motions: Sequence[str],
    recordings: Sequence[MotionSequence],
) -> Actor:
    tempo = rng.uniform(1.0, difficulty.tempo)
    choice = int(rng.integers(len(motions) + len(recordings)))
    girth = rng.uniform(0.85, 1.25)
    if choice < len(motions):
        subject = Subject.random(rng)
        motion = Performance(
            subject,
            motions[choice],
            Style.random(rng),
            (0.0, 0.0),
            float(rng.uniform(-np.pi, np.pi)),
            tuple(map(float, rng.uniform(size=6))),
        )
        start, height = rng.uniform(0, 20), subject.height_m
    else:
        motion = recordings[choice - len(motions)]
        # the key frame anywhere in it, the clip held at its ends
        spare = max(0.0, motion.duration_s - tempo * duration_s)
        start = (motion.duration_s - spare) / 2 + rng.uniform(0, 1) * spare
        height = body_height_m(motion.positions_m)
    return Actor(motion, float(start), float(tempo), np.zeros(2), float(height), float(girth), _random_outfit(rng))


def _joints_m(motion: Performance | MotionSequence, times_s: np.ndarray) -> Float[np.ndarray, 'time 14 3']:
    if isinstance(motion, MotionSequence):
        times_s = np.clip(times_s, 0.0, motion.duration_s)
    return np.array(motion.joints_m(times_s), dtype=np.float64)


def _random_outfit(rng: np.random.Generator) -> dict[str, np.ndarray]:
    skin = np.array([232.0, 188.0, 155.0]) * rng.uniform(0.35, 1.05) + rng.normal(0, 6, 3)
    hair = np.array([70.0, 50.0, 35.0]) * rng.uniform(0.2, 2.4)
    shirt, trousers, band, shoes = rng.uniform(15, 240, (4, 3))
    return dict(
        skin=skin,
        hair=hair,
        eyes=np.full(3, 20.0),
        nose=0.8 * skin,
        shirt=shirt,
        band=band if rng.uniform() < 0.5 else shirt,
        sleeve=shirt,
        forearm=shirt if rng.uniform() < 0.4 else skin,
        trousers=trousers,
        shank=trousers if rng.uniform() < 0.7 else skin,
        shoes=shoes,
    )


def _towards(outfit: dict[str, np.ndarray], colour: np.ndarray, contrast: float) -> dict[str, np.ndarray]:
    return {name: np.clip(colour + contrast * (own - colour), 0, 255) for name, own in outfit.items()}


def _random_occluder(rng: np.random.Generator, key_px: np.ndarray, size_px: float) -> Occluder:
    extent = rng.uniform(0.04, 0.13, 2) * size_px
    if rng.uniform() < 0.5:
        corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * extent
        turn = rng.uniform(0, np.pi)
        corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    else:
        angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        corners = extent[0] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    middle = key_px[rng.integers(len(key_px))] + rng.normal(0, 0.05, 2) * size_px
    return Occluder(corners, middle, rng.normal(0, 0.5, 2) * size_px, rng.uniform(20, 235, 3))
