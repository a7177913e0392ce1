"""Pinhole model of the camera of HuPR's annotations, and the axes of a camera that looks at a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Camera:
    """Pinhole camera next to the radars, looking along +y.

    Args:
        position_m: Position in world axes. HuPR's calibration is not published; position and focal length are our
            choice, such that a whole standing adult fits the image from 2 m on.
        focal_px: Focal length.
        image_size: (width, height) in px.
    """

    position_m: tuple[float, float, float] = (0.0, 0.0, 1.0)
    focal_px: float = 190.0
    image_size: tuple[int, int] = (256, 256)

    def project(self, points_m: Float[np.ndarray, '*n 3']) -> Float[np.ndarray, '*n 2']:
        """Project world points to pixel coordinates (x to the right, y down).

        Raises:
            ValueError: A point is behind the camera or less than 0.1 m in front of it.
        """
        x, y, z = np.moveaxis(np.asarray(points_m) - self.position_m, -1, 0)
        if np.any(y <= 0.1):
            raise ValueError(f'a point lies {y.min():.2f} m in front of the camera; it sees from 0.1 m on')
        width, height = self.image_size
        return np.stack([width / 2 + self.focal_px * x / y, height / 2 - self.focal_px * z / y], axis=-1)

    def bounding_box(self, keypoints_px: Float[np.ndarray, 'joints 2'], margin: float = 0.1) -> Float[np.ndarray, '4']:
        """Return the box [x1, y1, x2, y2] around keypoints, clipped to the image.

        On each side the box is enlarged by ``margin`` times its size plus 2 px.
        """
        low, high = keypoints_px.min(axis=0), keypoints_px.max(axis=0)
        pad = margin * (high - low) + 2
        limit = np.asarray(self.image_size) - 1
        return np.concatenate([np.clip(low - pad, 0, limit), np.clip(high + pad, 0, limit)])


def look_at(
    position_m: Float[np.ndarray, '3'] | Sequence[float], target_m: Float[np.ndarray, '3'] | Sequence[float]
) -> Float[np.ndarray, '3 3']:
    """Return the rotation from world to camera axes of a camera without roll that has a target in its middle.

    Args:
        position_m: Position of the camera in world axes (z up), in m.
        target_m: Point that it looks at.

    Returns:
        Rotation matrix, whose rows point right, down and away from the camera.

    Raises:
        ValueError: The target is at the camera's position, or straight above or below it.
    """
    away = np.subtract(target_m, position_m).astype(np.float64)
    if not np.hypot(*away[:2]) > 1e-6:
        raise ValueError(f'a camera at {position_m} cannot look straight up or down at {target_m}')
    away /= np.linalg.norm(away)
    right = np.array([away[1], -away[0], 0.0]) / np.hypot(away[0], away[1])
    return np.stack([right, np.cross(away, right), away])
