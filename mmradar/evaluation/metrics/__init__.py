"""Registered metrics."""

from mmradar.evaluation.metrics.hupr_metric import HuPRMetric, keypoint_average_precision

__all__ = ['HuPRMetric', 'keypoint_average_precision']
