"""Losses on 3D poses with joint weights: MPJPE, N-MPJPE and velocity."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmradar.registry import MODELS


def _weights(prediction: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    """Return weights (batch, frames, joints); removes a last axis of length 1, and fills in ones for ``None``."""
    if prediction.ndim != 4 or prediction.shape != target.shape:
        raise ValueError(
            'losses on 3D poses take prediction and target as (batch, frames, joints, 3), found '
            f'{tuple(prediction.shape)} and {tuple(target.shape)}'
        )
    if weight is None:
        return torch.ones_like(target[..., 0])
    if weight.ndim == 4 and weight.shape[-1] == 1:  # as mmpose's MotionRegressionHead passes it
        weight = weight[..., 0]
    if weight.shape != prediction.shape[:-1]:
        raise ValueError(
            f'target weights must be (batch, frames, joints) {tuple(prediction.shape[:-1])}, found '
            f'{tuple(weight.shape)}'
        )
    return weight


def _weighted_mean(error: Tensor, weight: Tensor) -> Tensor:
    # A joint with weight 0 may have any target, even NaN
    error = torch.where(weight > 0, error, torch.zeros_like(error))
    total = weight.sum()
    return (error * weight).sum() / torch.where(total > 0, total, torch.ones_like(total))


def _known(target: Tensor, weight: Tensor) -> Tensor:
    """Return the target with zeros where the weight is 0: NaN times 0 would be NaN in the gradient."""
    return torch.where((weight > 0)[..., None], target, torch.zeros_like(target))


class _JointLoss(nn.Module):
    """Weighted mean of an error of each joint, times ``loss_weight``; subclasses compute the errors."""

    def __init__(self, loss_weight: float) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        output: Float[Tensor, 'batch frames joints 3'],
        target: Float[Tensor, 'batch frames joints 3'],
        target_weight: Float[Tensor, 'batch frames joints'] | None = None,
    ) -> Tensor:
        """Compute the loss in the unit of the coordinates; 0 if all weights are 0.

        Raises:
            ValueError: The shapes do not match.
        """
        weight = _weights(output, target, target_weight)
        return self.loss_weight * _weighted_mean(*self._errors(output, _known(target, weight), weight))

    def _errors(self, output: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the errors and their weights, both (batch, frames, joints)."""
        raise NotImplementedError


@MODELS.register_module()
class PositionLoss(_JointLoss):
    """Weighted mean per joint position error (MPJPE): ``sum(w |p - t|) / sum(w)``.

    Without weights it equals mmpose's ``MPJPELoss``; with weights, mmpose divides by the number of all joints instead.

    Args:
        loss_weight: Factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)

    def _errors(self, output: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        return torch.linalg.vector_norm(output - target, dim=-1), weight


@MODELS.register_module()
class ScaledPositionLoss(_JointLoss):
    """N-MPJPE: MPJPE after each frame is scaled by ``s = <w p, t> / <w p, p>``, the best fit (Rhodin et al., 2018).

    Args:
        loss_weight: Factor on the result; 0.5 in MotionBERT's recipe.
    """

    def __init__(self, loss_weight: float = 0.5) -> None:
        super().__init__(loss_weight)

    def _errors(self, output: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        shared = (weight[..., None] * output * target).sum((-1, -2), keepdim=True)
        own = (weight[..., None] * output.square()).sum((-1, -2), keepdim=True)
        scale = shared / own.clamp_min(torch.finfo(own.dtype).tiny)
        return torch.linalg.vector_norm(scale * output - target, dim=-1), weight


@MODELS.register_module()
class Velocity3DLoss(_JointLoss):
    """Mean distance between predicted and true displacements of a joint from frame to frame (MPJVE as a loss).

    A displacement's weight is the product of both frames' weights, so that it counts if the joint is known in both. The
    loss of clips of one frame is 0.

    Args:
        loss_weight: Factor on the result; 20 in MotionBERT's recipe.
    """

    def __init__(self, loss_weight: float = 20.0) -> None:
        super().__init__(loss_weight)

    def _errors(self, output: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        return torch.linalg.vector_norm((output - target).diff(dim=1), dim=-1), weight[:, 1:] * weight[:, :-1]


@MODELS.register_module()
class LiftingLoss(nn.Module):
    """Sum of MPJPE + 0.5 N-MPJPE + 20 velocity (MotionBERT's recipe), for heads that take a single loss.

    This is the correct form of mmpose's ``MPJPEVelocityJointLoss``, which fails with ``use_target_weight`` because it
    multiplies T - 1 velocities by T weights. Without weights both are equal.

    Args:
        lambda_scale: Factor on N-MPJPE.
        lambda_velocity: Factor on the velocity error.
        loss_weight: Factor on the sum.
    """

    def __init__(self, lambda_scale: float = 0.5, lambda_velocity: float = 20.0, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.position, self.scaled = PositionLoss(loss_weight), ScaledPositionLoss(loss_weight * lambda_scale)
        self.velocity = Velocity3DLoss(loss_weight * lambda_velocity)

    def forward(
        self,
        output: Float[Tensor, 'batch frames joints 3'],
        target: Float[Tensor, 'batch frames joints 3'],
        target_weight: Float[Tensor, 'batch frames joints'] | None = None,
    ) -> Tensor:
        arguments = (output, target, target_weight)
        return self.position(*arguments) + self.scaled(*arguments) + self.velocity(*arguments)
