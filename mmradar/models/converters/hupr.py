"""Converters between HuPR's public network (``HuPRNet``) and this package's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from mmradar.errors import CheckpointError
from mmradar.models.converters.names import Counterpart, check_names, check_shapes, to_ours, to_theirs

_SOURCE = "HuPR's network (RAchirpNet, RAradarEncoder, ..., radarDecoder) of the model's size"
_RADARS = ('RA', 'RE')  # range-azimuth of the horizontal radar, range-elevation of the vertical one
_VIEWS = ('hori', 'vert')
_MERGES = ('l1temporalMerge', 'l2temporalMerge', 'temporalMerge')
_DECODER = {'from_coarse': 'decoderLayer3', 'from_middle': 'decoderLayer2', 'from_fine': 'decoderLayer1'}


def _transposed(x: Tensor) -> Tensor:
    return x.transpose(0, 1)


def _of_pyramid(radar: str, part: str, rest: list[str]) -> str:
    if part == 'mnet':
        return '.'.join([f'{radar}chirpNet.temporalConvWx1x1', *rest[1:]])
    index, *rest = rest
    if part == 'merges':
        return '.'.join([f'{radar}radarEncoder.{_MERGES[int(index)]}', *rest])
    if int(index):  # HuPR's layer begins with a module without weights, which halves the maps
        rest[0] = str(int(rest[0]) + 1)
    return '.'.join([f'{radar}radarEncoder.layer{int(index) + 1}', *rest])


def _of_fusion(scale: str, kind: str, view: str, role: str) -> str:
    """Return HuPR's name of a weight of the fusion.

    HuPR counts scales from the coarsest. ``phi`` is named after the map attended to, ``theta`` after the map that
    attends.
    """
    named_view = int(view) if kind == 'own' or role == 'key' else 1 - int(view)
    name = f'{"phi" if role == "key" else "theta"}_{"self" if kind == "own" else "cross"}_{_VIEWS[named_view]}'
    return f'radarDecoder.{name}.{2 - int(scale)}.weight'


def _counterpart(name: str) -> Counterpart:
    match name.replace('shortcut', 'downsample').split('.'):
        case ['backbone', 'pyramids', view, part, *rest]:
            return Counterpart(_of_pyramid(_RADARS[int(view)], part, rest))
        case ['backbone', 'fusions', scale, kind, view, role, 'weight']:
            return Counterpart(_of_fusion(scale, kind, view, role))
        case ['head', 'refinement', 'layers', index, 'bias']:  # HuPR has a node's features in a column
            return Counterpart(f'radarDecoder.gcn.L{int(index) + 1}.bias', _transposed, _transposed)
        case ['head', 'refinement', 'layers', index, 'linear', 'weight']:
            return Counterpart(f'radarDecoder.gcn.L{int(index) + 1}.weight')
        case ['head', part, index, 'activation', 'weight']:
            return Counterpart(f'radarDecoder.{_DECODER[part]}.{index}.relu.weight')
        case ['head', part, *rest] if part in _DECODER:
            return Counterpart('.'.join([f'radarDecoder.{_DECODER[part]}', *rest]))
    raise CheckpointError(f"HuPR's network has nothing like {name}; the model must be HuPREncoder with HuPRHead")


def _counterparts(names: Iterable[str]) -> dict[str, Counterpart]:
    return {name: _counterpart(name) for name in names}


def hupr_to_mmradar(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert weights of HuPR's public code to those of a model of HuPREncoder and HuPRHead, value for value.

    With ``interleaved=True`` in its stem, as in ``configs/baselines/hupr_hupr.py``, the model then computes the same as
    HuPR's network.

    Args:
        state: HuPR's weights by name.
        own: The model's ``state_dict()``. Only its names and shapes are read, so it may be on the meta device.

    Raises:
        CheckpointError: Names that are missing or left over, weights of another shape, or a model of another kind.
    """
    counterparts = _counterparts(own)
    check_names(state, (their.name for their in counterparts.values()), _SOURCE)
    check_shapes(state, counterparts, own, _SOURCE)
    return to_ours(state, counterparts)


def mmradar_to_hupr(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert weights of a model of HuPREncoder and HuPRHead to HuPR's names.

    Raises:
        CheckpointError: Weights of a model of another kind.
    """
    return to_theirs(state, _counterparts(state))
