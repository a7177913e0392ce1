"""Registered optimizer wrappers and their constructors."""

from mmradar.engine.optim_wrappers.cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from mmradar.engine.optim_wrappers.default_optim_wrapper_constructor import DefaultOptimWrapperConstructor
from mmradar.engine.optim_wrappers.muon_optim_wrapper_constructor import MuonOptimWrapperConstructor

__all__ = ['CPUAmpOptimWrapper', 'DefaultOptimWrapperConstructor', 'MuonOptimWrapperConstructor']
