"""Metric of recovered meshes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from hummuss.body_models import LinearBody
from hummuss.evaluation.lifting_errors import joint_errors, procrustes_aligned
from mmradar.errors import ConfigError, DataError
from mmradar.evaluation.misses import check_predictions, check_truth
from mmradar.registry import METRICS, MODELS

_MM = 1000.0


@METRICS.register_module()
class MeshRecoveryMetric(BaseMetric):
    """MPJPE, P-MPJPE and MPVE in mm, over all frames of all windows; a frame in two windows counts twice.

    ``MPJPE`` is the mean distance of HuPR's 14 joints of the body, ``MPVE`` that of its vertices; both are relative to
    the pelvis, with the predicted orientation. ``P-MPJPE`` first rotates, scales and translates each frame's joints to
    the best fit.

    Joints and vertices are computed from ``rotations`` and ``betas``, which ``pred_instances`` and
    ``gt_instance_labels`` of each sample must contain, as ``HumMUSSMeshRecoverer`` and ``MeshRecoveryDataset`` provide
    them.

    Args:
        body_model: Configuration of the body model.
        every: Use every n-th frame of each window only.
        collect_device, prefix: See mmengine's ``BaseMetric``.

    Raises:
        ConfigError: There is nothing to evaluate, or ``every`` is below 1.
        DataError: A sample has no prediction or label, or it is not finite or does not fit the body.
    """

    default_prefix = 'mesh'

    def __init__(
        self, body_model: dict[str, Any], every: int = 1, collect_device: str = 'cpu', prefix: str | None = None
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if every < 1:
            raise ConfigError(f'MeshRecoveryMetric.every must be at least 1, found {every}')
        self.body: LinearBody = MODELS.build(body_model)
        self.every = every

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Store the sums of one batch's errors."""
        for sample in data_samples:
            name = sample.get('clip_id', sample.get('id', 'a sample'))
            truth, predicted = (self._parameters(sample, key, name) for key in ('gt_instance_labels', 'pred_instances'))
            if [len(part) for part in truth] != [len(part) for part in predicted]:
                raise DataError(f'{name}: {len(predicted[0])} frames are predicted, {len(truth[0])} have a label')
            finite, labelled = (all(bool(part.isfinite().all()) for part in parts) for parts in (predicted, truth))
            result = dict(name=name, finite=finite, labelled=labelled)
            if finite and labelled:
                (joints, vertices), (true_joints, true_vertices) = self._posed(*predicted), self._posed(*truth)
                aligned = procrustes_aligned(joints, true_joints, np.ones(joints.shape[:2]))
                result |= {
                    'MPJPE': joint_errors(joints, true_joints).mean(axis=1),
                    'P-MPJPE': joint_errors(aligned, true_joints).mean(axis=1),
                    'MPVE': joint_errors(vertices, true_vertices).mean(axis=1),
                }
            self.results.append(result)

    def _parameters(self, sample: dict, key: str, name: str) -> list[torch.Tensor]:
        found = []
        for field, shape in (('rotations', (self.body.num_joints, 3, 3)), ('betas', (self.body.num_betas,))):
            if key not in sample or field not in sample[key]:
                raise DataError(f'MeshRecoveryMetric: {name} has no {key}.{field}')
            values = torch.as_tensor(sample[key][field]).detach().float().cpu()
            if values.shape[1:] != shape:
                raise DataError(f'{name}: {key}.{field} must be (frames, {shape}), found {tuple(values.shape)}')
            found.append(values[:: self.every])
        return found

    def _posed(self, rotations: torch.Tensor, betas: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return joints and vertices relative to the pelvis in mm."""
        with torch.no_grad():
            joints = self.body.joints(rotations, betas)[:, self.body.keypoint_joints]
            vertices = self.body(rotations, betas)
        return joints.double().numpy() * _MM, vertices.double().numpy() * _MM

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute the means over all frames."""
        if not results:
            raise ConfigError('MeshRecoveryMetric: there is nothing to evaluate; is the data set empty?')
        names = [result['name'] for result in results]
        check_predictions(type(self).__name__, [result['finite'] for result in results], names, tolerate=False)
        check_truth(type(self).__name__, [result['labelled'] for result in results], names)
        return {
            name: float(np.concatenate([result[name] for result in results]).mean())
            for name in ('MPJPE', 'P-MPJPE', 'MPVE')
        }
