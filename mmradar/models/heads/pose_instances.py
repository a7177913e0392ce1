"""Predictions in the format of mmpose's heads."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.structures import InstanceData
from torch import Tensor


def pose_instances(
    keypoints: Float[Tensor, 'batch joints dims'], scores: Float[Tensor, 'batch joints']
) -> list[InstanceData]:
    """Return one instance per sample: ``keypoints`` (1, J, D) in px or m and ``keypoint_scores`` (1, J), in NumPy."""
    arrays = (part.detach().cpu().numpy()[:, None] for part in (keypoints, scores))
    return [InstanceData(keypoints=pose, keypoint_scores=score) for pose, score in zip(*arrays)]
