"""Smooth functions of the cycles passed, of which motions are made."""

from __future__ import annotations

import numpy as np

from mmradar.simulation.motions.style import Style


def wave(cycles: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """A sine of unit amplitude; ``shift`` in cycles."""
    return np.sin(2 * np.pi * (cycles + shift))


def pulse(cycles: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """From 0 to 1 and back once a cycle, smoothly."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * (cycles + shift))


def ease(progress: np.ndarray) -> np.ndarray:
    """From 0 at or below 0 to 1 at or above 1, at rest at both ends."""
    progress = np.clip(progress, 0, 1)
    return progress**2 * (3 - 2 * progress)


def hold(cycles: np.ndarray) -> np.ndarray:
    """Like ``pulse``, but staying a while at 0 and at 1."""
    return ease(1.5 * pulse(cycles) - 0.25)


def tempo(cycles: np.ndarray, style: Style, factor: float) -> np.ndarray:
    """The same cycles passing ``factor`` times as fast, from the same phase."""
    return style.phase + factor * (cycles - style.phase)
