"""Schedules of learning rates."""

from mmradar.engine.param_schedulers.one_cycle_lr import OneCycleLR

__all__ = ['OneCycleLR']
