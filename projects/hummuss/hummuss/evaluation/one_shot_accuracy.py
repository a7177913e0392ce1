"""Metric of one-shot action recognition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from hummuss.models.estimators.action_recognizer import nearest_exemplar
from mmradar.errors import ConfigError, DataError
from mmradar.evaluation.misses import REMEDY
from mmradar.registry import METRICS


@METRICS.register_module()
class OneShotAccuracy(BaseMetric):
    """Accuracy, in percent, of actions that were not in the training, each known from one exemplar.

    A clip is recognised as the action of the exemplar with the largest cosine similarity of embeddings, after the
    one-shot protocol of NTU RGB+D 120 (Liu et al., 2019), which has one fixed exemplar of each action. With few actions
    the result depends much on the exemplars, so here they are drawn ``draws`` times, and the clips of a draw are those
    of all people but the exemplars'. Both are our choice.

    Expects ``pred_embedding`` (dims,), ``gt_label``, ``person`` and ``id`` in each sample, as
    ``HumMUSSActionRecognizer`` with an ``EmbeddingHead`` and ``MotionActionDataset`` provide them. The metrics are
    ``top1``, the mean over draws, and ``top1_std``, their standard deviation.

    Args:
        draws: Number of draws of exemplars.
        seed: Seed of the draws. They do not depend on the order of samples.
        collect_device, prefix: See mmengine's ``BaseMetric``.

    Raises:
        ConfigError: ``draws`` is below 1, or there are fewer than two actions, or no clip of other people is left.
        DataError: A sample has no label, embedding or person, or its embedding is not finite.
    """

    default_prefix = 'one_shot'

    def __init__(self, draws: int = 20, seed: int = 0, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if draws < 1:
            raise ConfigError(f'OneShotAccuracy.draws must be at least 1, found {draws}')
        self.draws, self.seed = draws, seed

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Store the embedding, label and person of each clip."""
        for sample in data_samples:
            if missing := {'pred_embedding', 'gt_label', 'person', 'id'} - set(sample):
                raise DataError(
                    f'OneShotAccuracy: a sample has no {min(missing)}; it needs an EmbeddingHead and a '
                    'MotionActionDataset'
                )
            embedding = torch.as_tensor(sample['pred_embedding']).detach().double().cpu()
            if not torch.isfinite(embedding).all():
                raise DataError(f'OneShotAccuracy: the embedding of clip {sample["id"]} is not finite. {REMEDY}.')
            self.results.append(
                dict(embedding=embedding, label=int(sample['gt_label']), person=sample['person'], id=int(sample['id']))
            )

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute the metrics over all draws."""
        results = sorted(results, key=lambda result: result['id'])
        labels = np.array([result['label'] for result in results], dtype=np.int64)
        people = np.array([str(result['person']) for result in results])
        actions = np.unique(labels)
        if len(actions) < 2:
            raise ConfigError(f'OneShotAccuracy needs clips of at least two actions, found {len(actions)}')
        embeddings = torch.stack([result['embedding'] for result in results])
        rng, accuracies = np.random.default_rng(self.seed), []
        for _ in range(self.draws):
            exemplars = np.array([rng.choice(np.flatnonzero(labels == action)) for action in actions])
            queries = np.flatnonzero(~np.isin(people, people[exemplars]))
            if not len(queries):
                raise ConfigError(
                    f'OneShotAccuracy: all {len(results)} clips are of the people of the {len(actions)} exemplars; the '
                    'test set needs more people'
                )
            found = nearest_exemplar(embeddings[queries], embeddings[exemplars], torch.from_numpy(actions))
            accuracies.append(100 * float((found.numpy() == labels[queries]).mean()))
        return dict(top1=float(np.mean(accuracies)), top1_std=float(np.std(accuracies)))
