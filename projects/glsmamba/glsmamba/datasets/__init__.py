"""Data sets with several frames per sample, and their transforms."""

from glsmamba.datasets.posetrack_video_dataset import PoseTrackVideoDataset
from glsmamba.datasets.sub_jhmdb_video_dataset import SubJHMDBVideoDataset
from glsmamba.datasets.synthetic_video import SyntheticVideoPoseDataset
from glsmamba.datasets.transforms import LoadClip, PackClipInputs

__all__ = [
    'LoadClip',
    'PackClipInputs',
    'PoseTrackVideoDataset',
    'SubJHMDBVideoDataset',
    'SyntheticVideoPoseDataset',
]
