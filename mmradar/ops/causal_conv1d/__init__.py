"""Depthwise causal convolution over tokens, the step before Mamba's scan."""

from mmradar.ops.causal_conv1d.dispatch import causal_conv1d

__all__ = ['causal_conv1d']
