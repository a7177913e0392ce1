"""Evaluation of one checkpoint under many conditions: other frame rates, missing joints, long sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mmengine.config import Config
from mmengine.model import BaseModel

from hummuss.datasets import MotionLiftingDataset
from mmradar.apis import build_loader, evaluate
from mmradar.errors import ConfigError


def evaluate_under(model: BaseModel, config: Config, **changes: Any) -> dict[str, float] | None:
    """Evaluate a model on the configuration's test set with some of the data set's arguments changed.

    Args:
        model: Model, see :func:`mmradar.apis.init_model`.
        config: Configuration with a ``test_evaluator`` and a ``test_dataloader`` whose data set is a
            :class:`~hummuss.datasets.MotionLiftingDataset`.
        **changes: Arguments of the data set to change.

    Returns:
        The metrics; ``None`` if the model would see more frames at once than a Transformer has positional embeddings.

    Raises:
        ConfigError: The test set is of another class.
    """
    kind = config.test_dataloader.dataset.type
    if kind != 'MotionLiftingDataset':
        raise ConfigError(f'only a MotionLiftingDataset can be changed like this; the configuration tests on a {kind}')
    loader = build_loader(config, **changes)
    dataset = cast(MotionLiftingDataset, loader.dataset)  # of that type, as checked
    positions = getattr(getattr(model, 'backbone', None), 'temp_embed', None)
    window = (getattr(model, 'test_cfg', None) or {}).get('window')
    at_once = min(dataset.times.frames, window or dataset.times.frames)
    if positions is not None and at_once > positions.shape[1]:
        return None
    return evaluate(model, loader, config.test_evaluator)


def lifting_metric(metrics: Mapping[str, float] | None, name: str) -> float | None:
    """Return one of the metrics; ``None`` if there are no metrics."""
    return None if metrics is None else metrics[f'lifting/{name}']
