"""Registered loops."""

from mmradar.engine.loops.fit_loop import FitLoop

__all__ = ['FitLoop']
