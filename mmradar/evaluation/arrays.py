"""Arrays of samples, which metrics compute with."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike
from torch import Tensor


def float64_array(values: Tensor | ArrayLike) -> Float64[np.ndarray, '...']:
    """Return values as an array in float64, on the CPU: of a tensor on any device, an array or nested lists."""
    return np.asarray(values.detach().cpu().double() if isinstance(values, Tensor) else values, dtype=np.float64)
