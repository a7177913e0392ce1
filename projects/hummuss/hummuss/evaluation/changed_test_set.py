"""One checkpoint under many conditions: other frame rates, missing joints, long sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from torch import nn

from mmradar.apis import build_loader, evaluate
from mmradar.errors import ConfigError


def evaluate_under(model: nn.Module, config: Config, **changes: Any) -> dict[str, float] | None:
    """The test metrics of a model on the configuration's test set with some of its arguments changed.

    Args:
        model: See :func:`mmradar.apis.init_model`.
        config: With ``test_dataloader`` of a :class:`~hummuss.datasets.MotionLiftingDataset` and ``test_evaluator``.
        **changes: Arguments of the data set.

    Returns:
        The metrics; ``None`` if windows have more frames than the model has positions for (a Transformer's).

    Raises:
        ConfigError: The test set is of another class.
    """
    kind = config.test_dataloader.dataset.type
    if kind != 'MotionLiftingDataset':
        raise ConfigError(f'conditions are those of a MotionLiftingDataset; the configuration tests on a {kind}')
    loader = build_loader(config, **changes)
    positions = getattr(getattr(model, 'backbone', None), 'temp_embed', None)
    if positions is not None and loader.dataset.times.frames > positions.shape[1]:
        return None
    return evaluate(model, loader, config.test_evaluator)


def lifting_metric(metrics: Mapping[str, float] | None, name: str) -> float | None:
    """One of the metrics; ``None`` if there are none."""
    return None if metrics is None else metrics[f'lifting/{name}']
