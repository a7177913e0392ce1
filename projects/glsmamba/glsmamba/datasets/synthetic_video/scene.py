"""Description of what a rendered clip shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from glsmamba.datasets.synthetic_video.body import body_points
from glsmamba.datasets.synthetic_video.camera import ShakingCamera
from mmradar.simulation import MotionSequence, Performance


@dataclass(frozen=True, eq=False)
class Actor:
    """Person in a clip.

    Args:
        motion: Motion of the joints.
        start_s: Time of the motion at the clip's time 0.
        tempo: Seconds of the motion per second of the clip.
        place_m: Offset added to the place of the motion, (x, y).
        height_m: Body height.
        girth: Factor on the thickness of the body parts.
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
        """Compute the points of the body, see ``body_points``, at times of the clip."""
        joints = _joints_m(self.motion, self.start_s + self.tempo * np.asarray(times_s))
        joints[..., :2] += self.place_m
        return body_points(joints, self.height_m)


@dataclass(frozen=True, eq=False)
class Occluder:
    """Object that moves across the image in front of all people.

    Args:
        outline_px: Corners relative to the object's middle, (corners, 2).
        middle_px: Position of its middle in the middle of the clip, (2,).
        velocity_px_s: Velocity in the image, (2,).
        colour: RGB.
    """

    outline_px: Float[np.ndarray, 'corners 2']
    middle_px: Float[np.ndarray, '2']
    velocity_px_s: Float[np.ndarray, '2']
    colour: Float[np.ndarray, '3']

    def corners_px(self, time_s: float) -> Float[np.ndarray, 'corners 2']:
        """Return the corners in the image, without the camera's shift; time 0 is the middle of the clip."""
        return self.outline_px + self.middle_px + self.velocity_px_s * time_s


@dataclass(frozen=True, eq=False)
class Scene:
    """Clip to render; times are in s from the key frame, its middle.

    Args:
        actors: The labelled person first, then others.
        camera: Camera that films them.
        background: Image that is ``margin`` px larger than the clip's images on each side, (H, W, 3).
        margin: Margin of the background, px.
        occluders: Objects in front of all actors.
        light: Unit vector in the image towards the light, (2,).
        noise: Tile of noise, larger than the image, (H, W, 3) int16.
        defocus_px: Standard deviation of the lens's blur.
        shutter: Share of the time between frames during which the shutter is open.
        image_size: (width, height) in px.
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


def _joints_m(motion: Performance | MotionSequence, times_s: np.ndarray) -> Float[np.ndarray, 'time 14 3']:
    if isinstance(motion, MotionSequence):
        times_s = np.clip(times_s, 0.0, motion.duration_s)
    return np.array(motion.joints_m(times_s), dtype=np.float64)
