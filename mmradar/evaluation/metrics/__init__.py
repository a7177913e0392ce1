"""Registered metrics."""

from mmradar.evaluation.metrics.hupr_metric import HuPRMetric, keypoint_average_precision, mean_velocity_error

__all__ = ['HuPRMetric', 'keypoint_average_precision', 'mean_velocity_error']
