"""Smooth functions of the number of cycles passed, from which motions are made."""

from __future__ import annotations

import numpy as np

from mmradar.simulation.motions.style import Style


def wave(cycles: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """Return a sine of unit amplitude; ``shift`` is in cycles."""
    return np.sin(2 * np.pi * (cycles + shift))


def pulse(cycles: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """Return a smooth pulse from 0 to 1 and back, once per cycle; ``shift`` is in cycles."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * (cycles + shift))


def ease(progress: np.ndarray) -> np.ndarray:
    """Return a smooth step from 0 at or below 0 to 1 at or above 1, with zero slope at both ends."""
    progress = np.clip(progress, 0, 1)
    return progress**2 * (3 - 2 * progress)


def hold(cycles: np.ndarray) -> np.ndarray:
    """Return a pulse like ``pulse`` that stays at 0 and at 1 for a while."""
    return ease(1.5 * pulse(cycles) - 0.25)


def tempo(cycles: np.ndarray, style: Style, factor: float) -> np.ndarray:
    """Return the cycles passed at ``factor`` times the rate, from the same phase."""
    return style.phase + factor * (cycles - style.phase)
