"""Pipeline transforms, one for each step from recordings to network input."""

from mmradar.datasets.transforms.empty_heatmap import EmptyHeatmap
from mmradar.datasets.transforms.formatting import PackRadarInputs
from mmradar.datasets.transforms.heatmap_channels import HeatmapToChannels, NormalizeHeatmap
from mmradar.datasets.transforms.heatmaps import ElevationToChannels, Heatmap3D, Heatmap4D, MeanOverElevation
from mmradar.datasets.transforms.point_clouds import RadarDensityMap, RadarPointCloud
from mmradar.datasets.transforms.radar_cubes import CalibrateCube, LoadRadarCube
from mmradar.datasets.transforms.range_doppler import RangeDopplerMap

__all__ = [
    'CalibrateCube',
    'ElevationToChannels',
    'EmptyHeatmap',
    'Heatmap3D',
    'Heatmap4D',
    'HeatmapToChannels',
    'LoadRadarCube',
    'MeanOverElevation',
    'NormalizeHeatmap',
    'PackRadarInputs',
    'RadarDensityMap',
    'RadarPointCloud',
    'RangeDopplerMap',
]
