"""Data structures that data sets, models and metrics exchange."""

from mmradar.structures.pose_labels import CoordinateBounds, PoseLabels, key_indices
from mmradar.structures.radar_window import RadarWindow

__all__ = ['CoordinateBounds', 'PoseLabels', 'RadarWindow', 'key_indices']
