"""Pipeline transforms, one for each step from raw file to network input."""

from mmradar.datasets.transforms.formatting import PackRadarInputs
from mmradar.datasets.transforms.heatmap_channels import HeatmapToChannels, NormalizeHeatmap
from mmradar.datasets.transforms.keep_frames import KeepFrames
from mmradar.datasets.transforms.load_radar_heatmap import LoadRadarHeatmap
from mmradar.datasets.transforms.radar_processing import (
    CalibrateCube,
    LoadRadarCube,
    RemoveStaticClutter,
    SubsampleChirps,
)
from mmradar.datasets.transforms.radar_representations import (
    ElevationToChannels,
    MeanOverElevation,
    RadarDensityMap,
    RadarHeatmap3D,
    RadarHeatmap4D,
    RadarPointCloud,
    RawToHeatmap3D,
)

__all__ = [
    'CalibrateCube',
    'ElevationToChannels',
    'HeatmapToChannels',
    'KeepFrames',
    'LoadRadarCube',
    'LoadRadarHeatmap',
    'MeanOverElevation',
    'NormalizeHeatmap',
    'PackRadarInputs',
    'RadarDensityMap',
    'RadarHeatmap3D',
    'RadarHeatmap4D',
    'RadarPointCloud',
    'RawToHeatmap3D',
    'RemoveStaticClutter',
    'SubsampleChirps',
]
