"""Difficulty settings of rendered clips."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from mmradar.errors import ConfigError


@dataclass(frozen=True)
class Difficulty:
    """Settings of what makes a clip difficult; all numbers are our choice.

    Args:
        shutter: Share of the time between frames during which the shutter is open, 0 to 1: motion blur.
        tempo: Maximum speed of people relative to the usual speed, at least 1.
        occluders: Maximum number of objects in front of the person.
        occluder_size: Maximum half width and half height of these objects, in heights of the person.
        occluder_speed: Standard deviation of their speed along each image axis, in heights of the person per second.
        others: Maximum number of other people in the image.
        jitter_px: Root mean square shift of the shaking camera.
        noise: Standard deviation of the sensor's noise, on a scale of 255.
        defocus_px: Maximum standard deviation of the lens's blur.
        contrast: Minimum factor on the difference between the colours of clothes and skin and the background, 0 to 1.

    Raises:
        ConfigError: If a number is out of its range.
    """

    shutter: float = 0.5
    tempo: float = 2.0
    occluders: int = 3
    occluder_size: float = 0.2
    occluder_speed: float = 6.0
    others: int = 1
    jitter_px: float = 1.0
    noise: float = 6.0
    defocus_px: float = 0.6
    contrast: float = 0.6

    def __post_init__(self) -> None:
        limits = dict(shutter=(0, 1), tempo=(1, 10), contrast=(0, 1))
        for field in fields(self):
            low, high = limits.get(field.name, (0, np.inf))
            value = getattr(self, field.name)
            if not (np.isfinite(value) and low <= value <= high):
                raise ConfigError(f'Difficulty.{field.name} must be {low} to {high}, found {value!r}')

    @classmethod
    def named(cls, name: str, **numbers: float | None) -> Difficulty:
        """Return one of ``DIFFICULTIES`` with some numbers replaced; ``None`` keeps a number."""
        if name not in DIFFICULTIES:
            raise ConfigError(f'difficulty must be one of {", ".join(DIFFICULTIES)}, found {name!r}')
        return replace(DIFFICULTIES[name], **{key: value for key, value in numbers.items() if value is not None})


DIFFICULTIES = {
    'easy': Difficulty(
        shutter=0.0, tempo=1.0, occluders=0, others=0, jitter_px=0.0, noise=2.0, defocus_px=0.0, contrast=1.0
    ),
    'medium': Difficulty(),
    'hard': Difficulty(
        shutter=0.9,
        tempo=3.5,
        occluders=6,
        occluder_size=0.3,
        others=2,
        jitter_px=2.0,
        noise=12.0,
        defocus_px=1.0,
        contrast=0.35,
    ),
}
