"""Data sets, their two-stage pipeline, and its transforms."""

from mmradar.datasets.datasets import *  # noqa: F403
from mmradar.datasets.radar_pipeline import RadarPipeline  # noqa: F401
from mmradar.datasets.samplers import *  # noqa: F403
from mmradar.datasets.transforms import *  # noqa: F403
