"""Operators with one signature, several implementations and one reference."""

from mmradar.ops.backends import torch_forms_only
from mmradar.ops.causal_conv1d import causal_conv1d, causal_conv1d_update
from mmradar.ops.diagonal_ssm import diagonal_ssm, diagonal_ssm_step
from mmradar.ops.modulated_deform_conv import modulated_deform_conv2d
from mmradar.ops.packed_linear import PackedLinear, pack_linears
from mmradar.ops.selective_scan import available_backends, selective_scan, selective_state_update

__all__ = [
    'PackedLinear',
    'available_backends',
    'causal_conv1d',
    'causal_conv1d_update',
    'diagonal_ssm',
    'diagonal_ssm_step',
    'modulated_deform_conv2d',
    'pack_linears',
    'selective_scan',
    'selective_state_update',
    'torch_forms_only',
]
