"""Transform for models that look at no radar data."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class EmptyHeatmap(BaseTransform):
    """Transform that makes a ``heatmap`` of no views, (frames, 0, 0, 0, 0, 0), without reading any recording.

    It is for baselines that predict without radar data, such as :class:`~mmradar.models.MeanPose`: a pass over a data
    set takes seconds. Required key: ``frame_indices``.
    """

    def transform(self, results: dict) -> dict:
        results['heatmap'] = np.zeros((len(results['frame_indices']), 0, 0, 0, 0, 0), np.float32)
        return results
