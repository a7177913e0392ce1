"""Metric of one-shot action recognition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    one-shot protocol of NTU RGB+D 120 (Liu et al., 2019), which has one fixed exemplar of each action; all other clips
    are recognised (``draws=None``). With few actions the result depends much on the exemplars, so by default they are
    drawn several times, and the clips of a draw are those of all people but the exemplars'. Both are our choice.

    Expects ``pred_embedding`` (dims,), ``gt_label``, ``person`` and ``id`` in each sample, as
    ``HumMUSSActionRecognizer`` with an ``EmbeddingHead`` and ``MotionActionDataset`` provide them, or ``exemplar`` in
    place of ``person`` for fixed exemplars (``NTURGBDSkeletonDataset``). The metrics are ``top1``, the mean over draws,
    and ``top1_std``, their standard deviation.

    Args:
        draws: Number of draws of exemplars; ``None`` for the data set's own exemplars.
        seed: Seed of the draws. They do not depend on the order of samples.
        collect_device, prefix: See mmengine's ``BaseMetric``.

    Raises:
        ConfigError: ``draws`` is below 1, or there are fewer than two actions, or no clip of other people is left, or
            an action does not have one exemplar of the data set.
        DataError: A sample has no label, embedding, person or mark, or its embedding is not finite.
    """

    default_prefix = 'one_shot'

    def __init__(
        self, draws: int | None = 20, seed: int = 0, collect_device: str = 'cpu', prefix: str | None = None
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if draws is not None and draws < 1:
            raise ConfigError(f'OneShotAccuracy.draws must be at least 1, or None, found {draws}')
        self.draws, self.seed = draws, seed
        self._mark = 'exemplar' if draws is None else 'person'

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Store the embedding, label and person of each clip."""
        for sample in data_samples:
            if missing := {'pred_embedding', 'gt_label', self._mark, 'id'} - set(sample):
                raise DataError(
                    f'OneShotAccuracy: a sample has no {min(missing)}; it needs an EmbeddingHead, and a '
                    f'{"MotionActionDataset" if self.draws else "NTURGBDSkeletonDataset"}'
                )
            embedding = torch.as_tensor(sample['pred_embedding']).detach().double().cpu()
            if not torch.isfinite(embedding).all():
                raise DataError(f'OneShotAccuracy: the embedding of clip {sample["id"]} is not finite. {REMEDY}.')
            result = dict(embedding=embedding, label=int(sample['gt_label']), id=int(sample['id']))
            self.results.append({**result, self._mark: sample[self._mark]})

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute the metrics over all draws."""
        results = sorted(results, key=lambda result: result['id'])
        labels = np.array([result['label'] for result in results], dtype=np.int64)
        actions = np.unique(labels)
        if len(actions) < 2:
            raise ConfigError(f'OneShotAccuracy needs clips of at least two actions, found {len(actions)}')
        embeddings = torch.stack([result['embedding'] for result in results])
        if self.draws is None:
            chosen = [_given(labels, np.array([bool(result['exemplar']) for result in results]))]
        else:
            chosen = self._drawn(labels, actions, np.array([str(result['person']) for result in results]))
        accuracies = []
        for exemplars, queries in chosen:
            found = nearest_exemplar(embeddings[queries], embeddings[exemplars], torch.from_numpy(labels[exemplars]))
            accuracies.append(100 * float((found.numpy() == labels[queries]).mean()))
        return dict(top1=float(np.mean(accuracies)), top1_std=float(np.std(accuracies)))

    def _drawn(self, labels: np.ndarray, actions: np.ndarray, people: np.ndarray) -> Iterator[tuple]:
        """Yield the exemplars of each draw, and the clips of all other people."""
        rng = np.random.default_rng(self.seed)
        for _ in range(self.draws or 0):
            exemplars = np.array([rng.choice(np.flatnonzero(labels == action)) for action in actions])
            queries = np.flatnonzero(~np.isin(people, people[exemplars]))
            if not len(queries):
                raise ConfigError(
                    f'OneShotAccuracy: all {len(labels)} clips are of the people of the {len(actions)} exemplars; the '
                    'test set needs more people'
                )
            yield exemplars, queries


def _given(labels: np.ndarray, marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the marked exemplars, and all other clips."""
    exemplars, queries = np.flatnonzero(marked), np.flatnonzero(~marked)
    if not np.array_equal(np.sort(labels[exemplars]), np.unique(labels)) or not len(queries):
        raise ConfigError(
            f'OneShotAccuracy: draws=None needs one exemplar of each of the {len(np.unique(labels))} actions, and '
            f'other clips; found {len(exemplars)} exemplars among {len(labels)} clips'
        )
    return exemplars, queries
