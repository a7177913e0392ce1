"""Data preprocessors, which turn batches into inputs of a model."""

from mmradar.models.data_preprocessors.radar_pose_data_preprocessor import RadarPoseDataPreprocessor
from mmradar.models.data_preprocessors.random_mirror import RandomMirror

__all__ = ['RadarPoseDataPreprocessor', 'RandomMirror']
