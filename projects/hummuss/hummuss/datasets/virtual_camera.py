"""A pinhole camera somewhere around a moving person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mmradar.errors import ConfigError
from mmradar.simulation.skeleton import JOINTS

# A body's sides, and how high above the floor the lowest ankle is, as MotionSequence.placed has it.
_SIDES = (('R_Hip', 'L_Hip'), ('R_Shoulder', 'L_Shoulder'))
_FOOT_HEIGHT_M = 0.07
# Who is not seen whole is looked at from further back, in steps, and never from further than this.
_STEP_BACK_M, _FURTHEST_M = 0.05, 30.0


@dataclass(frozen=True, eq=False)
class VirtualCamera:
    """A pinhole in world axes (z up), without distortion, its principal point in the middle of the image.

    Args:
        position_m: Where it is, (3,).
        rotation: (3, 3) from world to camera axes: its rows are right, down and away from the camera.
        focal_px: Focal length.
        image_size: (width, height) in px.
    """

    position_m: Float[np.ndarray, '3']
    rotation: Float[np.ndarray, '3 3']
    focal_px: float
    image_size: tuple[int, int] = (1000, 1000)

    @classmethod
    def looking_at(
        cls, position_m: Float[np.ndarray, '3'], target_m: Float[np.ndarray, '3'], focal_px: float, **kwargs
    ) -> VirtualCamera:
        """A level camera at one place, with a target in the middle of its image.

        Raises:
            ValueError: The target is where the camera is, or straight above or below.
        """
        away = np.subtract(target_m, position_m).astype(np.float64)
        if not np.hypot(*away[:2]) > 1e-6:
            raise ValueError(f'a camera at {position_m} cannot look straight up or down at {target_m}')
        away /= np.linalg.norm(away)
        right = np.array([away[1], -away[0], 0.0]) / np.hypot(away[0], away[1])
        rotation = np.stack([right, np.cross(away, right), away])
        return cls(np.asarray(position_m, dtype=np.float64), rotation, focal_px, **kwargs)

    @classmethod
    def random(
        cls,
        joints_m: Float[np.ndarray, 'time joints 3'],
        rng: np.random.Generator,
        distance_m: tuple[float, float] = (2.5, 6.0),
        height_m: tuple[float, float] = (0.5, 2.2),
        fill: tuple[float, float] = (0.5, 0.95),
        image_size: tuple[int, int] = (1000, 1000),
    ) -> VirtualCamera:
        """Anywhere around a motion, all of which it sees.

        Args:
            joints_m: The motion, world axes; a few frames a second will do.
            rng: For yaw (all around), distance, height and focal length.
            distance_m: How far the nearest joint is at least, horizontally.
            height_m: Above the lowest joint.
            fill: What share of half the image the outermost joint is away from its middle; gives the focal length.
            image_size: (width, height) in px.
        """
        points = np.asarray(joints_m).reshape(-1, 3)
        low, high = points.min(axis=0), points.max(axis=0)
        target = (low + high) / 2
        yaw = rng.uniform(-np.pi, np.pi)
        towards = np.array([np.cos(yaw), np.sin(yaw)])
        reach = ((points[:, :2] - target[:2]) @ towards).max()
        place = target[:2] + towards * (reach + rng.uniform(*distance_m))
        camera = cls.looking_at(np.array([*place, low[2] + rng.uniform(*height_m)]), target, 1.0, image_size=image_size)
        seen = camera.to_camera(points)
        if seen[:, 2].min() <= 0.1:
            raise ValueError(f'a joint lies {seen[:, 2].min():.2f} m in front of the camera; it sees from 0.1 m on')
        tangents = np.abs(seen[:, :2] / seen[:, 2:]).max(axis=0)
        focal = rng.uniform(*fill) * (np.asarray(image_size) / 2 / np.maximum(tangents, 1e-6)).min()
        return cls(camera.position_m, camera.rotation, float(focal), image_size)

    @classmethod
    def in_front(
        cls,
        joints_m: Float[np.ndarray, 'time joints 3'],
        rng: np.random.Generator,
        distance_m: tuple[float, float] | None = None,
        aside_m: tuple[float, float] = (-0.35, 0.35),
        turned_rad: tuple[float, float] = (-0.6, 0.6),
        height_m: tuple[float, float] = (1.0, 1.0),
        pitch_rad: tuple[float, float] = (0.0, 0.0),
        focal_px: tuple[float, float] = (190.0, 190.0),
        image_size: tuple[int, int] = (256, 256),
        margin_px: float = 3.0,
    ) -> VirtualCamera:
        """One that stands in a room, with people in front of it anywhere in the image: by default that of SimHuPR.

        It does not turn towards the person. Procedural people have their place in front of such a camera already, that
        which they have in SimHuPR; recorded motions need ``distance_m``.

        Args:
            joints_m: The motion, world axes, HuPR's joints; a few frames a second will do.
            rng: For all that is a range.
            distance_m: Along the camera's horizontal axis to the middle of the person's path (mean of the pelvis). Who
                would not be seen whole is further away. With ``None`` the camera is at x = y = 0 and looks along +y.
            aside_m: How far to the right of the axis that is. Not drawn without ``distance_m``.
            turned_rad: Where the person faces, in the mean over the motion: 0 is towards the camera against its axis,
                positive to the person's left. Not drawn without ``distance_m``.
            height_m: Above the floor, which is z = 0, or with ``distance_m`` 0.07 m below the lowest joint.
            pitch_rad: How far it looks down; negative is up.
            focal_px: Focal length.
            image_size: (width, height) in px.
            margin_px: With ``distance_m``, all joints are at least so far within the image.

        Raises:
            ConfigError: A range does not ascend, a focal length or distance is below 0.1, or the motion needs more room
                than 30 m.
            ValueError: The person faces nowhere: no side is right or left.
        """
        ranges = dict(height_m=height_m, pitch_rad=pitch_rad, focal_px=focal_px)
        if distance_m is not None:
            ranges |= dict(distance_m=distance_m, aside_m=aside_m, turned_rad=turned_rad)
        drawn = {}
        for name, (low, high) in ranges.items():
            least = 0.1 if name in ('distance_m', 'focal_px') else -np.inf
            if not (least <= low <= high < np.inf and np.isfinite(low)):
                raise ConfigError(
                    f'VirtualCamera.in_front: {name} must be a range that ascends, from {least} on, found {low}, {high}'
                )
            drawn[name] = float(rng.uniform(low, high))
        pitch, focal = drawn['pitch_rad'], drawn['focal_px']

        def at(place: np.ndarray, floor_m: float, yaw: float) -> VirtualCamera:
            right = np.array([np.cos(yaw), np.sin(yaw), 0.0])
            away = np.array([-np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), -np.sin(pitch)])
            position = np.array([*place, floor_m + drawn['height_m']])
            return cls(position, np.stack([right, np.cross(away, right), away]), focal, tuple(image_size))

        if distance_m is None:
            return at(np.zeros(2), 0.0, 0.0)
        joints_m = np.asarray(joints_m)
        pelvis = joints_m[:, [JOINTS[name] for name in _SIDES[0]], :2].mean(axis=(0, 1))
        floor = joints_m[..., 2].min() - _FOOT_HEIGHT_M
        # somebody who faces the camera has their right side on its left
        yaw = _heading_rad(joints_m) - np.pi - drawn['turned_rad']
        right, ahead = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
        for distance in np.arange(drawn['distance_m'], _FURTHEST_M, _STEP_BACK_M):
            camera = at(pelvis - distance * ahead - drawn['aside_m'] * right, floor, yaw)
            if camera.sees(joints_m, margin_px):
                return camera
        raise ConfigError(
            f'VirtualCamera.in_front: from {_FURTHEST_M} m away a motion is not in the image of {image_size} px; '
            f'found focal length {focal} px, pitch {pitch} rad, height {drawn["height_m"]} m'
        )

    def sees(self, points_m: Float[np.ndarray, '*n 3'], margin_px: float = 0.0) -> bool:
        """Whether all of the world points are in front of the camera, by 0.1 m, and in the image, within a margin."""
        points = self.to_camera(points_m)
        if points[..., 2].min() <= 0.1:
            return False
        pixels = self.project(points)
        return bool(np.all((pixels >= margin_px) & (pixels <= np.subtract(self.image_size, margin_px))))

    def to_camera(self, points_m: Float[np.ndarray, '*n 3']) -> Float[np.ndarray, '*n 3']:
        """World points in camera axes: x right, y down, z away, in m."""
        return (np.asarray(points_m) - self.position_m) @ self.rotation.T

    def project(self, points_m: Float[np.ndarray, '*n 3']) -> Float[np.ndarray, '*n 2']:
        """Pixel coordinates, x right and y down, of points in **camera** axes.

        Raises:
            ValueError: A point is not in front of the camera.
        """
        points_m = np.asarray(points_m)
        depth = points_m[..., 2:]
        if not (depth > 0).all():
            raise ValueError(f'a point lies {depth.min():.2f} m in front of the camera')
        return self.focal_px * points_m[..., :2] / depth + np.asarray(self.image_size) / 2


def _heading_rad(joints_m: Float[np.ndarray, 'time 14 3']) -> float:
    """Where a person faces in the mean over a motion, 0 along +y, by the way from left to right hip and shoulder."""
    right = sum((joints_m[:, JOINTS[one], :2] - joints_m[:, JOINTS[other], :2]) for one, other in _SIDES)
    right = (right / np.maximum(np.linalg.norm(right, axis=-1, keepdims=True), 1e-9)).mean(axis=0)
    if not np.hypot(*right) > 1e-6:
        raise ValueError('where a person faces cannot be told: hips and shoulders lie above each other')
    return float(np.arctan2(right[1], right[0]))
