"""Modulated deformable convolution (DCNv2): a convolution whose samples are displaced by given offsets."""

from mmradar.ops.modulated_deform_conv.dispatch import modulated_deform_conv2d

__all__ = ['modulated_deform_conv2d']
