"""Layers of HumMUSS, from the SSM of a channel to the spatio-temporal block."""

from hummuss.models.layers.diagonal_ssm import DiagonalSSM
from hummuss.models.layers.gdssm import GDSSM
from hummuss.models.layers.st_block import SpatioTemporalBlock

__all__ = ['GDSSM', 'DiagonalSSM', 'SpatioTemporalBlock']
