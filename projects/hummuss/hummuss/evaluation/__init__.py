"""Metrics of lifted motions, of actions and of meshes."""

from hummuss.evaluation.action_accuracy import ActionAccuracy
from hummuss.evaluation.mesh_recovery_metric import MeshRecoveryMetric
from hummuss.evaluation.motion_lifting_metric import MotionLiftingMetric
from hummuss.evaluation.one_shot_accuracy import OneShotAccuracy

__all__ = ['ActionAccuracy', 'MeshRecoveryMetric', 'MotionLiftingMetric', 'OneShotAccuracy']
