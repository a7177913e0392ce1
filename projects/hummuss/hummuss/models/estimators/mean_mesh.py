"""Baseline without a network for mesh recovery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.registry import MODELS


@MODELS.register_module()
class MeanMesh(BaseModel):
    """Baseline that predicts the mean pose and shape of the training set for every frame.

    It does not look at its input: a network that is no better has learned nothing. The mean of rotations is that with
    the smallest sum of squared distances of matrices (chordal L2 mean). ``FitLoop`` fits it.

    Args:
        body_model: Configuration of the body model, which says how many joints and shape coefficients there are.
        true_orientation: Predict the true rotation of the pelvis. This is an oracle, a bound for tables: people are
            seen from all sides, so that the mean orientation is arbitrary.
        data_preprocessor: See mmengine's ``BaseModel``.
    """

    rotations: Tensor
    betas: Tensor

    def __init__(
        self, body_model: dict[str, Any], true_orientation: bool = False, data_preprocessor: dict | None = None
    ) -> None:
        super().__init__(data_preprocessor)
        body = MODELS.build(body_model)
        self.true_orientation = true_orientation
        self.register_buffer('rotations', torch.zeros(body.num_joints, 3, 3))
        self.register_buffer('betas', torch.zeros(body.num_betas))

    def observe(self, inputs: Sequence[Tensor], data_samples: Sequence) -> dict[str, np.ndarray]:
        """Return the mean rotation matrices and the shape of each clip."""
        labels = [sample.gt_instance_labels for sample in data_samples]
        return {
            name: np.stack([np.asarray(label[name], np.float64).mean(axis=0) for label in labels])
            for name in ('rotations', 'betas')
        }

    def fit(self, observed: Mapping[str, np.ndarray]) -> None:
        """Compute the means."""
        left, _, right = np.linalg.svd(observed['rotations'].mean(axis=0))
        left[..., 2] *= np.linalg.det(left @ right)[:, None]  # the nearest rotation, not a reflection
        self.rotations.copy_(torch.from_numpy(left @ right))
        self.betas.copy_(torch.from_numpy(observed['betas'].mean(axis=0)))

    def forward(self, inputs: Sequence[Tensor], data_samples: Sequence | None = None, mode: str = 'tensor') -> list:
        """Return the samples with ``pred_instances`` of ``rotations`` and ``betas`` (``mode='predict'`` only).

        Raises:
            ConfigError: Another mode, or a prediction before the fit.
        """
        if mode != 'predict' or data_samples is None:
            raise ConfigError("MeanMesh only predicts; fit it with train_cfg=dict(type='FitLoop')")
        if not self.rotations.any():
            raise ConfigError('MeanMesh has not been fitted: train its configuration, and give the checkpoint')
        for sample, clip in zip(data_samples, inputs, strict=True):
            rotations = self.rotations.repeat(len(clip), 1, 1, 1)
            if self.true_orientation:
                rotations[:, 0] = torch.as_tensor(sample.gt_instance_labels['rotations'][:, 0]).to(rotations)
            sample.pred_instances = InstanceData(rotations=rotations, betas=self.betas.repeat(len(clip), 1))
        return list(data_samples)
