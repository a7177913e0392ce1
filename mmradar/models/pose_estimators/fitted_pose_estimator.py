"""Base class of pose estimators without a network, which are fitted to the training set instead of trained."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.models.heads.pose_instances import pose_instances


class FittedPoseEstimator(BaseModel):
    """Base class of estimators that are fitted to all training samples at once.

    :class:`~mmradar.engine.loops.FitLoop` calls :meth:`observe` with every batch of the training set, and then
    :meth:`fit` with everything observed. What a subclass learns is kept in buffers, which checkpoints hold like the
    weights of a network. Buffers whose shape depends on the training set are listed in ``shaped_by_fit``; they are
    empty before the fit, and get the checkpoint's shape when one is loaded.

    Args:
        data_preprocessor: Settings of the data preprocessor; ``RadarPoseDataPreprocessor`` by default.
        init_cfg: See mmengine's ``BaseModule``.
    """

    shaped_by_fit: tuple[str, ...] = ()

    def __init__(self, data_preprocessor: dict | None = None, init_cfg: dict | None = None) -> None:
        super().__init__(data_preprocessor or dict(type='RadarPoseDataPreprocessor'), init_cfg)

    def observe(self, inputs: Tensor, data_samples: list) -> dict[str, np.ndarray]:
        """Return what the fit needs of a batch of training samples, as arrays (batch, ...) by name.

        By default these are the labels of the key frames: ``keypoints`` (batch, J, D) in px or m, and ``visible``
        (batch, J), 0 where a joint does not count.

        Raises:
            ConfigError: A sample has no labels.
        """
        keypoints, visible = key_frame_labels(
            data_samples, f'{type(self).__name__} learns from true poses: train_dataloader needs a data set with labels'
        )
        return dict(keypoints=keypoints, visible=visible)

    @abstractmethod
    def fit(self, observed: Mapping[str, np.ndarray]) -> None:
        """Learn from the observations of all training samples, in the order of the data set."""

    @abstractmethod
    def predict_keypoints(self, inputs: Tensor, data_samples: list) -> Float[Tensor, 'batch joints dims']:
        """Return the keypoints of the key frames, in px or m."""

    @abstractmethod
    def outputs(self, inputs: Tensor) -> Tensor:
        """Return what the model computes from its input alone, without labels, also before the fit."""

    def forward(self, inputs: Tensor, data_samples: list | None = None, mode: str = 'tensor') -> Any:
        """Return predictions (``mode='predict'``) or the output for the input alone (``mode='tensor'``).

        Raises:
            ConfigError: ``mode='loss'``; or a prediction before the fit, or without the labels that an oracle needs.
        """
        if mode == 'tensor':
            return self.outputs(inputs)
        if mode != 'predict':
            raise ConfigError(
                f'{type(self).__name__} has no weights to train by gradients, but a mode {mode!r} was asked for: its '
                "configuration needs train_cfg=dict(type='FitLoop'), see configs/_base_/schedules/fit.py"
            )
        if any(not getattr(self, name).numel() for name in self.shaped_by_fit):
            raise ConfigError(
                f'{type(self).__name__} has not been fitted: run tools/train.py with its configuration, and give the '
                'checkpoint'
            )
        samples = data_samples or []
        keypoints = self.predict_keypoints(inputs, samples)
        for sample, prediction in zip(samples, pose_instances(keypoints, torch.ones_like(keypoints[..., 0]))):
            sample.pred_instances = prediction
        return samples

    def learn(self, name: str, values: np.ndarray) -> None:
        """Set a buffer, in its own precision and on its own device."""
        buffer = getattr(self, name)
        setattr(self, name, torch.from_numpy(np.ascontiguousarray(values)).to(buffer))

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args: Any, **kwargs: Any) -> None:
        for name in self.shaped_by_fit:
            if prefix + name in state_dict:
                setattr(self, name, getattr(self, name).new_empty(state_dict[prefix + name].shape))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def key_frame_labels(
    samples: Sequence[BaseDataElement], why: str
) -> tuple[Float64[np.ndarray, 'batch joints dims'], Float[np.ndarray, 'batch joints']]:
    """Return the true keypoints of the key frames, in px or m and NaN where a joint does not count; and visibilities.

    Args:
        samples: Samples as packed by ``PackRadarInputs``.
        why: What labels are needed for, for the message.

    Raises:
        ConfigError: A sample has no labels.
    """
    if any('gt_instances' not in sample for sample in samples):
        raise ConfigError(f'a sample has no true pose. {why}')
    labels = [sample.get('gt_instances') for sample in samples]
    visible = np.stack([np.asarray(label.keypoints_visible[0]) for label in labels])
    keypoints = np.stack([np.asarray(label.keypoints[0], np.float64) for label in labels])
    return np.where(visible[..., None] > 0, keypoints, np.nan), visible


def why_oracle(model: FittedPoseEstimator) -> str:
    """Return the reason for which an oracle refuses samples without labels, for :func:`key_frame_labels`."""
    return (
        f'{type(model).__name__} is an oracle, a bound for tables: it predicts from the true pose of the very sample, '
        'and can only be tested on data sets with labels. To estimate poses, take a network, such as millimamba-small'
    )
