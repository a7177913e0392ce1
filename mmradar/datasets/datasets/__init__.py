"""Registered data sets and their base classes."""

from mmradar.datasets.datasets.base_radar_pose_dataset import BaseRadarPoseDataset
from mmradar.datasets.datasets.hupr_dataset import HuPRDataset
from mmradar.datasets.datasets.recorded_radar_pose_dataset import RecordedRadarPoseDataset
from mmradar.datasets.datasets.recording_dataset import RecordingDataset
from mmradar.datasets.datasets.simulated_radar_dataset import SimulatedRadarDataset

__all__ = [
    'BaseRadarPoseDataset',
    'HuPRDataset',
    'RecordedRadarPoseDataset',
    'RecordingDataset',
    'SimulatedRadarDataset',
]
