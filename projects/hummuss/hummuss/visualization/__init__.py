"""Visualisation of lifted poses and of meshes."""

from hummuss.visualization.lifting_visualizer import LiftingVisualizer
from hummuss.visualization.mesh_visualizer import MeshVisualizer

__all__ = ['LiftingVisualizer', 'MeshVisualizer']
