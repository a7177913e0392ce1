"""Linear layers whose weights are laid out once for products with few rows, such as the frames of a stream."""

from __future__ import annotations

import copy
import platform

import torch
from jaxtyping import Float
from torch import Tensor, nn


def packing_missing(weight: Tensor | None = None) -> str | None:
    """Return why linear layers cannot be packed here, or ``None`` if they can.

    Args:
        weight: Weight of a layer, whose device and type are then checked too.
    """
    if weight is not None and (weight.device.type != 'cpu' or weight.dtype != torch.float32):
        return f'packs float32 weights on a CPU, found {weight.dtype} on {weight.device}'
    if platform.machine().lower() not in ('x86_64', 'amd64'):
        return f'oneDNN was tried on x86 only, found {platform.machine()}'
    if not torch.backends.mkldnn.is_available():
        return 'this torch was built without oneDNN'
    if not all(hasattr(torch.ops.mkldnn, name) for name in ('_reorder_linear_weight', '_linear_pointwise')):
        return f'torch {torch.__version__} has no packed linear operator'  # torch's own, but not promised to users
    return None


class PackedLinear(nn.Module):
    """Linear layer for inference on a CPU, with its weight in oneDNN's own layout for a number of rows.

    With few rows, ``nn.Linear`` spends much of its time laying out the weight again for every product. Inputs with
    other numbers of rows work too. The weight is a copy: later changes to the weight of ``linear`` do not reach it.

    Args:
        linear: Layer to pack.
        rows: Rows of a usual input.

    Raises:
        ValueError: The layer cannot be packed; :func:`packing_missing` says why.
    """

    def __init__(self, linear: nn.Linear, rows: int) -> None:
        super().__init__()
        if reason := packing_missing(linear.weight):
            raise ValueError(f'PackedLinear: {reason}')
        self.in_features, self.out_features = linear.in_features, linear.out_features
        with torch.no_grad():
            self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), rows)
            self.bias = None if linear.bias is None else linear.bias.detach().clone()

    def forward(self, x: Float[Tensor, '*batch in_features']) -> Float[Tensor, '*batch out_features']:
        if torch.is_grad_enabled() and x.requires_grad:
            raise RuntimeError('PackedLinear is for inference: run it under torch.no_grad()')
        return torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, 'none', [], '')

    def extra_repr(self) -> str:
        return f'in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}'


def pack_linears(module: nn.Module, rows: int) -> nn.Module:
    """Return a copy of a module whose linear layers are packed for inference, if this machine can pack them.

    Args:
        module: Module with ``nn.Linear`` layers at any depth. Layers that cannot be packed stay as they are.
        rows: Rows of a usual input; for a stream, the number of sequences times joints.

    Returns:
        The copy, in evaluation mode; without oneDNN, a plain copy. ``module`` itself is not changed.
    """
    packed = copy.deepcopy(module).eval()
    for parent in list(packed.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear and packing_missing(child.weight) is None:
                setattr(parent, name, PackedLinear(child, rows))
    return packed
