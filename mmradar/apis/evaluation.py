"""Predictions and metrics of a model that is at hand."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from mmradar.apis.data_folders import datasets_of


def build_loader(config: Config, split: str = 'test', **changes: Any) -> DataLoader:
    """Batches of one of a configuration's splits.

    Args:
        config: With ``{split}_dataloader``.
        split: ``'train'``, ``'val'`` or ``'test'``.
        **changes: Arguments of its data sets that are to be others.
    """
    init_default_scope(config.get('default_scope', 'mmradar'))
    settings = copy.deepcopy(config[f'{split}_dataloader'])
    for dataset in datasets_of(settings):
        dataset.update(changes)
    settings['persistent_workers'] = False
    return Runner.build_dataloader(settings, seed=config.get('randomness', {}).get('seed', 0))


def predictions(
    model: nn.Module, loader: DataLoader, on_progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[Any, list]]:
    """Batches, each with the model's predictions of it.

    Args:
        model: See :func:`~mmradar.apis.init_model`. It predicts in evaluation mode, and is then as it was.
        loader: See :func:`build_loader`.
        on_progress: Called with (batches done, batches in all).

    Yields:
        What the loader gives, and a list of ``PoseDataSample`` with ``pred_instances``.
    """
    for number, batch in enumerate(loader, 1):
        with torch.no_grad(), _evaluation_mode(model):
            samples = model.test_step(batch)
        yield batch, samples
        if on_progress:
            on_progress(number, len(loader))


@contextmanager
def _evaluation_mode(model: nn.Module) -> Iterator[None]:
    """In training mode, dropout would change predictions, and predictions the statistics of batch normalisation."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def metrics_of(
    predicted: Iterable[tuple[Any, list]],
    evaluator: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    dataset_meta: Mapping[str, Any],
    num_samples: int,
) -> dict[str, float]:
    """Metrics of predictions.

    Args:
        predicted: As of :func:`predictions`; a batch may be ``None`` where no metric asks for it.
        evaluator: A configuration's ``test_evaluator``: a metric's settings, or several.
        dataset_meta: Of the data set.
        num_samples: Of all batches together.
    """
    metrics = Evaluator(copy.deepcopy(evaluator))
    metrics.dataset_meta = dataset_meta
    for batch, samples in predicted:
        metrics.process(data_samples=samples, data_batch=batch)
    return metrics.evaluate(num_samples)


def evaluate(
    model: nn.Module,
    loader: DataLoader,
    evaluator: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Metrics of a model that is at hand; for one in a file, with logs and pictures, see :func:`~mmradar.apis.test`.

    Args:
        model: As of :func:`predictions`.
        loader: See :func:`build_loader`.
        evaluator: A configuration's ``test_evaluator``.
        on_progress: Called with (batches done, batches in all).
    """
    predicted = predictions(model, loader, on_progress)
    return metrics_of(predicted, evaluator, loader.dataset.metainfo, len(loader.dataset))
