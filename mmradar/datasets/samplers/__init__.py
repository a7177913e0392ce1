"""Registered samplers."""

from mmradar.datasets.samplers.disjoint_window_sampler import DisjointWindowSampler

__all__ = ['DisjointWindowSampler']
