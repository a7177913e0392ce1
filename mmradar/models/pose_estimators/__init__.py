"""Complete models: networks, and baselines without a network."""

from mmradar.models.pose_estimators.fitted_pose_estimator import FittedPoseEstimator
from mmradar.models.pose_estimators.mean_pose import MeanPose
from mmradar.models.pose_estimators.nearest_neighbour import NearestNeighbour
from mmradar.models.pose_estimators.placed_mean_pose import PlacedMeanPose
from mmradar.models.pose_estimators.previous_frame import PreviousFrame
from mmradar.models.pose_estimators.radar_pose_estimator import RadarPoseEstimator

__all__ = [
    'FittedPoseEstimator',
    'MeanPose',
    'NearestNeighbour',
    'PlacedMeanPose',
    'PreviousFrame',
    'RadarPoseEstimator',
]
