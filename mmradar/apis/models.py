"""Functions to read a configuration, and to build its model with the weights of a checkpoint."""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.model.utils import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from torch import nn

from mmradar.apis.configuration import load_config, with_options
from mmradar.apis.data_folders import datasets_of
from mmradar.engine.checkpoint import check_state_dict, config_of_checkpoint, read_checkpoint
from mmradar.engine.input_changes import input_changes
from mmradar.errors import ConfigError
from mmradar.published_models import file_of_config, published_models, weights_file
from mmradar.registry import DATASETS, MODELS

CHECKPOINT_ENDINGS = ('.pth', '.pt')


def read_config(config: str | Path | Config, cfg_options: Mapping[str, Any] | None = None) -> Config:
    """Read a configuration, and return it with its references resolved; the caller may change the result.

    Args:
        config: A file, a configuration in memory (which is copied), the name of one of the package's
            (:func:`~mmradar.package_configs.config_names`), or a checkpoint that contains its configuration.
        cfg_options: Values that override those of the configuration, by dotted key, such as
            ``{'model.head.num_layers': 2}``.

    Raises:
        ConfigError: There is no such file or name, or an option would have no effect.
        CheckpointError: The checkpoint cannot be read, or contains no configuration.
    """
    if not isinstance(config, Config) and Path(config).suffix in CHECKPOINT_ENDINGS:
        config = config_of_checkpoint(config)
    if isinstance(config, Config):
        return with_options(config, cfg_options)
    return load_config(file_of_config(config), cfg_options)


def init_model(
    config: str | Path | Config,
    checkpoint: str | Path | None = None,
    device: str = 'cpu',
    cfg_options: Mapping[str, Any] | None = None,
) -> BaseModel:
    """Build a model in evaluation mode, like ``mmpose.apis.init_model``.

    Args:
        config: A configuration, see :func:`read_config`. A checkpoint, or the name of a published model
            (:func:`~mmradar.published_models.published_models`), needs no other argument.
        checkpoint: File of the weights, which is read without running code from it, or the name of a published model.
            If ``None``, the weights are those of the checkpoint or published model given as ``config``, or else random.
        device: Device of the model.
        cfg_options: Values that override those of the configuration, see :func:`read_config`.

    Returns:
        The model, with its configuration as ``cfg`` (see :func:`config_of`) and the meta information of its joints as
        ``dataset_meta``. The latter is the checkpoint's, or else that of the configuration's data set; ``None`` if
        neither has any.

    Raises:
        ConfigError: See :func:`read_config`; the configuration has no model, or one with classes of modules that a
            checkpoint only names; or there is no such device.
        CheckpointError: The checkpoint is missing, damaged or another model's.
    """
    if not isinstance(config, Config):
        if isinstance(config, str) and config in published_models():
            config = published_models()[config].checkpoint
        if checkpoint is None and Path(config).suffix in CHECKPOINT_ENDINGS:
            checkpoint = config
    config = read_config(config, cfg_options)
    init_default_scope(config.get('default_scope', 'mmradar'))
    model = cast(BaseModel, revert_sync_batchnorm(_built(config)))  # the same model, as it is no BatchNorm
    dataset_meta = None
    if checkpoint is not None:
        checkpoint = weights_file(checkpoint)
        content = read_checkpoint(checkpoint)
        state = content.get('state_dict', content)
        check_state_dict(model, state, str(checkpoint))
        if changes := input_changes(config, content):
            warnings.warn(f'{checkpoint} was trained on another input: here, {"; ".join(changes)}', stacklevel=2)
        model.load_state_dict({key.removeprefix('module.'): value for key, value in state.items()})
        dataset_meta = content.get('meta', {}).get('dataset_meta')
        if dataset_meta:  # published models hold tensors in place of arrays
            arrays = {key: value.numpy() for key, value in dataset_meta.items() if torch.is_tensor(value)}
            dataset_meta = {**dataset_meta, **arrays}
    # torch's stubs allow only tensors and modules as attributes
    model.cfg = config  # pyright: ignore[reportArgumentType]
    model.dataset_meta = dataset_meta or _metainfo(config)  # pyright: ignore[reportArgumentType]
    _move(model, device)
    return model.eval()


def _built(config: Config) -> nn.Module:
    """Build the model.

    Raises:
        ConfigError: A class is not registered, and the configuration names modules that nobody has imported: those of a
            checkpoint's configuration are not, because a checkpoint must not make code run.
    """
    if 'model' not in config:
        raise ConfigError(f'{config.filename or "the configuration"} has no model')
    try:
        return MODELS.build(config.model)
    except KeyError as error:
        modules = config.get('custom_imports', {}).get('imports', ())
        if 'is not in the' not in str(error) or all(name in sys.modules for name in modules):
            raise
        raise ConfigError(
            f'the model has a class that is not registered; the configuration imports {", ".join(modules)}, and a '
            'checkpoint does not make code run. Give the configuration with the checkpoint (--model CONFIG --weights '
            'CHECKPOINT), or import these modules first'
        ) from error


def _move(model: nn.Module, device: str) -> None:
    """Move a model to a device.

    Raises:
        ConfigError: There is no such device.
    """
    try:
        model.to(device)
    except (RuntimeError, AssertionError) as error:  # torch raises the second if it was built without CUDA
        raise ConfigError(f'the model cannot run on the device {device!r}: {str(error).splitlines()[0]}') from error


def config_of(model: nn.Module) -> Config:
    """Return the configuration of a model that :func:`init_model` built.

    Raises:
        ConfigError: The model has none.
    """
    config = getattr(model, 'cfg', None)
    if not isinstance(config, Config):
        raise ConfigError(
            f'the {type(model).__name__} has no configuration as its attribute cfg; build it with '
            'mmradar.apis.init_model'
        )
    return config


def _metainfo(config: Config) -> dict[str, Any] | None:
    """Return the meta information of a configuration's data set, without reading from its folder."""
    for split in ('test', 'val', 'train'):
        for settings in datasets_of(config.get(f'{split}_dataloader') or {}):
            kind = settings.get('type')
            kind = DATASETS.get(kind) if isinstance(kind, str) else kind
            load_metainfo = getattr(kind, '_load_metainfo', None)
            if load_metainfo is not None:
                return load_metainfo(copy.deepcopy(settings.get('metainfo')))
    return None
