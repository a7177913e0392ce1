"""Metrics."""

from mmradar.evaluation.limb_motion import BodyFrame, mean_positions, motion_explained  # noqa: F401
from mmradar.evaluation.metrics import *  # noqa: F403
