"""Batches on their way into a model."""

from glsmamba.models.data_preprocessors.video_pose_data_preprocessor import VideoPoseDataPreprocessor

__all__ = ['VideoPoseDataPreprocessor']
