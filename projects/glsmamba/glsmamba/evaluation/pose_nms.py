"""Non-maximum suppression among the poses of one frame, for detected boxes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from mmpose.evaluation.functional import oks_nms

# A joint below this score does not count for the score of its pose; mmpose's default.
JOINT_SCORE_THR = 0.2


def kept_poses(
    keypoints_px: Float[np.ndarray, 'P J 2'],
    joint_scores: Float[np.ndarray, 'P J'],
    box_scores: Float[np.ndarray, 'P'],
    areas_px2: Float[np.ndarray, 'P'],
    sigmas: Float[np.ndarray, 'J'],
    oks_thr: float,
) -> Bool[np.ndarray, 'P']:
    """Return the mask of the poses that remain: no better pose has a larger object keypoint similarity (OKS) to them.

    mmpose's protocol for PoseTrack (``PoseTrack18Metric``): poses are ranked by the score of their box times the mean
    score of their joints above :data:`JOINT_SCORE_THR`. A pose at a position that is not finite always remains, because
    it resembles no other; it counts as false.

    Args:
        keypoints_px: Joints of the poses.
        joint_scores: Scores of the joints.
        box_scores: Scores of the boxes.
        areas_px2: Areas of the boxes, which scale the OKS.
        sigmas: Uncertainty of each joint's label in the OKS.
        oks_thr: Poses of a larger OKS to a better pose are left out.
    """
    keep = ~np.isfinite(keypoints_px).all(axis=(1, 2))
    finite = np.flatnonzero(~keep)
    counted = joint_scores > JOINT_SCORE_THR
    means = np.where(counted, joint_scores, 0).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    poses = [
        dict(
            keypoints=np.c_[keypoints_px[pose], joint_scores[pose]],
            score=box_scores[pose] * means[pose],
            area=areas_px2[pose],
        )
        for pose in finite
    ]
    keep[finite[np.asarray(oks_nms(poses, oks_thr, sigmas), int)]] = True
    return keep
