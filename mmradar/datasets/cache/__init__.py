"""Caches of frames, in memory and on disk, in front of a frame stage."""

from mmradar.datasets.cache.disk_cache import DiskCache
from mmradar.datasets.cache.memory_cache import MemoryCache

__all__ = ['DiskCache', 'MemoryCache']
