"""Optimizer wrapper for mixed precision on a CPU."""

from __future__ import annotations

from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmradar.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """Optimizer wrapper with bfloat16 autocast on the CPU, where mmengine's ``AmpOptimWrapper`` refuses to run.

    bfloat16 has float32's range, so no loss scaling is needed. It is fast only on CPUs with bfloat16 instructions
    (AVX-512 BF16, AMX); on others it is far slower than float32.
    """

    @contextmanager
    def optim_context(self, model: nn.Module):
        with super().optim_context(model), torch.autocast('cpu', torch.bfloat16):
            yield
