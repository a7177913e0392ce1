"""Pinhole camera that films a moving person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mmradar.errors import ConfigError
from mmradar.simulation.camera import look_at
from mmradar.simulation.skeleton import JOINTS

# Right and left joints of the body, and the height of the lowest ankle above the floor, as in MotionSequence.placed.
_SIDES = (('R_Hip', 'L_Hip'), ('R_Shoulder', 'L_Shoulder'))
_FOOT_HEIGHT_M = 0.07
# If the person does not fit into the image, the camera moves back in steps of this size, up to this distance.
_STEP_BACK_M, _FURTHEST_M = 0.05, 30.0


@dataclass(frozen=True, eq=False)
class VirtualCamera:
    """Pinhole camera in world axes (z up), without distortion, with its principal point in the middle of the image.

    Args:
        position_m: Position in m, (3,).
        rotation: Rotation from world to camera axes, (3, 3); its rows are right, down and away from the camera.
        focal_px: Focal length in px.
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
        """Build a camera without roll that has a target in the middle of its image.

        Raises:
            ValueError: The target is at the camera's position, or straight above or below it.
        """
        position_m = np.asarray(position_m, dtype=np.float64)
        return cls(position_m, look_at(position_m, target_m), focal_px, **kwargs)

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
        """Draw a camera anywhere around a motion that sees the whole motion.

        Args:
            joints_m: Joint positions of the motion in world axes; a few frames per second suffice.
            rng: Random generator for yaw (all around), distance, height and focal length.
            distance_m: Range of the horizontal distance to the nearest joint.
            height_m: Range of the height above the lowest joint.
            fill: Range of the distance of the outermost joint from the middle of the image, as a share of half the
                image; determines the focal length.
            image_size: (width, height) in px.

        Raises:
            ValueError: A joint is less than 0.1 m in front of the camera.
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
        """Draw a camera in a room, with people anywhere in its image; by default SimHuPR's camera.

        The camera does not turn towards the person. Procedural people already stand in front of such a camera, at the
        place they have in SimHuPR; recorded motions need ``distance_m``.

        Args:
            joints_m: Joint positions of the motion in world axes, HuPR's joints; a few frames per second suffice.
            rng: Random generator for all ranges.
            distance_m: Range of the distance, along the camera's horizontal axis, to the middle of the person's path
                (mean of the pelvis). It is increased until all of the motion is in the image. With ``None`` the camera
                is at x = y = 0 and looks along +y.
            aside_m: Range of the offset of that middle to the right of the axis. Not drawn without ``distance_m``.
            turned_rad: Range of the person's mean heading: 0 is towards the camera, opposite to its axis; positive is
                to the person's left. Not drawn without ``distance_m``.
            height_m: Range of the height above the floor. The floor is z = 0, or with ``distance_m`` 0.07 m below the
                lowest joint.
            pitch_rad: Range of the downward pitch; negative is up.
            focal_px: Range of the focal length.
            image_size: (width, height) in px.
            margin_px: Smallest distance of all joints from the border of the image, if ``distance_m`` is given.

        Raises:
            ConfigError: A range does not ascend, a focal length or distance is below 0.1, or the motion is not in the
                image from 30 m away.
            ValueError: The person's heading is undefined, as hips and shoulders lie above each other.
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
            return cls(position, np.stack([right, np.cross(away, right), away]), focal, (image_size[0], image_size[1]))

        if distance_m is None:
            return at(np.zeros(2), 0.0, 0.0)
        joints_m = np.asarray(joints_m)
        pelvis = joints_m[:, [JOINTS[name] for name in _SIDES[0]], :2].mean(axis=(0, 1))
        floor = joints_m[..., 2].min() - _FOOT_HEIGHT_M
        # The right side of a person who faces the camera is on the camera's left
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
        """Return whether all points are more than 0.1 m in front of the camera and ``margin_px`` inside its image."""
        points = self.to_camera(points_m)
        if points[..., 2].min() <= 0.1:
            return False
        pixels = self.project(points)
        return bool(np.all((pixels >= margin_px) & (pixels <= np.subtract(self.image_size, margin_px))))

    def to_camera(self, points_m: Float[np.ndarray, '*n 3']) -> Float[np.ndarray, '*n 3']:
        """Transform world points into camera axes: x right, y down, z away, in m."""
        return (np.asarray(points_m) - self.position_m) @ self.rotation.T

    def project(self, points_m: Float[np.ndarray, '*n 3']) -> Float[np.ndarray, '*n 2']:
        """Project points in **camera** axes to pixel coordinates, x right and y down.

        Raises:
            ValueError: A point is not in front of the camera.
        """
        points_m = np.asarray(points_m)
        depth = points_m[..., 2:]
        if not (depth > 0).all():
            raise ValueError(f'a point lies {depth.min():.2f} m in front of the camera')
        return self.focal_px * points_m[..., :2] / depth + np.asarray(self.image_size) / 2


def _heading_rad(joints_m: Float[np.ndarray, 'time 14 3']) -> float:
    """Compute a person's mean heading over a motion, 0 along +y, from the left-to-right axes of hips and shoulders."""
    right = sum((joints_m[:, JOINTS[one], :2] - joints_m[:, JOINTS[other], :2]) for one, other in _SIDES)
    right = (right / np.maximum(np.linalg.norm(right, axis=-1, keepdims=True), 1e-9)).mean(axis=0)
    if not np.hypot(*right) > 1e-6:
        raise ValueError('where a person faces cannot be told: hips and shoulders lie above each other')
    return float(np.arctan2(right[1], right[0]))
