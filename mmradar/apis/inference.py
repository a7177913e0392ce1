"""Inference on recordings without labels."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmpose.structures import PoseDataSample
from torch.utils.data import DataLoader

from mmradar.apis.data_folders import datasets_of
from mmradar.apis.evaluation import predictions
from mmradar.apis.models import config_of
from mmradar.datasets import BaseRadarPoseDataset, RecordingDataset
from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, Recording
from mmradar.registry import DATASETS

# Settings of a data set that determine how it reads recordings.
_SHARED = ('views', 'window', 'pipeline', 'image_size', 'volume_m', 'metainfo', 'cached_frames')


def recording_dataset(
    config: Config, recording: Mapping[str, Recording | str | Path], frames: Sequence[int] | None = None
) -> RecordingDataset:
    """Build a data set of a recording with the radar, views, window and pipeline of a configuration's test set.

    Args:
        config: Configuration with a ``test_dataloader``.
        recording: Recordings or files by view, see :class:`~mmradar.datasets.RecordingDataset`.
        frames: Numbers of the key frames; all if ``None``.

    Raises:
        ConfigError: The views are not the configuration's, a recording is of another radar, or the test set's type is
            not registered.
        DataError: A frame does not exist, or there are no frames.
    """
    init_default_scope(config.get('default_scope', 'mmradar'))
    settings = next(datasets_of(config.test_dataloader))
    shared: dict[str, Any] = {**_defaults(settings.get('type')), **{k: settings[k] for k in _SHARED if k in settings}}
    if radar := radar_settings(settings):
        shared['radar'] = radar
    return DATASETS.build(dict(type='RecordingDataset', recording=dict(recording), frames=frames, **shared))


def _defaults(kind: str | type | None) -> dict[str, Any]:
    """Return a data set's default arguments for the settings that determine how it reads recordings."""
    dataset = DATASETS.get(kind) if isinstance(kind, str) else kind or BaseRadarPoseDataset
    if dataset is None:
        raise ConfigError(f'test_dataloader: there is no data set of type {kind!r} in the registry')
    found: dict[str, Any] = {}
    for base in reversed(dataset.__mro__):
        for name, argument in inspect.signature(base.__init__).parameters.items() if '__init__' in vars(base) else ():
            if name in _SHARED and argument.default is not argument.empty:
                found[name] = argument.default
    return found


def radar_settings(settings: Mapping[str, Any]) -> Any:
    """Return the radar in a data set's settings, or in its simulation plan; ``None`` if neither names one."""
    return settings.get('radar') or (settings.get('plan') or {}).get('radar')


def views_and_radar(config: Config) -> tuple[tuple[str, ...], RadarConfig]:
    """Return the names of a test set's views, in the model's order, and its radar.

    Raises:
        ConfigError: The model is not one of radar frames.
    """
    settings = next(datasets_of(config.get('test_dataloader') or {}), {})
    kind = settings.get('type')
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    if kind is None or not issubclass(kind, BaseRadarPoseDataset):
        raise ConfigError(f'the model is not one of radar frames: its test set is {settings.get("type") or "missing"}')
    return tuple(settings.get('views') or ('hori', 'vert')), RadarConfig.build(
        radar_settings(settings) or 'iwr1843_hupr'
    )


def recording_loader(
    config: Config, recording: Mapping[str, Recording | str | Path], frames: Sequence[int] | None, batch_size: int
) -> DataLoader:
    """Build a loader of the windows of :func:`recording_dataset`, in order."""
    dataset = recording_dataset(config, recording, frames)
    # a loader draws a seed for its workers even if it has none; its own generator leaves the caller's state unchanged
    return DataLoader(dataset, batch_size, collate_fn=pseudo_collate, generator=torch.Generator())


def inference(
    model: BaseModel,
    recording: Mapping[str, Recording | str | Path],
    frames: Sequence[int] | None = None,
    batch_size: int = 8,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[PoseDataSample]:
    """Predict the poses of a recording, as a test with the model's configuration would.

    Args:
        model: See :func:`~mmradar.apis.init_model`.
        recording: Files or open recordings by view, such as
            ``{'hori': 'hori/adc_data.bin', 'vert': 'vert/adc_data.bin'}``.
        frames: Numbers of the frames to predict; all if ``None``.
        batch_size: Windows per batch.
        on_progress: Called with (batches done, batches in all).

    Returns:
        One sample per frame: ``pred_instances`` has ``keypoints`` (1, J, D) in px or m and ``keypoint_scores`` (1, J).

    Raises:
        ConfigError: The views are not the model's, or a recording is of another radar.
        DataError: A frame does not exist, or there are no frames.
    """
    loader = recording_loader(config_of(model), recording, frames, batch_size)
    return [sample for _, samples in predictions(model, loader, on_progress) for sample in samples]
