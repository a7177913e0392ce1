"""Registered data sets."""

from mmradar.datasets.datasets.hupr_dataset import HuPRDataset

__all__ = ['HuPRDataset']
