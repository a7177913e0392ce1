"""From a batch of the data loader to the network's input."""

from __future__ import annotations

import torch
from mmengine.model import BaseDataPreprocessor

from mmradar.registry import MODELS


@MODELS.register_module()
class RadarPoseDataPreprocessor(BaseDataPreprocessor):
    """Moves a batch to the device and stacks its heatmaps.

    Raises:
        ValueError: Samples of different shapes, or a heatmap with NaN or infinite values, whose sequence and frame it
            names.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        data = self.cast_data(data)
        inputs, samples = data['inputs'], data.get('data_samples')
        if not torch.is_tensor(inputs):
            if len({tuple(x.shape) for x in inputs}) != 1:
                raise ValueError(f'heatmaps of one batch differ in shape: {[tuple(x.shape) for x in inputs]}')
            inputs = torch.stack(tuple(inputs))
        inputs = inputs.float()
        if not torch.isfinite(inputs.sum()):  # one pass; the guilty sample is looked for only when there is one
            bad = int((~torch.isfinite(inputs.flatten(1))).any(1).nonzero()[0])
            known = samples[bad].metainfo if samples else {}
            name = ', '.join(f'{key} {known[key]}' for key in ('sequence', 'frame', 'img_id') if key in known)
            raise ValueError(
                f'the heatmaps of a window hold NaN or infinite values: number {bad} of the batch, {name or "unnamed"}'
            )
        return {'inputs': inputs, 'data_samples': samples}
