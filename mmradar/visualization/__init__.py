"""Pictures: skeletons, and what they were estimated from."""

from mmradar.visualization.radar_pose_visualizer import RadarPoseVisualizer
from mmradar.visualization.sample_visualizer import SampleVisualizer

__all__ = ['RadarPoseVisualizer', 'SampleVisualizer']
