"""Metric of lifted motions: errors over all joints and by action."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from hummuss.evaluation.lifting_errors import (
    aligned_to_root,
    joint_errors,
    pck_and_auc,
    procrustes_aligned,
    scaled,
    velocity_errors,
)
from mmradar.errors import ConfigError, DataError
from mmradar.evaluation.arrays import float64_array
from mmradar.evaluation.misses import check_predictions, check_truth
from mmradar.registry import METRICS

_MM = 1000.0


@METRICS.register_module()
class MotionLiftingMetric(BaseMetric):
    """MPJPE, P-MPJPE, N-MPJPE and MPJVE in mm, 3D-PCK and AUC in percent.

    All are means over the joints with nonzero weight in all frames of all windows; a frame in two windows counts twice.

    ``MPJPE`` is the mean distance between root-relative poses. ``N-MPJPE`` first scales each frame's prediction to the
    best fit, and ``P-MPJPE`` rotates, scales and translates it (both over joints with nonzero weight). ``MPJVE`` is the
    error of the displacement from frame to frame, in mm per frame **of the sequence as sampled**: compare it only at
    one rate. ``PCK@150`` and ``AUC`` are defined as for MPI-INF-3DHP, over all joints with nonzero weight.

    Errors by action are ``MPJPE/<action>`` and ``P-MPJPE/<action>``; ``MPJPE_of_actions`` is the mean over actions, as
    published for Human3.6M.

    Expects in each sample ``pred_instances.keypoints_3d`` (T, J, 3) in m and, as the data sets of this project provide
    them, ``gt_instance_labels.keypoints_3d`` and ``keypoint_weights``, and ``action`` in the meta information.

    Args:
        root: Indices of the joints whose mean is the root; by default HuPR's hips. ``None`` does not move poses.
        per_action: Report the errors of every action.
        threshold_mm: Threshold of PCK, and the largest threshold of AUC.
        collect_device, prefix: See mmengine's ``BaseMetric``.

    Raises:
        ConfigError: There is nothing to evaluate.
        DataError: A prediction does not have the shape of its label, or a prediction or label is not finite, so that
            the mean distance is undefined.
    """

    default_prefix = 'lifting'

    def __init__(
        self,
        root: Sequence[int] | None = (0, 3),
        per_action: bool = True,
        threshold_mm: float = 150.0,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if threshold_mm <= 0:
            raise ConfigError(f'MotionLiftingMetric.threshold_mm must be positive, found {threshold_mm}')
        self.root, self.per_action, self.threshold_mm = root, per_action, threshold_mm

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Store the errors of one batch."""
        for sample in data_samples:
            labels = sample['gt_instance_labels']
            truth, weights = (float64_array(labels[key]) for key in ('keypoints_3d', 'keypoint_weights'))
            predicted = float64_array(sample['pred_instances']['keypoints_3d'])
            name = sample.get('clip_id', sample.get('id', 'a sample'))
            if predicted.shape != truth.shape:
                raise DataError(f'{name}: expected a prediction {truth.shape} like its label, found {predicted.shape}')
            finite = bool(np.isfinite(predicted).all())
            labelled = bool(np.isfinite(truth).all() and np.isfinite(weights).all())
            result = dict(action=str(sample.get('action', 'all')), name=name, finite=finite, labelled=labelled)
            if not (finite and labelled):
                self.results.append(result)
                continue
            predicted, truth = (aligned_to_root(joints, self.root) * _MM for joints in (predicted, truth))
            moving = np.minimum(weights[1:], weights[:-1])
            errors = {
                'MPJPE': joint_errors(predicted, truth),
                'P-MPJPE': joint_errors(procrustes_aligned(predicted, truth, weights), truth),
                'N-MPJPE': joint_errors(scaled(predicted, truth, weights), truth),
                'MPJVE': velocity_errors(predicted, truth),
            }
            counted = {
                key: value[(moving if key == 'MPJVE' else weights) > 0].astype(np.float32)
                for key, value in errors.items()
            }
            self.results.append(result | counted)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute the metrics over all windows."""
        names = [result['name'] for result in results]
        check_predictions(type(self).__name__, [result['finite'] for result in results], names, tolerate=False)
        check_truth(type(self).__name__, [result['labelled'] for result in results], names)
        if not sum(len(result['MPJPE']) for result in results):
            raise ConfigError('MotionLiftingMetric: no joint has a label; is the data set empty, or all of it padding?')

        def errors(name: str, chosen: list[dict] = results) -> np.ndarray:
            return np.concatenate([result[name] for result in chosen]).astype(np.float64)

        def mean(name: str, chosen: list[dict] = results) -> float:
            values = errors(name, chosen)
            return float(values.mean()) if values.size else float('nan')

        metrics = {name: mean(name) for name in ('MPJPE', 'P-MPJPE', 'N-MPJPE', 'MPJVE')}
        metrics[f'PCK@{self.threshold_mm:g}'], metrics['AUC'] = pck_and_auc(errors('MPJPE'), self.threshold_mm)
        if self.per_action:
            by_action: dict[str, list[dict]] = {}
            for result in results:
                if len(result['MPJPE']):
                    by_action.setdefault(result['action'], []).append(result)
            for action in sorted(by_action):
                for name in ('MPJPE', 'P-MPJPE'):
                    metrics[f'{name}/{action}'] = mean(name, by_action[action])
            metrics['MPJPE_of_actions'] = float(np.mean([metrics[f'MPJPE/{action}'] for action in by_action]))
        return metrics
