"""Loss of the confidence that a head has in each keypoint."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from mmradar.models.losses.weighted_mean import weighted_mean
from mmradar.registry import MODELS
from mmradar.structures import PoseLabels, scaled_squared_distance


@MODELS.register_module()
class KeypointScoreLoss(nn.Module):
    """Binary cross entropy between a keypoint's score and its OKS, so that the score is the OKS to be expected.

    Not in the paper, whose keypoints have no confidence. The keypoints get no gradient.

    Args:
        loss_weight: Factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        score_logits: Float[Tensor, 'batch frames joints'],
        keypoints: Float[Tensor, 'batch frames joints 2'],
        labels: PoseLabels,
    ) -> Tensor:
        """Return the loss; joints of weight 0 do not count.

        Raises:
            ConfigError: Labels without areas or sigmas.
        """
        area, sigmas = labels.stated('area'), labels.stated('sigmas')
        distance = scaled_squared_distance(keypoints.detach(), labels.keypoints, area, sigmas[:, None])
        loss = binary_cross_entropy_with_logits(score_logits, (-distance).exp(), reduction='none')
        return weighted_mean(loss, labels.weight, self.loss_weight)
