"""Augmentation of 2D skeletons in the plane of the image."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def random_move(
    keypoints: Float[np.ndarray, '*persons T J 2'],
    rng: np.random.Generator,
    angle_deg: float = 10.0,
    scale: float = 0.1,
    shift: float = 0.1,
) -> Float[np.ndarray, '*persons T J 2']:
    """Rotate, scale and shift a clip by amounts that change linearly in time, as ST-GCN (Yan et al., 2018) does.

    All persons move alike. The defaults are MotionBERT's ranges for NTU RGB+D.

    Args:
        keypoints: 2D joints on screen, see :func:`~hummuss.datasets.lifting_arrays.normalise_to_screen`.
        rng: Random generator for the amounts at the first and the last frame.
        angle_deg: Largest angle, in either direction, about the image's centre.
        scale: Largest deviation of the scale from 1.
        shift: Largest shift in x and in y.
    """
    ends = rng.uniform(-1, 1, (2, 4)) * [np.deg2rad(angle_deg), scale, shift, shift]
    progress = np.linspace(0, 1, keypoints.shape[-3])[:, None]
    angle, growth, x, y = (ends[0] + progress * (ends[1] - ends[0])).T[..., None]  # (T, 1) each, for all joints
    cos, sin = (1 + growth) * np.cos(angle), (1 + growth) * np.sin(angle)
    moved = [
        cos * keypoints[..., 0] - sin * keypoints[..., 1] + x,
        sin * keypoints[..., 0] + cos * keypoints[..., 1] + y,
    ]
    return np.stack(moved, axis=-1)
