"""Data structures that data sets, models and metrics exchange, and what is computed of them in several places."""

from mmradar.structures.keypoint_similarity import scaled_squared_distance
from mmradar.structures.pose_labels import CoordinateBounds, PoseLabels, key_indices
from mmradar.structures.radar_window import RadarWindow

__all__ = ['CoordinateBounds', 'PoseLabels', 'RadarWindow', 'key_indices', 'scaled_squared_distance']
