"""Supervised contrastive loss."""

from __future__ import annotations

import warnings

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmradar.registry import MODELS


@MODELS.register_module()
class SupConLoss(nn.Module):
    """Supervised contrastive loss (Khosla et al., 2020, equation 2), for one-shot recognition as MotionBERT trains it.

    ``-mean_i mean_{p of i's class} log(exp(z_i z_p / tau) / sum_{a != i} exp(z_i z_a / tau))``. Clips without another
    clip of their class in the batch are left out, so a batch should contain at least two clips of each class.

    Args:
        temperature: Temperature tau.
        loss_weight: Factor on the result.
    """

    def __init__(self, temperature: float = 0.1, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.temperature, self.loss_weight = temperature, loss_weight

    def forward(self, embeddings: Float[Tensor, 'batch dims'], labels: Int[Tensor, 'batch']) -> Tensor:
        """Compute the loss; 0 and a warning if no class occurs twice in the batch."""
        z = normalize(embeddings, dim=-1)
        itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
        similarity = (z @ z.T / self.temperature).masked_fill(itself, float('-inf'))
        log_share = similarity - similarity.logsumexp(dim=1, keepdim=True)
        positives = (labels[:, None] == labels) & ~itself
        count = positives.sum(1)
        sums = torch.where(positives, log_share, torch.zeros_like(log_share)).sum(1)
        with_partner = count > 0
        if not bool(with_partner.any()):
            warnings.warn(
                f'SupConLoss: no class occurs twice among {len(z)} clips, from which nothing can be learnt; take '
                "larger batches, or sampler=dict(type='ClassPairSampler') and an even batch_size",
                stacklevel=2,
            )
            return embeddings.sum() * 0
        return -self.loss_weight * (sums[with_partner] / count[with_partner]).mean()
