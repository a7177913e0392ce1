"""Pictures: skeletons and heatmaps."""

from mmradar.visualization.radar_pose_visualizer import RadarPoseVisualizer

__all__ = ['RadarPoseVisualizer']
