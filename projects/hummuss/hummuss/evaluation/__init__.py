"""Metrics of lifted motions and of actions."""

from hummuss.evaluation.action_accuracy import ActionAccuracy
from hummuss.evaluation.motion_lifting_metric import MotionLiftingMetric

__all__ = ['ActionAccuracy', 'MotionLiftingMetric']
