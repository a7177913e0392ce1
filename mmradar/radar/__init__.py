"""Radar signal processing: arrays in, arrays out. Imports neither mmengine nor a model."""

from mmradar.radar.adc import ADCFileError, decode_dca1000, encode_dca1000, load_dca1000, open_dca1000, select_frames
from mmradar.radar.config import PRESETS, SPEED_OF_LIGHT_M_S, RadarConfig
from mmradar.radar.config_files import read_radar_config
from mmradar.radar.heatmap import (
    CHANNEL_MODES,
    heatmap_3d,
    heatmap_3d_from_raw,
    heatmap_channels,
    remove_static_clutter,
    subsample_chirps,
)
from mmradar.radar.heatmap_4d import heatmap_4d
from mmradar.radar.inspection import ADCReport, draw_report, inspect_adc
from mmradar.radar.point_cloud import PointCloud, cfar, point_cloud

__all__ = [
    'CHANNEL_MODES',
    'PRESETS',
    'SPEED_OF_LIGHT_M_S',
    'ADCFileError',
    'ADCReport',
    'PointCloud',
    'RadarConfig',
    'cfar',
    'decode_dca1000',
    'draw_report',
    'encode_dca1000',
    'heatmap_3d',
    'heatmap_3d_from_raw',
    'heatmap_4d',
    'heatmap_channels',
    'inspect_adc',
    'load_dca1000',
    'open_dca1000',
    'point_cloud',
    'read_radar_config',
    'remove_static_clutter',
    'select_frames',
    'subsample_chirps',
]
