"""Pose estimators, which combine backbone, neck and head."""

from glsmamba.models.pose_estimators.video_topdown import VideoTopdownPoseEstimator

__all__ = ['VideoTopdownPoseEstimator']
