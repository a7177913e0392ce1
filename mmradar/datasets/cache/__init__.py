"""Caches, in memory and on disk, of the output of a frame stage."""

from mmradar.datasets.cache.disk_cache import DiskCache
from mmradar.datasets.cache.memory_cache import MemoryCache

__all__ = ['DiskCache', 'MemoryCache']
