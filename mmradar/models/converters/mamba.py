"""Converters between Mamba layers of mamba-ssm or Vision Mamba and this package's VisionMambaLayer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypedDict

import torch
from torch import Tensor

from mmradar.errors import CheckpointError
from mmradar.models.converters.names import Counterpart, check_names, check_shapes, refuse, to_ours, to_theirs
from mmradar.models.layers import VisionMambaLayer

_SOURCE = (
    'a Mamba layer that VisionMambaLayer can represent (in_proj and out_proj have no bias and conv1d has one; it '
    'scans in one direction or in two; the norm of a block is a LayerNorm)'
)


class VisionMambaArguments(TypedDict):
    """Arguments of a :class:`~mmradar.models.layers.VisionMambaLayer` that follow from the shapes of its weights."""

    embed_dims: int
    expand: int
    d_state: int
    d_conv: int
    dt_rank: int
    bidirectional: bool


def _counterparts(bidirectional: bool, in_block: bool, divide_out: bool) -> dict[str, Counterpart]:
    """Return the counterpart of each name of the VisionMambaLayer."""
    front = 'mixer.' if in_block else ''
    doubled = (lambda x: 2 * x, lambda x: x / 2) if divide_out else ()
    found = {f'norm.{name}': Counterpart(f'norm.{name}') for name in ('weight', 'bias') if in_block}
    found['in_proj.weight'] = Counterpart(f'{front}in_proj.weight')
    found['out_proj.weight'] = Counterpart(f'{front}out_proj.weight', *doubled)
    directions = (('forward_scan', ''), ('backward_scan', '_b'))
    for scan, b in directions if bidirectional else directions[:1]:
        # nn.Conv1d has an axis of size 1 for the inputs of a group
        taps = Counterpart(f'{front}conv1d{b}.weight', lambda x: x.unsqueeze(1), lambda x: x.squeeze(1))
        found[f'{scan}.conv_weight'] = taps
        found[f'{scan}.conv_bias'] = Counterpart(f'{front}conv1d{b}.bias')
        found[f'{scan}.x_proj.weight'] = Counterpart(f'{front}x_proj{b}.weight')
        found[f'{scan}.dt_weight'] = Counterpart(f'{front}dt_proj{b}.weight')
        found[f'{scan}.dt_bias'] = Counterpart(f'{front}dt_proj{b}.bias')
        found[f'{scan}.A_log'] = Counterpart(f'{front}A{b}_log')
        found[f'{scan}.D'] = Counterpart(f'{front}D{b}')
    return found


def _kind(state: Mapping[str, Tensor]) -> tuple[bool, bool]:
    """Return whether weights under mamba-ssm's names have two directions, and whether they are those of a block."""
    return any(re.search(r'_b(\.|_|$)', name) for name in state), any(name.startswith('mixer.') for name in state)


def vision_mamba_arguments(state: Mapping[str, Tensor]) -> VisionMambaArguments:
    """Return the arguments of the VisionMambaLayer that the weights fit, from their shapes.

    Args:
        state: Weights under mamba-ssm's names, see :func:`mamba_to_mmradar`.

    Raises:
        CheckpointError: Weights of another layer.
    """
    bidirectional, in_block = _kind(state)
    check_names(state, (their.name for their in _counterparts(bidirectional, in_block, False).values()), _SOURCE)
    front = 'mixer.' if in_block else ''
    axes = {f'{front}in_proj.weight': 2, f'{front}conv1d.weight': 3, f'{front}dt_proj.weight': 2, f'{front}A_log': 2}
    misshapen = [f'{name} {tuple(state[name].shape)}' for name, number in axes.items() if state[name].ndim != number]
    refuse(_SOURCE, {'of another number of axes': misshapen})
    in_proj, conv, dt_proj, A_log = (state[name].shape for name in axes)
    if not in_proj[1] or in_proj[0] % (2 * in_proj[1]):
        raise CheckpointError(
            f'the inner width of VisionMambaLayer is a multiple of its width, but in_proj.weight is {tuple(in_proj)}: '
            f'{in_proj[0] / 2:g} for {in_proj[1]}'
        )
    return VisionMambaArguments(
        embed_dims=in_proj[1],
        expand=in_proj[0] // (2 * in_proj[1]),
        d_state=A_log[1],
        d_conv=conv[2],
        dt_rank=dt_proj[1],
        bidirectional=bidirectional,
    )


def _own(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights, on the meta device, of the VisionMambaLayer that fits weights under mamba-ssm's names."""
    arguments = vision_mamba_arguments(state)
    with torch.device('meta'):
        return VisionMambaLayer(**arguments).state_dict()


def mamba_to_mmradar(state: Mapping[str, Tensor], divide_out: bool = False) -> dict[str, Tensor]:
    """Convert a Mamba layer's weights, under mamba-ssm's names, to those of a VisionMambaLayer, value for value.

    The layer may be mamba-ssm's, with one direction, or Vision Mamba's of type v2, whose second direction has names
    with ``_b``. It may stand alone or be the ``mixer`` of a block, which also has the norm before the layer. The result
    for a layer alone has no norm: with ``load_state_dict(..., strict=False)``, the VisionMambaLayer keeps its own.

    Args:
        state: Weights by name.
        divide_out: Vision Mamba's ``if_divide_out``, with which its published models were trained and which no weight
            shows: its layers halve the sum of both directions. VisionMambaLayer does not, so ``out_proj`` is halved.

    Raises:
        CheckpointError: Names that are missing or left over, or weights of another shape.
    """
    counterparts = _counterparts(*_kind(state), divide_out)
    check_shapes(state, counterparts, _own(state), _SOURCE)
    return to_ours(state, counterparts)


def mmradar_to_mamba(state: Mapping[str, Tensor], divide_out: bool = False) -> dict[str, Tensor]:
    """Convert a VisionMambaLayer's weights to mamba-ssm's names, those of a block if the weights include the norm.

    Args:
        state: Weights by name.
        divide_out: See :func:`mamba_to_mmradar`; ``out_proj`` is doubled.

    Raises:
        CheckpointError: Names that are missing or left over, or weights of another shape.
    """
    bidirectional = any(name.startswith('backward_scan.') for name in state)
    counterparts = _counterparts(bidirectional, any(name.startswith('norm.') for name in state), divide_out)
    check_names(state, counterparts, 'a VisionMambaLayer')
    converted = to_theirs(state, counterparts)
    check_shapes(converted, counterparts, _own(converted), 'a VisionMambaLayer')
    return converted
