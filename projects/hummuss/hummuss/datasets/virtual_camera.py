"""A pinhole camera somewhere around a moving person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


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
