"""3D convolution that is as fast on one window as on a batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _bypasses_onednn(x: Tensor) -> bool:
    """Return whether torch would convolve ``x`` without oneDNN only because it is a batch of one."""
    return (
        x.shape[0] == 1
        and x.device.type == 'cpu'
        and x.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled('cpu')
        and not torch.compiler.is_compiling()
        and torch.backends.mkldnn.enabled
        and torch.backends.mkldnn.is_available()
    )


class Conv3d(nn.Conv3d):
    """``nn.Conv3d`` that uses oneDNN even to predict a single window on a CPU.

    For a batch of one and a stride of 1, torch uses its own kernel unless the product of the first four sizes is above
    20,480. The rule ignores the fifth size; on the maps of one window, torch's kernel takes ten times as long as
    oneDNN's.
    """

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if self.padding_mode == 'zeros' and not isinstance(self.padding, str) and _bypasses_onednn(input):
            return torch.ops.aten.mkldnn_convolution(
                input, weight, bias, self.padding, self.stride, self.dilation, self.groups
            )
        return super()._conv_forward(input, weight, bias)
