"""Predictions in the form that mmpose's heads return them."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.structures import InstanceData
from torch import Tensor


def pose_instances(
    keypoints: Float[Tensor, 'batch joints dims'], scores: Float[Tensor, 'batch joints']
) -> list[InstanceData]:
    """One instance a sample: ``keypoints`` (1, J, D) in px or m and ``keypoint_scores`` (1, J), NumPy arrays."""
    arrays = (part.detach().cpu().numpy()[:, None] for part in (keypoints, scores))
    return [InstanceData(keypoints=pose, keypoint_scores=score) for pose, score in zip(*arrays)]
