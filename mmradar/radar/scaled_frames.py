"""Scaling of frames for half precision: a scale for each frame avoids overflow and keeps the digits of weak frames."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32


def to_scaled(
    parts: Float[np.ndarray, 'frames ...'],
) -> tuple[Float32[np.ndarray, 'frames'], Float[np.ndarray, 'frames ...']]:
    """Return the largest magnitude of each frame (1 for a frame of zeros), and the frames divided by it."""
    scale = np.abs(parts).reshape(len(parts), -1).max(axis=1)
    scale[scale == 0] = 1
    return scale, parts / _along(scale, parts)


def from_scaled(
    scale: Float32[np.ndarray, 'frames'], scaled: Float[np.ndarray, 'frames ...']
) -> Float32[np.ndarray, 'frames ...']:
    """Multiply frames by their scale, the inverse of :func:`to_scaled`; the result is float32."""
    parts = scaled.astype(np.float32)
    parts *= _along(scale, parts)
    return parts


def complex_parts(array: np.ndarray) -> Float32[np.ndarray, '... 2']:
    """Return the real and imaginary parts of a complex array as float32 along a new last axis."""
    return np.ascontiguousarray(array, np.complex64)[..., None].view(np.float32)


def _along(scale: np.ndarray, parts: np.ndarray) -> np.ndarray:
    return scale.reshape(-1, *([1] * (parts.ndim - 1)))
