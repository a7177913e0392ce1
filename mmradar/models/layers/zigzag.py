"""Orders in which a map's cells become a sequence."""

from __future__ import annotations

import torch
from jaxtyping import Int64
from torch import Tensor


def zigzag_order(height: int, width: int) -> Int64[Tensor, 'cells']:
    """Return the order of a (height, width) map's cells row by row, with every other row reversed.

    Neighbours in the sequence are thus neighbours in the map. milliMamba, "Sequence Conversion": a zigzag over range,
    then angle, then view, then frame. Views and frames are never reversed, since the paper states their order
    (horizontal, then vertical).

    Returns:
        Indices into the flattened map: ``flat[order]`` is the sequence.
    """
    cells = torch.arange(height * width).view(height, width)
    cells[1::2] = cells[1::2].flip(1)
    return cells.flatten()


def raster_order(height: int, width: int) -> Int64[Tensor, 'cells']:
    """Return the order of a map's cells row by row."""
    return torch.arange(height * width)


SCAN_ORDERS = {'zigzag': zigzag_order, 'raster': raster_order}
