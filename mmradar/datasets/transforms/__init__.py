"""Pipeline transforms, one for each step from raw file to network input."""

from mmradar.datasets.transforms.formatting import PackRadarInputs
from mmradar.datasets.transforms.heatmap_channels import HeatmapToChannels, NormalizeHeatmap
from mmradar.datasets.transforms.keep_frames import KeepFrames
from mmradar.datasets.transforms.load_radar_heatmap import LoadRadarHeatmap
from mmradar.datasets.transforms.radar_processing import (
    LoadRadarCube,
    RadarHeatmap3D,
    RawToHeatmap3D,
    RemoveStaticClutter,
    SubsampleChirps,
)

__all__ = [
    'HeatmapToChannels',
    'KeepFrames',
    'LoadRadarCube',
    'LoadRadarHeatmap',
    'NormalizeHeatmap',
    'PackRadarInputs',
    'RadarHeatmap3D',
    'RawToHeatmap3D',
    'RemoveStaticClutter',
    'SubsampleChirps',
]
