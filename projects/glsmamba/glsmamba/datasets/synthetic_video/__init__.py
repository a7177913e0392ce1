"""Data set of rendered clips of moving people, which needs no files."""

from glsmamba.datasets.synthetic_video.dataset import SyntheticVideoPoseDataset

__all__ = ['SyntheticVideoPoseDataset']
