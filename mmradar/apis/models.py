"""A configuration's model with a checkpoint's weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.model.utils import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from torch import nn

from mmradar.apis.configuration import load_config, with_options
from mmradar.apis.data_folders import datasets_of
from mmradar.apis.package_configs import config_path
from mmradar.apis.published_models import published_models
from mmradar.engine.checkpoint import check_state_dict, config_of_checkpoint, read_checkpoint
from mmradar.registry import DATASETS, MODELS

_CHECKPOINT_ENDINGS = ('.pth', '.pt')


def read_config(config: str | Path | Config, cfg_options: Mapping[str, Any] | None = None) -> Config:
    """A configuration of one's own, that its reader may change.

    Args:
        config: A file, a configuration that was read before (which is copied), the name of one of the package's
            (:func:`~mmradar.apis.package_configs.config_names`), or a checkpoint, for the one that it carries.
        cfg_options: What to change in it, by dotted key, such as ``{'model.head.num_layers': 2}``.

    Raises:
        ConfigError: No such file or name, or an option that would change nothing.
        CheckpointError: A checkpoint that cannot be read, or carries no configuration.
    """
    if not isinstance(config, Config) and Path(config).suffix in _CHECKPOINT_ENDINGS:
        config = config_of_checkpoint(config)
    if isinstance(config, Config):
        return with_options(config, cfg_options)
    return load_config(config_path(config), cfg_options)


def init_model(
    config: str | Path | Config,
    checkpoint: str | Path | None = None,
    device: str = 'cpu',
    cfg_options: Mapping[str, Any] | None = None,
) -> nn.Module:
    """A model in evaluation mode, as ``mmpose.apis.init_model`` makes one.

    Args:
        config: As of :func:`read_config`; or a checkpoint, or the name of a published model
            (:func:`~mmradar.apis.published_models.published_models`), which need no other argument.
        checkpoint: File of the weights, which is read without running code from it; if ``None``, those of a checkpoint
            or published model, else random ones.
        device: Where the model goes.
        cfg_options: As of :func:`read_config`.

    Returns:
        The model, with its configuration as ``cfg`` and what its joints mean as ``dataset_meta``: the checkpoint's, or
        else of the configuration's data set; ``None`` where neither says it.

    Raises:
        ConfigError: As of :func:`read_config`.
        CheckpointError: No such file, a damaged one, or another model's.
    """
    if not isinstance(config, Config):
        config = published_models()[config].checkpoint if config in published_models() else config
        if checkpoint is None and Path(config).suffix in _CHECKPOINT_ENDINGS:
            checkpoint = config
    config = read_config(config, cfg_options)
    init_default_scope(config.get('default_scope', 'mmradar'))
    model = revert_sync_batchnorm(MODELS.build(config.model))
    dataset_meta = None
    if checkpoint is not None:
        content = read_checkpoint(checkpoint)
        state = content.get('state_dict', content)
        check_state_dict(model, state, str(checkpoint))
        model.load_state_dict({key.removeprefix('module.'): value for key, value in state.items()})
        dataset_meta = content.get('meta', {}).get('dataset_meta')
    model.cfg, model.dataset_meta = config, dataset_meta or _metainfo(config)
    return model.to(device).eval()


def _metainfo(config: Config) -> dict[str, Any] | None:
    """What the joints of a configuration's data set mean; nothing is read from its folder."""
    for split in ('test', 'val', 'train'):
        for settings in datasets_of(config.get(f'{split}_dataloader') or {}):
            kind = settings.get('type')
            kind = DATASETS.get(kind) if isinstance(kind, str) else kind
            if hasattr(kind, '_load_metainfo'):
                return kind._load_metainfo(copy.deepcopy(settings.get('metainfo')))
    return None
