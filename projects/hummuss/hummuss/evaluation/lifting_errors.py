"""Errors of 3D joints as the literature on lifting defines them, for each joint, in the unit of the inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def aligned_to_root(joints: Float[np.ndarray, 'T J 3'], root: Sequence[int] | None) -> Float[np.ndarray, 'T J 3']:
    """Return joints relative to the mean of the root joints; unchanged if ``root`` is ``None``."""
    if root is None:
        return joints
    return joints - joints[:, list(root)].mean(axis=1, keepdims=True)


def joint_errors(predicted: Float[np.ndarray, 'T J 3'], truth: Float[np.ndarray, 'T J 3']) -> Float[np.ndarray, 'T J']:
    """Compute the distance of each predicted joint to its true position."""
    return np.linalg.norm(predicted - truth, axis=-1)


def scaled(
    predicted: Float[np.ndarray, 'T J 3'], truth: Float[np.ndarray, 'T J 3'], weights: Float[np.ndarray, 'T J']
) -> Float[np.ndarray, 'T J 3']:
    """Scale each frame's prediction to the weighted least-squares fit to the truth.

    After Rhodin et al., Unsupervised Geometry-Aware Representation for 3D Human Pose Estimation (ECCV 2018).
    """
    square = np.einsum('tj,tjc,tjc->t', weights, predicted, predicted)
    product = np.einsum('tj,tjc,tjc->t', weights, predicted, truth)
    scale = np.divide(product, square, out=np.ones_like(square), where=square > 0)
    return scale[:, None, None] * predicted


def procrustes_aligned(
    predicted: Float[np.ndarray, 'T J 3'], truth: Float[np.ndarray, 'T J 3'], weights: Float[np.ndarray, 'T J']
) -> Float[np.ndarray, 'T J 3']:
    """Rotate, scale and translate each frame's prediction to the weighted least-squares fit; never mirror it.

    Umeyama, Least-squares estimation of transformation parameters between two point patterns (PAMI 1991). A prediction
    whose joints all coincide is only translated.
    """
    total = np.maximum(weights.sum(axis=1), 1e-12)[:, None, None]
    share = weights[..., None] / total
    middle, middle_true = ((share * joints).sum(axis=1, keepdims=True) for joints in (predicted, truth))
    source, target = predicted - middle, truth - middle_true
    left, singular, right = np.linalg.svd(np.einsum('tjc,tjd->tcd', share * target, source))
    sign = np.where(np.linalg.det(left) * np.linalg.det(right) < 0, -1.0, 1.0)
    left[:, :, 2] *= sign[:, None]
    rotation = left @ right
    singular[:, 2] *= sign
    variance = (share * source**2).sum(axis=(1, 2))
    scale = np.divide(singular.sum(axis=1), variance, out=np.ones_like(variance), where=variance > 0)
    return scale[:, None, None] * source @ rotation.transpose(0, 2, 1) + middle_true


def velocity_errors(
    predicted: Float[np.ndarray, 'T J 3'], truth: Float[np.ndarray, 'T J 3']
) -> Float[np.ndarray, 'T-1 J']:
    """Compute the error of each joint's displacement from one frame to the next."""
    return joint_errors(np.diff(predicted, axis=0), np.diff(truth, axis=0))


def pck_and_auc(errors: Float[np.ndarray, 'n'], threshold: float = 150.0, step: float = 5.0) -> tuple[float, float]:
    """Compute 3D-PCK and AUC of MPI-INF-3DHP (Mehta et al., 3DV 2017), in percent.

    Args:
        errors: Errors of all joints that count.
        threshold: Error below which a joint is correct.
        step: Step between the thresholds of the AUC, which run from 0 to ``threshold``, both included. With 150 and 5
            the AUC of a perfect prediction is therefore 30 / 31, as in the published evaluation.

    Returns:
        Share of joints below the threshold, and the mean of that share over all thresholds of the AUC.
    """
    thresholds = np.arange(round(threshold / step) + 1) * step
    shares = [float((errors < limit).mean()) for limit in thresholds]
    return 100 * shares[-1], 100 * float(np.mean(shares))
