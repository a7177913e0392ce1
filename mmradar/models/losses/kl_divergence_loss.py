"""Divergence of distributions as a loss."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import kl_div

from mmradar.models.losses.weighted_mean import weighted_mean
from mmradar.registry import MODELS


@MODELS.register_module()
class KLDivergenceLoss(nn.Module):
    """Kullback-Leibler divergence of each axis' distribution from its target, mean over axes and visible joints.

    The loss for :class:`~mmradar.codecs.ClassificationCodec`, as in SimCC (Li et al., ECCV 2022), in nats. It is
    mmpose's ``KLDiscretLoss`` with the sum over bins instead of their mean.

    Args:
        loss_weight: Factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        outputs: Float[Tensor, 'batch frames joints dims bins'],
        target: Float[Tensor, 'batch frames joints dims bins'],
        weight: Float[Tensor, 'batch frames joints'],
    ) -> Tensor:
        """Return the loss of logits against target distributions, given the joints' weights."""
        divergence = kl_div(outputs.log_softmax(-1), target, reduction='none').sum(-1).mean(-1)
        return weighted_mean(divergence, weight, self.loss_weight)
