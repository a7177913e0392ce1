"""Losses on 3D poses: MPJPE, N-MPJPE and velocity, each with weights of joints."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmradar.registry import MODELS


def _weights(prediction: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    """Weights (batch, frames, joints), from those, from one more axis of length 1, or all ones."""
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
    # A joint that counts for nothing may have any target, NaN too
    error = torch.where(weight > 0, error, torch.zeros_like(error))
    total = weight.sum()
    return (error * weight).sum() / torch.where(total > 0, total, torch.ones_like(total))


def _known(target: Tensor, weight: Tensor) -> Tensor:
    """The target with zeros where it does not count: NaN times 0 would be NaN in the gradient."""
    return torch.where((weight > 0)[..., None], target, torch.zeros_like(target))


@MODELS.register_module()
class PositionLoss(nn.Module):
    """Mean per joint position error (MPJPE), weighted: ``sum(w |p - t|) / sum(w)``.

    Without weights equal to mmpose's ``MPJPELoss``; with weights mmpose divides by the number of all joints.

    Args:
        loss_weight: Factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        output: Float[Tensor, 'batch frames joints 3'],
        target: Float[Tensor, 'batch frames joints 3'],
        target_weight: Float[Tensor, 'batch frames joints'] | None = None,
    ) -> Tensor:
        """In the unit of the coordinates; 0 if no joint counts.

        Raises:
            ValueError: Shapes that do not fit.
        """
        weight = _weights(output, target, target_weight)
        error = torch.linalg.vector_norm(output - _known(target, weight), dim=-1)
        return self.loss_weight * _weighted_mean(error, weight)


@MODELS.register_module()
class ScaledPositionLoss(nn.Module):
    """N-MPJPE: the error behind the best scale of each frame (Rhodin et al., 2018), ``s = <w p, t> / <w p, p>``.

    Args:
        loss_weight: Factor on the result; 0.5 in MotionBERT's recipe.
    """

    def __init__(self, loss_weight: float = 0.5) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        output: Float[Tensor, 'batch frames joints 3'],
        target: Float[Tensor, 'batch frames joints 3'],
        target_weight: Float[Tensor, 'batch frames joints'] | None = None,
    ) -> Tensor:
        """In the unit of the coordinates; 0 if no joint counts.

        Raises:
            ValueError: Shapes that do not fit.
        """
        weight = _weights(output, target, target_weight)
        target = _known(target, weight)
        shared = (weight[..., None] * output * target).sum((-1, -2), keepdim=True)
        own = (weight[..., None] * output.square()).sum((-1, -2), keepdim=True)
        scale = shared / own.clamp_min(torch.finfo(own.dtype).tiny)
        error = torch.linalg.vector_norm(scale * output - target, dim=-1)
        return self.loss_weight * _weighted_mean(error, weight)


@MODELS.register_module()
class Velocity3DLoss(nn.Module):
    """Mean distance between predicted and true steps of a joint from frame to frame (MPJVE as a loss).

    A step's weight is the product of its two frames' weights: it counts where the joint is known in both.

    Args:
        loss_weight: Factor on the result; 20 in MotionBERT's recipe.
    """

    def __init__(self, loss_weight: float = 20.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        output: Float[Tensor, 'batch frames joints 3'],
        target: Float[Tensor, 'batch frames joints 3'],
        target_weight: Float[Tensor, 'batch frames joints'] | None = None,
    ) -> Tensor:
        """In the unit of the coordinates, a frame; 0 for clips of one frame.

        Raises:
            ValueError: Shapes that do not fit.
        """
        weight = _weights(output, target, target_weight)
        error = torch.linalg.vector_norm((output - _known(target, weight)).diff(dim=1), dim=-1)
        return self.loss_weight * _weighted_mean(error, weight[:, 1:] * weight[:, :-1])


@MODELS.register_module()
class LiftingLoss(nn.Module):
    """MPJPE + 0.5 N-MPJPE + 20 velocity in one, MotionBERT's recipe, for heads that take one loss.

    The correct form of mmpose's ``MPJPEVelocityJointLoss``, which fails with ``use_target_weight``: it multiplies
    T - 1 velocities by T weights. Without weights both are equal.

    Args:
        lambda_scale: Factor on N-MPJPE.
        lambda_velocity: Factor on the velocity's error.
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
