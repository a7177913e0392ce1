"""Batches on their way into a model."""

from mmradar.models.data_preprocessors.radar_pose_data_preprocessor import RadarPoseDataPreprocessor

__all__ = ['RadarPoseDataPreprocessor']
