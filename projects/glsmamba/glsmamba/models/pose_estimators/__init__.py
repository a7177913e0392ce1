"""Estimators, which tie backbone, neck and head together."""

from glsmamba.models.pose_estimators.video_topdown import VideoTopdownPoseEstimator

__all__ = ['VideoTopdownPoseEstimator']
