"""Errors of lifted motions, overall and by action."""

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
from mmradar.evaluation.misses import check_predictions, check_truth
from mmradar.registry import METRICS

_MM = 1000.0


@METRICS.register_module()
class MotionLiftingMetric(BaseMetric):
    """MPJPE, P-MPJPE, N-MPJPE and MPJVE in mm, 3D-PCK and AUC in percent.

    All are means over joints with weight, of all frames of all windows: a frame that is in two windows counts twice.

    ``MPJPE`` is the mean distance, after both poses are put on their roots; ``N-MPJPE`` with the scale that fits a
    frame best, ``P-MPJPE`` with rotation, scale and position that do (over joints with weight). ``MPJVE`` is the
    error of the movement from frame to frame, in mm a frame **of the sequence as sampled**: compare it at one rate
    only. ``PCK@150`` and ``AUC`` are MPI-INF-3DHP's, of all joints.

    By action, ``MPJPE/<action>`` and ``P-MPJPE/<action>``; ``MPJPE_of_actions`` is the mean over actions, as
    published for Human3.6M.

    Expects of each sample ``pred_instances.keypoints_3d`` (T, J, 3) in m and, as the data sets of this project have
    them, ``gt_instance_labels.keypoints_3d`` and ``keypoint_weights``, and ``action`` in the meta information.

    Args:
        root: Joints whose middle is the root, by number; HuPR's hips. ``None`` leaves poses where they are.
        per_action: Report every action.
        threshold_mm: Of PCK, and the largest of AUC.
        collect_device, prefix: As mmengine's ``BaseMetric``.

    Raises:
        ConfigError: Nothing to evaluate.
        DataError: A prediction has another shape than its label, or it or its label is not finite: with a miss, a mean
            distance has no value.
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
        """Keep the errors of one batch."""
        for sample in data_samples:
            labels = sample['gt_instance_labels']
            truth, weights = (_array(labels[key]) for key in ('keypoints_3d', 'keypoint_weights'))
            predicted = _array(sample['pred_instances']['keypoints_3d'])
            name = sample.get('clip_id', sample.get('id', 'a sample'))
            if predicted.shape != truth.shape:
                raise DataError(f'{name}: expected a prediction {truth.shape} as its label, found {predicted.shape}')
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
        """The metrics over all windows."""
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


def _array(values) -> np.ndarray:
    values = values.detach().cpu().numpy() if hasattr(values, 'detach') else np.asarray(values)
    return values.astype(np.float64)
