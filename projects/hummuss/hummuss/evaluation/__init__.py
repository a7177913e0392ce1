"""Metrics of lifted motions."""

from hummuss.evaluation.motion_lifting_metric import MotionLiftingMetric

__all__ = ['MotionLiftingMetric']
