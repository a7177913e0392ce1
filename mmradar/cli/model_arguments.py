"""Models that commands are given by name, with their weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmradar.errors import ConfigError
from mmradar.published_models import file_of_config, published_models

if TYPE_CHECKING:
    from mmengine.model import BaseModel


def trained_model(
    model: str, weights: str | None, device: str = 'cpu', options: tuple[str, str] = ('--model', '--weights')
) -> BaseModel:
    """Build a model as :func:`mmradar.apis.init_model` does, but never with random weights.

    Args:
        model: Name of a published model, a checkpoint, or a configuration.
        weights: Checkpoint, if ``model`` is a configuration.
        device: Device of the model.
        options: Names of the command's options for ``model`` and ``weights``, for the message.

    Raises:
        ConfigError: The model has weights, and none are given; or see :func:`~mmradar.apis.init_model`.
        CheckpointError: See :func:`~mmradar.apis.init_model`.
    """
    from mmradar.apis.models import CHECKPOINT_ENDINGS, init_model

    given = weights is not None or model in published_models() or Path(model).suffix in CHECKPOINT_ENDINGS
    file = None if given else file_of_config(model)
    built = init_model(model, weights, device)
    if file is not None and built.state_dict():
        published = [name for name, entry in published_models().items() if file_of_config(entry.config) == file]
        raise ConfigError(
            f'{options[0]} {model} has no weights, '
            + (
                f'but {published[0]} is the same model with weights. Or '
                if published
                else 'and none come with the package: '
            )
            + f'train it with `mmradar train {model}`, and add {options[1]} CHECKPOINT'
        )
    return built
