"""One checkpoint under many conditions: what ``projects/hummuss/tools`` share."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import nn

from mmradar.engine.checkpoint import check_state_dict, read_checkpoint
from mmradar.errors import ConfigError
from mmradar.registry import MODELS


def load_model(config: Config, checkpoint: str | Path, device: str = 'cpu') -> nn.Module:
    """The configuration's model with a checkpoint's weights, in evaluation mode.

    Raises:
        CheckpointError: No such file, a damaged one, or another model's.
    """
    init_default_scope(config.get('default_scope', 'mmradar'))
    content = read_checkpoint(checkpoint)
    state = content.get('state_dict', content)
    model = MODELS.build(config.model)
    check_state_dict(model, state, str(checkpoint))
    model.load_state_dict({key.removeprefix('module.'): value for key, value in state.items()})
    return model.to(device).eval()


def evaluate_under(model: nn.Module, config: Config, **changes: Any) -> dict[str, float] | None:
    """The test metrics of a model on the configuration's test set with some of its arguments changed.

    Args:
        model: See :func:`load_model`.
        config: With ``test_dataloader`` of a :class:`~hummuss.datasets.MotionLiftingDataset` and ``test_evaluator``.
        **changes: Arguments of the data set.

    Returns:
        The metrics; ``None`` if windows have more frames than the model has positions for (a Transformer's).

    Raises:
        ConfigError: The test set is of another class.
    """
    loader_config = copy.deepcopy(config.test_dataloader)
    if loader_config.dataset.type != 'MotionLiftingDataset':
        raise ConfigError(
            f'conditions are those of a MotionLiftingDataset; the configuration tests on a {loader_config.dataset.type}'
        )
    loader_config.dataset.update(changes)
    loader_config.persistent_workers = False
    loader = Runner.build_dataloader(loader_config, seed=config.get('randomness', {}).get('seed', 0))
    positions = getattr(getattr(model, 'backbone', None), 'temp_embed', None)
    if positions is not None and loader.dataset.times.frames > positions.shape[1]:
        return None
    evaluator = Evaluator(copy.deepcopy(config.test_evaluator))
    evaluator.dataset_meta = loader.dataset.metainfo
    with torch.no_grad():
        for batch in loader:
            evaluator.process(data_samples=model.test_step(batch), data_batch=batch)
    return evaluator.evaluate(len(loader.dataset))


def percent_change(value: float, reference: float) -> str:
    """By how much a value is above a reference, as ``+5.0 %``."""
    return f'{100 * (value / reference - 1):+.1f} %'


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table; numbers with one decimal, ``None`` as a dash."""

    def cell(value: Any) -> str:
        if value is None:
            return '-'
        return f'{value:.1f}' if isinstance(value, float) else str(value)

    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join('| ' + ' | '.join(map(cell, line)) + ' |' for line in lines)


def metric(metrics: Mapping[str, float] | None, name: str) -> float | None:
    """One of the metrics; ``None`` if there are none."""
    return None if metrics is None else metrics[f'lifting/{name}']
