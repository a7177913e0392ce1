"""Poses of a recording that nobody has labelled."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.structures import PoseDataSample
from torch import nn
from torch.utils.data import DataLoader

from mmradar.apis.data_folders import datasets_of
from mmradar.apis.evaluation import predictions
from mmradar.datasets import BaseRadarPoseDataset, RecordingDataset
from mmradar.radar import RadarConfig, Recording
from mmradar.registry import DATASETS

# How a data set looks at recordings, of its settings.
_SHARED = ('views', 'window', 'pipeline', 'image_size', 'volume_m', 'metainfo', 'cached_frames')


def recording_dataset(
    config: Config, recording: Mapping[str, Recording | str | Path], frames: Sequence[int] | None = None
) -> RecordingDataset:
    """A recording as a configuration's network is to see it: radar, views, window and pipeline of its test set.

    Args:
        config: With ``test_dataloader``.
        recording, frames: As of :class:`~mmradar.datasets.RecordingDataset`.

    Raises:
        ConfigError: Other views than wanted, or a recording of another radar.
        DataError: A frame that is not there, or no frames.
    """
    init_default_scope(config.get('default_scope', 'mmradar'))
    settings = next(datasets_of(config.test_dataloader))
    shared: dict[str, Any] = {**_defaults(settings.get('type')), **{k: settings[k] for k in _SHARED if k in settings}}
    if radar := radar_settings(settings):
        shared['radar'] = radar
    return DATASETS.build(dict(type='RecordingDataset', recording=dict(recording), frames=frames, **shared))


def _defaults(kind: str | type | None) -> dict[str, Any]:
    """What a data set takes where its settings leave it open, such as the order of its views."""
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind or BaseRadarPoseDataset
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        for name, argument in inspect.signature(base.__init__).parameters.items() if '__init__' in vars(base) else ():
            if name in _SHARED and argument.default is not argument.empty:
                found[name] = argument.default
    return found


def radar_settings(settings: Mapping[str, Any]) -> Any:
    """The radar that a data set's settings name, a simulated one's in its plan; ``None`` if they leave it open."""
    return settings.get('radar') or (settings.get('plan') or {}).get('radar')


def views_and_radar(config: Config) -> tuple[tuple[str, ...], RadarConfig]:
    """What a configuration's test set says of recordings: names of the views, in the model's order, and their radar."""
    settings = next(datasets_of(config.test_dataloader))
    return tuple(settings.get('views') or ('hori', 'vert')), RadarConfig.build(
        radar_settings(settings) or 'iwr1843_hupr'
    )


def recording_loader(
    config: Config, recording: Mapping[str, Recording | str | Path], frames: Sequence[int] | None, batch_size: int
) -> DataLoader:
    """Batches of :func:`recording_dataset`, in order."""
    dataset = recording_dataset(config, recording, frames)
    # a loader draws a seed for its workers, even without any; not from the caller's random numbers
    return DataLoader(dataset, batch_size, collate_fn=pseudo_collate, generator=torch.Generator())


def inference(
    model: nn.Module,
    recording: Mapping[str, Recording | str | Path],
    frames: Sequence[int] | None = None,
    batch_size: int = 8,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[PoseDataSample]:
    """Poses of a recording: what a test with the model's configuration would predict.

    Args:
        model: See :func:`~mmradar.apis.init_model`.
        recording: By view, such as ``{'hori': 'hori/adc_data.bin', 'vert': 'vert/adc_data.bin'}``; files, or
            recordings that are open.
        frames: Frames wanted; all if ``None``.
        batch_size: Windows at once.
        on_progress: Called with (batches done, batches in all).

    Returns:
        One sample a frame: ``pred_instances`` has ``keypoints`` (1, J, D) in px or m and ``keypoint_scores`` (1, J).

    Raises:
        ConfigError: Other views than the model's, or a recording of another radar.
        DataError: A frame that is not there, or no frames.
    """
    loader = recording_loader(model.cfg, recording, frames, batch_size)
    return [sample for _, samples in predictions(model, loader, on_progress) for sample in samples]
