"""Diagonal state-space models (S4D): one definition as a convolution, as a scan and as a recurrent step."""

from mmradar.ops.diagonal_ssm.convolution import (
    ChunkOperators,
    by_frame,
    chunk_operators,
    chunked_convolve,
    convolve_one,
    fft_convolve,
    ssm_kernel,
)
from mmradar.ops.diagonal_ssm.discretisation import DiscreteSSM, complex_expm1, discretise
from mmradar.ops.diagonal_ssm.dispatch import diagonal_ssm, reversed_scale
from mmradar.ops.diagonal_ssm.reference import diagonal_ssm_reference
from mmradar.ops.diagonal_ssm.scan import scan_frames
from mmradar.ops.diagonal_ssm.step import advance, diagonal_ssm_step, readout

__all__ = [
    'ChunkOperators',
    'DiscreteSSM',
    'advance',
    'by_frame',
    'chunk_operators',
    'chunked_convolve',
    'complex_expm1',
    'convolve_one',
    'diagonal_ssm',
    'diagonal_ssm_reference',
    'diagonal_ssm_step',
    'discretise',
    'fft_convolve',
    'readout',
    'reversed_scale',
    'scan_frames',
    'ssm_kernel',
]
