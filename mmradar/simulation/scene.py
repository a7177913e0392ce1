"""What stands still around the subject: walls and furniture, as points with a radar cross-section."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Scene:
    """Static scatterers.

    Args:
        positions_m: (points, 3), world axes.
        amplitudes_m: Square root of each point's radar cross-section, (points,).
    """

    positions_m: Float[np.ndarray, 'points 3']
    amplitudes_m: Float[np.ndarray, 'points']

    @classmethod
    def empty(cls) -> Scene:
        """Free space."""
        return cls(np.zeros((0, 3)), np.zeros(0))

    @classmethod
    def random_room(cls, rng: np.random.Generator) -> Scene:
        """A room of 4 to 6 m: a back wall, two side walls, the floor's edge, and two to five pieces of furniture."""
        depth, half_width = rng.uniform(4.0, 6.0), rng.uniform(1.6, 2.6)
        height = np.linspace(0.2, 2.4, 5)
        wall = [(x, depth, z) for x in np.linspace(-half_width, half_width, 9) for z in height]
        sides = [(side * half_width, y, z) for side in (-1, 1) for y in np.linspace(1.5, depth, 6) for z in height[::2]]
        points, rcs = [wall, sides], [np.full(len(wall), 0.05), np.full(len(sides), 0.02)]
        for _ in range(rng.integers(2, 6)):
            centre = (
                rng.choice([-1, 1]) * rng.uniform(0.9, half_width),
                rng.uniform(1.2, depth),
                rng.uniform(0.3, 1.0),
            )
            points.append(np.asarray(centre) + rng.uniform(-0.3, 0.3, size=(8, 3)))
            rcs.append(rng.uniform(0.005, 0.1, size=8))
        positions = np.concatenate([np.asarray(p, dtype=np.float64) for p in points])
        return cls(positions + rng.normal(scale=0.02, size=positions.shape), np.sqrt(np.concatenate(rcs)))
