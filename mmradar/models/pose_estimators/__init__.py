"""Complete models."""

from mmradar.models.pose_estimators.radar_pose_estimator import RadarPoseEstimator

__all__ = ['RadarPoseEstimator']
