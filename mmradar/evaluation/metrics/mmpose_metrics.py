"""mmpose's metrics with this package's rule for predictions that are not finite.

They are registered under mmpose's names: ``type='PCKAccuracy'`` is the class of this module, ``'mmpose.PCKAccuracy'``
is mmpose's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.evaluation import metrics as mmpose_metrics

from mmradar.evaluation.misses import check_predictions, check_truth
from mmradar.registry import METRICS


class _FiniteOnly(BaseMetric):
    """Mixin that handles predictions that are not finite; list it before a metric of mmpose.

    The metric's results must contain ``pred_coords`` and ``gt_coords`` (N, K, D) and ``mask`` (N, K).

    Raises:
        ConfigError: There is nothing to evaluate.
        DataError: See :func:`~mmradar.evaluation.misses.check_predictions`; or a label is not finite.
    """

    # whether the metric can count misses; otherwise they are an error
    tolerate = True

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Store the predictions and labels of one batch; replace all of a pose that is not finite by NaN."""
        super().process(data_batch, [_with_misses(sample) for sample in data_samples])

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute the metrics over all samples."""
        name, names = type(self).__name__, [f'sample {index}' for index in range(len(results))]
        check_predictions(
            name, [bool(np.isfinite(result['pred_coords']).all()) for result in results], names, self.tolerate
        )
        # PCK divides distances by these sizes, so they must be finite too
        sizes = [key for key in ('bbox_size', 'head_size') if key in results[0]]
        labelled = [
            np.isfinite(result['gt_coords'][result['mask']]).all()
            and all(np.isfinite(result[key]).all() for key in sizes)
            for result in results
        ]
        check_truth(name, labelled, names)
        return super().compute_metrics(results)


def _with_misses(sample: dict) -> dict:
    predicted = sample['pred_instances']
    keypoints = np.asarray(predicted['keypoints'])
    scores = np.asarray(predicted.get('keypoint_scores', 1.0))
    if np.isfinite(keypoints).all() and np.isfinite(scores).all():
        return sample
    return dict(sample, pred_instances=dict(predicted, keypoints=np.full(keypoints.shape, np.nan)))


@METRICS.register_module()
class PCKAccuracy(_FiniteOnly, mmpose_metrics.PCKAccuracy):
    """mmpose's ``PCKAccuracy``; the joints of a pose that is not finite count as not found."""


@METRICS.register_module()
class JhmdbPCKAccuracy(_FiniteOnly, mmpose_metrics.JhmdbPCKAccuracy):
    """mmpose's ``JhmdbPCKAccuracy``; the joints of a pose that is not finite count as not found."""


@METRICS.register_module()
class MPJPE(_FiniteOnly, mmpose_metrics.MPJPE):
    """mmpose's ``MPJPE``; a pose that is not finite is an error."""

    tolerate = False
