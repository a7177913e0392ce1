"""Metrics of lifted motions and of actions."""

from hummuss.evaluation.action_accuracy import ActionAccuracy
from hummuss.evaluation.motion_lifting_metric import MotionLiftingMetric
from hummuss.evaluation.one_shot_accuracy import OneShotAccuracy

__all__ = ['ActionAccuracy', 'MotionLiftingMetric', 'OneShotAccuracy']
