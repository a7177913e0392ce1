"""Data preprocessors, which turn batches into inputs of a model."""

from mmradar.models.data_preprocessors.radar_pose_data_preprocessor import RadarPoseDataPreprocessor

__all__ = ['RadarPoseDataPreprocessor']
