"""Radar signal processing: arrays in, arrays out. Imports neither mmengine nor a model."""

from mmradar.radar.adc import ADCFileError, decode_dca1000, encode_dca1000, load_dca1000, open_dca1000
from mmradar.radar.config import PRESETS, SPEED_OF_LIGHT_M_S, RadarConfig
from mmradar.radar.heatmap import heatmap_3d, remove_static_clutter, subsample_chirps

__all__ = [
    'PRESETS',
    'SPEED_OF_LIGHT_M_S',
    'ADCFileError',
    'RadarConfig',
    'decode_dca1000',
    'encode_dca1000',
    'heatmap_3d',
    'load_dca1000',
    'open_dca1000',
    'remove_static_clutter',
    'subsample_chirps',
]
