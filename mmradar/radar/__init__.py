"""Radar signal processing: arrays in, arrays out. Imports neither mmengine nor a model."""

from mmradar.radar.adc_layout import decode_groups, encode_groups, pack_words, reorder_words, unpack_words
from mmradar.radar.boards import BOARDS, Board
from mmradar.radar.calibration import Calibration, apply_calibration, calibrate
from mmradar.radar.config import ANTENNA_ORDERS, PRESETS, SPEED_OF_LIGHT_M_S, RadarConfig, check_antenna_order
from mmradar.radar.config_files import read_radar_config
from mmradar.radar.conformed_recording import conform, radar_differences
from mmradar.radar.cube_files import CubeRecording, open_cubes
from mmradar.radar.density_map import density_map
from mmradar.radar.echo_strength import MIN_ECHO_DB, echo_strength_db
from mmradar.radar.frame_assembler import FrameAssembler, ReceivedFrame
from mmradar.radar.heatmap import CHANNEL_MODES, angle_transform, heatmap_3d, heatmap_3d_from_raw, heatmap_channels
from mmradar.radar.heatmap_4d import azimuth_elevation_transform, heatmap_4d
from mmradar.radar.inspection import ADCReport, draw_report, inspect_adc
from mmradar.radar.memory_recording import MemoryRecording
from mmradar.radar.open_recording import open_recording
from mmradar.radar.packet_dumps import PacketStream, open_packets, read_packets
from mmradar.radar.point_cloud import PointCloud, cfar, point_cloud
from mmradar.radar.range_doppler import (
    range_doppler,
    range_doppler_from_cube,
    range_doppler_from_profiles,
    range_doppler_from_raw,
    range_profiles,
    remove_static_clutter,
    subsample_chirps,
)
from mmradar.radar.range_profile_files import RangeProfileRecording, open_range_profiles, write_range_profiles
from mmradar.radar.raw_files import RawRecording, open_raw
from mmradar.radar.recording import ADCFileError, Recording

__all__ = [
    'ANTENNA_ORDERS',
    'BOARDS',
    'CHANNEL_MODES',
    'MIN_ECHO_DB',
    'PRESETS',
    'SPEED_OF_LIGHT_M_S',
    'ADCFileError',
    'ADCReport',
    'Board',
    'Calibration',
    'CubeRecording',
    'FrameAssembler',
    'MemoryRecording',
    'PacketStream',
    'PointCloud',
    'RadarConfig',
    'RangeProfileRecording',
    'RawRecording',
    'ReceivedFrame',
    'Recording',
    'angle_transform',
    'apply_calibration',
    'azimuth_elevation_transform',
    'calibrate',
    'cfar',
    'check_antenna_order',
    'conform',
    'decode_groups',
    'density_map',
    'draw_report',
    'echo_strength_db',
    'encode_groups',
    'heatmap_3d',
    'heatmap_3d_from_raw',
    'heatmap_4d',
    'heatmap_channels',
    'inspect_adc',
    'open_cubes',
    'open_packets',
    'open_range_profiles',
    'open_raw',
    'open_recording',
    'pack_words',
    'point_cloud',
    'radar_differences',
    'range_doppler',
    'range_doppler_from_cube',
    'range_doppler_from_profiles',
    'range_doppler_from_raw',
    'range_profiles',
    'read_packets',
    'read_radar_config',
    'remove_static_clutter',
    'reorder_words',
    'subsample_chirps',
    'unpack_words',
    'write_range_profiles',
]
