"""Rendered clips of moving people: a data set that needs no files."""

from glsmamba.datasets.synthetic_video.dataset import SyntheticVideoPoseDataset

__all__ = ['SyntheticVideoPoseDataset']
