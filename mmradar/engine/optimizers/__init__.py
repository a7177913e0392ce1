"""Registered optimizers."""

from mmradar.engine.optimizers.muon import MuonAdamW

__all__ = ['MuonAdamW']
