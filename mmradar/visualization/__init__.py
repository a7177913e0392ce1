"""Pictures and videos of skeletons and of the radar data that they were estimated from."""

from mmradar.visualization.pose_canvas import PoseCanvas, heatmap_level
from mmradar.visualization.radar_pose_visualizer import RadarPoseVisualizer
from mmradar.visualization.sample_visualizer import SampleVisualizer, save_picture
from mmradar.visualization.video import video

__all__ = ['PoseCanvas', 'RadarPoseVisualizer', 'SampleVisualizer', 'heatmap_level', 'save_picture', 'video']
