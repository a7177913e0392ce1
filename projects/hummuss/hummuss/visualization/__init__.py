"""Visualisation of lifted poses."""

from hummuss.visualization.lifting_visualizer import LiftingVisualizer

__all__ = ['LiftingVisualizer']
