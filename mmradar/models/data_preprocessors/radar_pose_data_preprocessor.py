"""Data preprocessor from a batch of the data loader to the network's input."""

from __future__ import annotations

from typing import cast

import torch
from mmengine.model import BaseDataPreprocessor

from mmradar.registry import MODELS


@MODELS.register_module()
class RadarPoseDataPreprocessor(BaseDataPreprocessor):
    """Data preprocessor that moves a batch to the device and stacks its heatmaps.

    Raises:
        ValueError: Samples of different shapes, or a heatmap with NaN or infinite values, of which the message names
            sequence and frame.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        data = cast('dict', self.cast_data(data))  # returns the type it takes
        inputs, samples = data['inputs'], data.get('data_samples')
        if not torch.is_tensor(inputs):
            if len({tuple(x.shape) for x in inputs}) != 1:
                raise ValueError(f'heatmaps of one batch differ in shape: {[tuple(x.shape) for x in inputs]}')
            inputs = torch.stack(tuple(inputs))
        inputs = inputs.float()
        if not torch.isfinite(inputs.sum()):  # one pass; look for the bad sample only if there is one
            bad = int((~torch.isfinite(inputs.flatten(1))).any(1).nonzero()[0])
            known = samples[bad].metainfo if samples else {}
            name = ', '.join(f'{key} {known[key]}' for key in ('sequence', 'frame', 'img_id') if key in known)
            raise ValueError(
                f'the heatmaps of a window hold NaN or infinite values: number {bad} of the batch, {name or "unnamed"}'
            )
        return {'inputs': inputs, 'data_samples': samples}
