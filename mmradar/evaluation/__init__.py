"""Metrics."""

from mmradar.evaluation.limb_motion import BodyFrame, motion_explained
from mmradar.evaluation.metrics import *  # noqa: F403
