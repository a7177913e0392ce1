"""Metric of action recognition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from mmradar.errors import ConfigError, DataError
from mmradar.evaluation.misses import REMEDY
from mmradar.registry import METRICS


@METRICS.register_module()
class ActionAccuracy(BaseMetric):
    """Top-k accuracy of clips and the mean over actions of their top-1 accuracy, in percent.

    Expects ``pred_score`` (classes,) and ``gt_label`` in each sample, as ``HumMUSSActionRecognizer`` with an
    ``ActionHead`` and the data sets of this project provide them.

    Args:
        top_k: Values of k for the metrics ``top1`` and so on: a clip counts if its action has one of the k best scores.
        collect_device, prefix: See mmengine's ``BaseMetric``.

    Raises:
        ConfigError: ``top_k`` is empty or has a value below 1.
        DataError: A sample has no label or scores, or its scores are not finite.
    """

    default_prefix = 'action'

    def __init__(self, top_k: Sequence[int] = (1, 5), collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not top_k or min(top_k) < 1:
            raise ConfigError(f'ActionAccuracy.top_k must be numbers of at least 1, found {top_k}')
        self.top_k = tuple(top_k)

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Store the rank of the true action's score for each clip."""
        for sample in data_samples:
            if missing := {'pred_score', 'gt_label'} - set(sample):
                raise DataError(f'ActionAccuracy: a sample has no {min(missing)}; embeddings cannot be scored by it')
            scores, label = np.asarray(sample['pred_score'], np.float64), int(sample['gt_label'])
            if scores.ndim != 1 or not 0 <= label < len(scores):
                raise DataError(
                    f'ActionAccuracy: expected scores of more than {label} actions, which the label needs, '
                    f'found shape {scores.shape}'
                )
            if wrong := int((~np.isfinite(scores)).sum()):
                name = sample.get('clip_id', sample.get('id', 'a clip'))
                raise DataError(f'ActionAccuracy: {wrong} of {len(scores)} scores of {name} are not finite. {REMEDY}.')
            # Of equal scores the true action ranks last, so that a model with constant scores is not counted as right
            self.results.append(dict(label=label, place=int((scores >= scores[label]).sum())))

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute the metrics over all clips."""
        if not results:
            raise ConfigError('ActionAccuracy: there is nothing to evaluate; is the data set empty?')
        labels, places = (np.array([result[key] for result in results]) for key in ('label', 'place'))
        metrics = {f'top{k}': 100 * float((places <= k).mean()) for k in self.top_k}
        of_actions = [float((places[labels == label] == 1).mean()) for label in np.unique(labels)]
        return metrics | {'mean_class': 100 * float(np.mean(of_actions))}
