"""Oracle that predicts the mean training pose at each person's true place and in their true size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.evaluation import BodyFrame
from mmradar.metainfo import HUPR_METAINFO
from mmradar.models.pose_estimators.fitted_pose_estimator import FittedPoseEstimator, key_frame_labels, why_oracle
from mmradar.registry import MODELS


@MODELS.register_module()
class PlacedMeanPose(FittedPoseEstimator):
    """ORACLE, NOT A MODEL: it reads place and size off the TRUE pose of the sample that it predicts.

    The mean training pose, relative to the middle of the hips and divided by the distance from there to the neck, is
    put at the true middle of the hips, in the true size (:class:`~mmradar.evaluation.BodyFrame`). It knows everything
    but the pose: what a network has above it comes from seeing limbs, and the limb motion that
    :class:`~mmradar.evaluation.HuPRMetric` calls explained is measured from it. It refuses samples without labels.

    The prediction of a sample whose hips or neck are not labelled is NaN, which metrics count as a miss.

    Args:
        metainfo: The joints' meta information, as of a data set; HuPR's by default.
        **kwargs: See :class:`FittedPoseEstimator`.

    Raises:
        ConfigError: The joints have no two hips or no neck.
    """

    shaped_by_fit = ('mean_pose',)
    mean_pose: Tensor

    def __init__(self, metainfo: dict | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        names = cast(dict[int, str], parse_pose_metainfo(metainfo or HUPR_METAINFO)['keypoint_id2name'])
        frame = BodyFrame.of(names)
        if frame is None:
            raise ConfigError('PlacedMeanPose.metainfo must name joints as right hip, left hip and neck, and does not')
        self.frame = frame
        self.register_buffer('mean_pose', torch.zeros(0, 2, dtype=torch.float64))

    def fit(self, observed: Mapping[str, np.ndarray]) -> None:
        """Compute the mean pose, see :meth:`BodyFrame.mean_pose`.

        Raises:
            DataError: A joint is never visible together with hips and neck.
        """
        self.learn('mean_pose', self.frame.mean_pose(np.nan_to_num(observed['keypoints']), observed['visible']))

    def predict_keypoints(self, inputs: Tensor, data_samples: list) -> Float[Tensor, 'batch joints dims']:
        """Return the mean pose at the true place and in the true size of each sample, in px or m.

        Raises:
            ConfigError: A sample has no labels.
        """
        truth, _ = key_frame_labels(data_samples, why_oracle(self))
        return torch.from_numpy(self.frame.placed(self.mean_pose.cpu().numpy(), truth))

    def outputs(self, inputs: Tensor) -> Float[Tensor, 'batch joints dims']:
        """Return the relative mean pose for each window: all that is known without the truth."""
        return self.mean_pose.expand(len(inputs), -1, -1)
