"""Metrics."""

from mmradar.evaluation.metrics import *  # noqa: F403
