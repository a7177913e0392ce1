"""Conversion of a training checkpoint to a self-contained model file of a twelfth of its size."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from mmradar.apis.config_options import RUNNER_KEYS
from mmradar.apis.data_folders import datasets_of, set_data_root
from mmradar.apis.models import read_config
from mmradar.atomic_write import atomic_write
from mmradar.engine.checkpoint import check_finite, config_text, read_checkpoint
from mmradar.errors import CheckpointError, DataError
from mmradar.version import __version__

_OF_THE_MACHINE = ('work_dir', 'load_from', 'resume', 'launcher', 'experiment_name')
_LARGEST_HALF = torch.finfo(torch.float16).max


def publish(
    checkpoint: str | Path,
    out: str | Path,
    *,
    config: str | Path | Config | None = None,
    data_root: str | None = None,
    half: bool = True,
) -> str:
    """Write the parts of a checkpoint that prediction needs: weights, configuration and the meaning of the joints.

    The optimizer, schedules, log and the folders of the training machine are left out. If the training averaged its
    weights (``EMAHook``), the averages are written; the validation used these.

    Args:
        checkpoint: A checkpoint written by :func:`~mmradar.apis.train`.
        out: The file to write; it must not exist.
        config: The configuration, if the checkpoint contains none.
        data_root: Folder to which the written configuration's data sets refer; unchanged if ``None``.
        half: Store the weights in half precision; a model converts them to its own precision when it loads them.

    Returns:
        SHA-256 of the file.

    Raises:
        CheckpointError: The checkpoint cannot be read, contains no configuration, or has weights that are NaN or too
            large for half precision.
        DataError: The file exists.
    """
    if Path(out).exists():
        raise DataError(f'{out} exists; remove it first, or choose another name')
    content = read_checkpoint(checkpoint)
    settings = read_config(checkpoint if config is None else config)
    # references are resolved by now, so that the entries they refer to are no longer needed
    kept = [key for key in settings if key in RUNNER_KEYS and key not in _OF_THE_MACHINE]
    settings = Config({key: settings[key] for key in kept})
    for loader in (settings.get(f'{split}_dataloader') for split in ('train', 'val', 'test')):
        for dataset in datasets_of(loader or {}):
            dataset.pop('cache_dir', None)
    if data_root is not None:
        set_data_root(settings, data_root)
    state = {key.removeprefix('module.'): value for key, value in content.get('state_dict', content).items()}
    check_finite(state, str(checkpoint))
    if half:
        state = {key: _half(key, value) for key, value in state.items()}
    meta: dict[str, Any] = dict(config_json=config_text(settings), mmradar_version=__version__)
    meta |= {key: value for key, value in content.get('meta', {}).items() if key in ('epoch', 'iter')}
    joints = content.get('meta', {}).get('dataset_meta')
    if joints is not None:  # tensors, so that torch alone can read the file with weights_only=True
        meta['dataset_meta'] = {
            key: torch.from_numpy(value) if isinstance(value, np.ndarray) else value for key, value in joints.items()
        }
    with atomic_write(Path(out)) as file:
        torch.save(dict(meta=meta, state_dict=state), file)
    return hashlib.sha256(Path(out).read_bytes()).hexdigest()


def _half(name: str, weight: torch.Tensor) -> torch.Tensor:
    """Convert a floating-point weight to half precision; return any other weight as it is."""
    if weight.dtype not in (torch.float32, torch.float64):
        return weight
    if weight.abs().max() > _LARGEST_HALF:
        raise CheckpointError(f'{name} holds {float(weight.abs().max()):.3g}, too large for half precision')
    return weight.half()
