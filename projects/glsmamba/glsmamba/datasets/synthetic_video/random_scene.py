"""Scenes drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import UInt8

from glsmamba.datasets.synthetic_video.body import front_rad
from glsmamba.datasets.synthetic_video.camera import ShakingCamera
from glsmamba.datasets.synthetic_video.difficulty import Difficulty
from glsmamba.datasets.synthetic_video.scene import Actor, Occluder, Scene
from mmradar.simulation import MotionSequence, Performance, Style, Subject


def random_scene(
    rng: np.random.Generator,
    difficulty: Difficulty,
    image_size: tuple[int, int],
    duration_s: float,
    motions: Sequence[str],
    recordings: Sequence[MotionSequence] = (),
    around_rad: float = np.pi,
) -> Scene:
    """Draw a scene: people, their motions, camera, background and objects in front.

    Args:
        rng: Random generator of the scene.
        difficulty: Difficulty settings.
        image_size: (width, height) in px.
        duration_s: Duration of the clip; the camera's view contains the person throughout.
        motions: Procedural motions to choose from.
        recordings: Recorded motions; each is as likely as each procedural one.
        around_rad: Maximum angle of the camera around the person, from straight in front of them.
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
    occluders = tuple(
        _random_occluder(rng, difficulty, key_px, size_px) for _ in range(rng.integers(difficulty.occluders + 1))
    )
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
    """Draw a background: cloudy noise of several grain sizes over a gradient, with boxes and discs.

    Args:
        size: (width, height) in px.
        rng: Random generator.
    """
    ramp = rng.uniform(50, 200, 3) + np.array([[0.0], [1.0]]) * rng.uniform(-60, 60, 3)
    image = cv2.resize(ramp[:, None].astype(np.float32), size)
    for grain, strength in ((5, 60), (14, 35), (45, 20)):
        coarse = rng.uniform(0.2, 1.0) * strength * rng.uniform(-1, 1, (grain, grain, 3))
        cv2.add(image, cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_CUBIC), image)
    image = cv2.convertScaleAbs(np.maximum(image, 0))
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
        # the key frame is anywhere in the recording; beyond its ends the pose stands still
        spare = max(0.0, motion.duration_s - tempo * duration_s)
        start = (motion.duration_s - spare) / 2 + rng.uniform(0, 1) * spare
        height = motion.stature_m
    return Actor(motion, float(start), float(tempo), np.zeros(2), float(height), float(girth), _random_outfit(rng))


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


def _random_occluder(rng: np.random.Generator, difficulty: Difficulty, key_px: np.ndarray, size_px: float) -> Occluder:
    extent = rng.uniform(0.3, 1.0, 2) * difficulty.occluder_size * size_px
    if rng.uniform() < 0.5:
        corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * extent
        turn = rng.uniform(0, np.pi)
        corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    else:
        angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        corners = extent[0] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    middle = key_px[rng.integers(len(key_px))] + rng.normal(0, 0.05, 2) * size_px
    return Occluder(corners, middle, rng.normal(0, difficulty.occluder_speed, 2) * size_px, rng.uniform(20, 235, 3))
