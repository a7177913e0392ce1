"""Metrics."""

from mmradar.evaluation.metrics import *  # noqa: F401, F403
