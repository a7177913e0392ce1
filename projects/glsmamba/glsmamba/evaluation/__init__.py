"""Metrics. PCK@0.2 is mmpose's ``PCKAccuracy(thr=0.2)`` and, for Sub-JHMDB, ``JhmdbPCKAccuracy(thr=0.2)``.

:mod:`mmradar.evaluation` has both, with the rule of all metrics for predictions that are not finite.
"""

from glsmamba.evaluation.posetrack_metric import PoseTrackAP

__all__ = ['PoseTrackAP']
