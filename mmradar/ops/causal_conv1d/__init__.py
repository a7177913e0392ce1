"""Depthwise causal convolution over tokens, the step before Mamba's scan."""

from mmradar.ops.causal_conv1d.dispatch import causal_conv1d, conv_backends
from mmradar.ops.causal_conv1d.update import causal_conv1d_update

__all__ = ['causal_conv1d', 'causal_conv1d_update', 'conv_backends']
