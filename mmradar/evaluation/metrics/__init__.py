"""Registered metrics."""

from mmradar.evaluation.metrics.hupr_metric import HuPRMetric, keypoint_average_precision, mean_velocity_error
from mmradar.evaluation.metrics.mmpose_metrics import MPJPE, JhmdbPCKAccuracy, PCKAccuracy

__all__ = [
    'MPJPE',
    'HuPRMetric',
    'JhmdbPCKAccuracy',
    'PCKAccuracy',
    'keypoint_average_precision',
    'mean_velocity_error',
]
