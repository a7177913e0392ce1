"""Pinhole camera that shakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mmradar.simulation.camera import look_at


@dataclass(frozen=True, eq=False)
class ShakingCamera:
    """Pinhole camera without roll, whose image shifts while it films.

    Args:
        position_m: Position in world axes (z up).
        rotation: Rotation from world to camera axes, (3, 3); the rows point right, down and away from the camera.
        focal_px: Focal length.
        centre_px: Principal point.
        shake_px: Amplitudes of the shift, (waves, 2).
        shake_hz: Frequencies of the shift, (waves,).
        shake_phase: Phases of the shift in rad, (waves, 2).
    """

    position_m: Float[np.ndarray, '3']
    rotation: Float[np.ndarray, '3 3']
    focal_px: float
    centre_px: Float[np.ndarray, '2']
    shake_px: Float[np.ndarray, 'waves 2']
    shake_hz: Float[np.ndarray, 'waves']
    shake_phase: Float[np.ndarray, 'waves 2']

    @classmethod
    def random(
        cls,
        points_m: Float[np.ndarray, 'n 3'],
        image_size: tuple[int, int],
        jitter_px: float,
        rng: np.random.Generator,
        yaw_rad: tuple[float, float] = (-np.pi, np.pi),
        fill: tuple[float, float] = (0.55, 0.9),
    ) -> ShakingCamera:
        """Draw a camera around a person, 3 to 7 m away and 0.4 to 2.2 m high.

        Args:
            points_m: Points to film; at least most of them are in the image.
            image_size: (width, height) in px.
            jitter_px: Root mean square shift.
            rng: Random generator.
            yaw_rad: Range of the camera's direction from the person, as an angle from x to y.
            fill: Range of the share of the image that the points fill.
        """
        low, high = points_m.min(axis=0), points_m.max(axis=0)
        target = (low + high) / 2
        yaw, distance = rng.uniform(*yaw_rad), rng.uniform(3.0, 7.0)
        position = np.array([*target[:2] + distance * np.array([np.cos(yaw), np.sin(yaw)]), rng.uniform(0.4, 2.2)])
        rotation = look_at(position, target)
        seen = (points_m - position) @ rotation.T
        tangents = seen[:, :2] / np.maximum(seen[:, 2:], 0.5)
        extent = tangents.max(axis=0) - tangents.min(axis=0)
        size = np.asarray(image_size, dtype=np.float64)
        focal = float(rng.uniform(*fill) * (size / np.maximum(extent, 0.05)).min())
        # off-centre by up to the free space and a little more: some people stand partly outside
        free = np.maximum(size - focal * extent, 0) / 2 + 0.04 * size
        centre = size / 2 - focal * (tangents.max(axis=0) + tangents.min(axis=0)) / 2 + rng.uniform(-1, 1, 2) * free
        waves = 3
        amplitude = jitter_px * np.sqrt(2 / waves) * rng.uniform(0.5, 1.4, (waves, 2))
        return cls(
            position,
            rotation,
            focal,
            centre,
            amplitude,
            rng.uniform(0.5, 5.0, waves),
            rng.uniform(0, 2 * np.pi, (waves, 2)),
        )

    def shift_px(self, time_s: float | Float[np.ndarray, 'time']) -> Float[np.ndarray, '*time 2']:
        """Return the shift of the whole image, at one time or at several."""
        turns = self.shake_hz[:, None] * np.asarray(time_s)[..., None, None]
        return (self.shake_px * np.sin(2 * np.pi * turns + self.shake_phase)).sum(axis=-2)

    def project(self, points_m: Float[np.ndarray, '*n 3']) -> tuple[np.ndarray, np.ndarray]:
        """Return pixel coordinates (*n, 2) without the shift, and depth (*n,) in m, at least 0.3 m."""
        seen = (points_m - self.position_m) @ self.rotation.T
        depth = np.maximum(seen[..., 2], 0.3)
        return self.focal_px * seen[..., :2] / depth[..., None] + self.centre_px, depth
