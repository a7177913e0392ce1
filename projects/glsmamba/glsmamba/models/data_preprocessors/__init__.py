"""Preprocessing of batches before they enter a model."""

from glsmamba.models.data_preprocessors.video_pose_data_preprocessor import VideoPoseDataPreprocessor

__all__ = ['VideoPoseDataPreprocessor']
