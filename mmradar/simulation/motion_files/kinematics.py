"""Joint positions from joint angles, for the formats that hold angles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation


def chain_positions(
    parents: Sequence[int],
    offsets: Float[np.ndarray, 'nodes 3'] | Sequence[Float[np.ndarray, '... 3']],
    rotations: Sequence[Rotation | None],
    root_positions: Float[np.ndarray, 'frames 3'],
) -> Float[np.ndarray, 'frames nodes 3']:
    """Compute positions of a tree's nodes, each at its offset in the rotated axes of its parent.

    Args:
        parents: Index of each node's parent, smaller than its own; -1 for the root, which comes first.
        offsets: Position of each node in the axes of its parent, (3,) or, if it moves, (frames, 3). The root's is not
            used.
        rotations: Rotations of each node relative to its parent, (frames,); ``None`` for no rotation.
        root_positions: Positions of the root.

    Returns:
        Positions in the axes of the root's parent, in the offsets' unit.
    """
    positions = np.empty((len(root_positions), len(parents), 3))
    positions[:, 0] = root_positions
    turned: list[Rotation] = []
    for node, (parent, own) in enumerate(zip(parents, rotations)):
        if parent < 0:
            turned.append(Rotation.identity(len(root_positions)) if own is None else own)
            continue
        positions[:, node] = positions[:, parent] + turned[parent].apply(offsets[node])
        turned.append(turned[parent] if own is None else turned[parent] * own)
    return positions


def z_up(positions: Float[np.ndarray, '... 3'], up: str = 'y') -> Float[np.ndarray, '... 3']:
    """Rotate positions so that z is up: by a quarter turn about x if y is up, not at all if z is.

    Raises:
        ValueError: ``up`` is neither ``'y'`` nor ``'z'``.
    """
    if up == 'z':
        return positions
    if up != 'y':
        raise ValueError(f"up must be 'y' or 'z', found {up!r}")
    return np.stack([positions[..., 0], -positions[..., 2], positions[..., 1]], axis=-1)
