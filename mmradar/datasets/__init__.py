"""Data sets and their transforms."""

from mmradar.datasets.datasets import *  # noqa: F403
from mmradar.datasets.transforms import *  # noqa: F403
