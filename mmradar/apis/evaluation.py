"""Predictions and metrics of a model in memory."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, cast

import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from mmradar.apis.data_folders import datasets_of


class _DescribedDataset(Protocol):
    """Data set of mmengine, or a wrapper of data sets: it has meta information and a length."""

    @property
    def metainfo(self) -> dict[str, Any]: ...

    def __len__(self) -> int: ...


def build_loader(config: Config, split: str = 'test', **changes: Any) -> DataLoader:
    """Build the data loader of one of a configuration's splits.

    Args:
        config: Configuration with a ``{split}_dataloader``.
        split: ``'train'``, ``'val'`` or ``'test'``.
        **changes: Arguments of the split's data sets to override.
    """
    init_default_scope(config.get('default_scope', 'mmradar'))
    settings = copy.deepcopy(config[f'{split}_dataloader'])
    for dataset in datasets_of(settings):
        dataset.update(changes)
    settings['persistent_workers'] = False
    return Runner.build_dataloader(settings, seed=config.get('randomness', {}).get('seed', 0))


def predictions(
    model: BaseModel, loader: DataLoader, on_progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[Any, list]]:
    """Yield the batches of a loader, each with the model's predictions.

    Args:
        model: See :func:`~mmradar.apis.init_model`. It predicts in evaluation mode; its mode is restored after each
            batch.
        loader: See :func:`build_loader`.
        on_progress: Called with (batches done, batches in all).

    Yields:
        The loader's batch, and a list of ``PoseDataSample`` with ``pred_instances``.
    """
    for number, batch in enumerate(loader, 1):
        with torch.no_grad(), evaluation_mode(model):
            samples = model.test_step(batch)
        yield batch, samples
        if on_progress:
            on_progress(number, len(loader))


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode, and restore the mode of each of its modules on exit.

    In training mode, dropout would change the predictions, and the predictions would update the statistics of batch
    normalisation.
    """
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def metrics_of(
    predicted: Iterable[tuple[Any, list]],
    evaluator: dict[str, Any] | Sequence[dict[str, Any]],
    dataset_meta: dict[str, Any],
    num_samples: int,
) -> dict[str, float]:
    """Compute the metrics of predictions.

    Args:
        predicted: Pairs of batch and predictions, see :func:`predictions`; the batch may be ``None`` if no metric reads
            it.
        evaluator: A configuration's ``test_evaluator``: the settings of one metric, or a sequence of them.
        dataset_meta: Meta information of the data set.
        num_samples: Number of samples in all batches together.
    """
    metrics = Evaluator(copy.deepcopy(evaluator))
    metrics.dataset_meta = dataset_meta
    for batch, samples in predicted:
        metrics.process(data_samples=samples, data_batch=batch)
    return metrics.evaluate(num_samples)


def evaluate(
    model: BaseModel,
    loader: DataLoader,
    evaluator: dict[str, Any] | Sequence[dict[str, Any]],
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Compute the metrics of a model in memory.

    To test a checkpoint, with logs and pictures, see :func:`~mmradar.apis.test`.

    Args:
        model: See :func:`~mmradar.apis.init_model`.
        loader: See :func:`build_loader`.
        evaluator: A configuration's ``test_evaluator``.
        on_progress: Called with (batches done, batches in all).
    """
    dataset = cast(_DescribedDataset, loader.dataset)  # torch's Dataset declares neither
    return metrics_of(predictions(model, loader, on_progress), evaluator, dataset.metainfo, len(dataset))
