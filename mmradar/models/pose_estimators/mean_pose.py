"""Baseline that predicts the mean training pose, wherever the person is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mmradar.evaluation import mean_positions
from mmradar.models.pose_estimators.fitted_pose_estimator import FittedPoseEstimator
from mmradar.registry import MODELS


@MODELS.register_module()
class MeanPose(FittedPoseEstimator):
    """Baseline that predicts the mean of all training poses, in px or m, for every sample.

    It does not look at its input: a network that is no better has learned nothing from radar.

    Args:
        **kwargs: See :class:`FittedPoseEstimator`.
    """

    shaped_by_fit = ('mean_pose',)
    mean_pose: Tensor

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.register_buffer('mean_pose', torch.zeros(0, 2, dtype=torch.float64))

    def fit(self, observed: Mapping[str, np.ndarray]) -> None:
        """Compute the mean of each joint's positions, where it counts.

        Raises:
            DataError: A joint is nowhere visible.
        """
        self.learn('mean_pose', mean_positions(observed['keypoints'], observed['visible']))

    def predict_keypoints(self, inputs: Tensor, data_samples: list) -> Float[Tensor, 'batch joints dims']:
        """Return the mean pose for each sample, in px or m."""
        return self.mean_pose.expand(len(data_samples), -1, -1)

    def outputs(self, inputs: Tensor) -> Float[Tensor, 'batch joints dims']:
        """Return the mean pose for each window."""
        return self.mean_pose.expand(len(inputs), -1, -1)
