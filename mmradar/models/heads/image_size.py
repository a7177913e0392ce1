"""How large the images are that keypoints refer to."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mmradar.errors import ConfigError


def image_sizes(batch_data_samples: list, like: Tensor) -> Float[Tensor, 'batch 2']:
    """Each sample's image as (width, height) in px: the data set says it, and nothing else does.

    Args:
        batch_data_samples: With ``image_size`` in their meta information, as ``PackRadarInputs`` has it.
        like: Device and floating type of the result.

    Raises:
        ConfigError: A sample does not say it.
    """
    sizes = [sample.metainfo.get('image_size') for sample in batch_data_samples]
    if any(size is None for size in sizes):
        raise ConfigError(
            "a sample does not say how large its image is: PackRadarInputs.meta_keys must hold 'image_size', which "
            'the data set states'
        )
    return like.new_tensor(np.asarray(sizes, dtype=np.float64))
