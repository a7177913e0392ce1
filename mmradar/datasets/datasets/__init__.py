"""Registered data sets."""

from mmradar.datasets.datasets.hupr_dataset import HuPRDataset
from mmradar.datasets.datasets.simulated_radar_dataset import SimulatedRadarDataset

__all__ = ['HuPRDataset', 'SimulatedRadarDataset']
