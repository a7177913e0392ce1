"""Registered hooks."""

from mmradar.engine.hooks.checkpoint_guard_hook import CheckpointGuardHook
from mmradar.engine.hooks.epoch_seed_hook import EpochSeedHook
from mmradar.engine.hooks.finite_guard_hook import FiniteGuardHook
from mmradar.engine.hooks.radar_pose_visualization_hook import RadarPoseVisualizationHook
from mmradar.engine.hooks.training_time_hook import TrainingTimeHook

__all__ = [
    'CheckpointGuardHook',
    'EpochSeedHook',
    'FiniteGuardHook',
    'RadarPoseVisualizationHook',
    'TrainingTimeHook',
]
