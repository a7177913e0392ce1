"""Registered optimizer wrappers, and what builds them."""

from mmradar.engine.optim_wrappers.cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from mmradar.engine.optim_wrappers.default_optim_wrapper_constructor import DefaultOptimWrapperConstructor

__all__ = ['CPUAmpOptimWrapper', 'DefaultOptimWrapperConstructor']
