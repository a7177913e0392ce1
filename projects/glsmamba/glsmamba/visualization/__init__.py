"""Pictures of clips and poses."""

from glsmamba.visualization.clip_pose_visualizer import ClipPoseVisualizer

__all__ = ['ClipPoseVisualizer']
