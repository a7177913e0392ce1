"""Object keypoint similarity as a loss."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmradar.models.losses.weighted_mean import weighted_mean
from mmradar.registry import MODELS
from mmradar.structures import PoseLabels, scaled_squared_distance


@MODELS.register_module()
class OKSLoss(nn.Module):
    """One minus the mean OKS of the visible joints of all frames (milliMamba, L_oks).

    Its gradient almost vanishes far from the truth: a short training needs an L1 loss in addition, or ``log=True``,
    the loss ``-log OKS``, which is a squared distance weighted by joint and size. The sigmas are the data set's.

    Args:
        log: Use ``-log OKS`` instead of ``1 - OKS``. Not in the paper.
        loss_weight: Factor on the result.
    """

    def __init__(self, log: bool = False, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.log, self.loss_weight = log, loss_weight

    def forward(self, keypoints: Float[Tensor, 'batch frames joints 2'], labels: PoseLabels) -> Tensor:
        """Return the loss; joints of weight 0 do not count.

        Raises:
            ConfigError: Labels without areas or sigmas.
        """
        area, sigmas = labels.stated('area'), labels.stated('sigmas')
        distance = scaled_squared_distance(keypoints, labels.keypoints, area, sigmas[:, None])
        loss = distance if self.log else -torch.expm1(-distance)
        return weighted_mean(loss, labels.weight, self.loss_weight)
