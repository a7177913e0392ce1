"""Inputs of selective scans and what to compare, for several tests."""

import pytest
import torch

from mmradar.ops import available_backends, selective_scan

FAST = ('torch', 'cpu')


def skip_unless_available(backend):
    if reason := available_backends()[backend]:
        pytest.skip(f'selective_scan backend {backend!r} does not run here: {reason}')


def arguments(batch, length, dim, state, dtype=torch.float64, seed=0):
    """All eight tensors, each wanting a gradient; the same numbers in every type."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator).to(dtype).requires_grad_()

    A = -torch.rand(dim, state, generator=generator) * 4 - 0.1
    return dict(
        u=normal(batch, length, dim),
        delta=normal(batch, length, dim),
        A=A.to(dtype).requires_grad_(),
        B=normal(batch, length, state),
        C=normal(batch, length, state),
        D=normal(dim),
        z=normal(batch, length, dim),
        delta_bias=normal(dim),
    )


def outputs_and_gradients(arguments, delta_softplus=True, **options):
    """y, the last state, and the gradient of a loss of both by every argument."""
    y, state = selective_scan(**arguments, delta_softplus=delta_softplus, return_last_state=True, **options)
    ramp = torch.linspace(0.5, 1, y.numel(), dtype=torch.float64).view_as(y).to(y.dtype)
    loss = (y * ramp).to(state.dtype).sum() + state.square().sum()
    return dict(y=y, state=state) | dict(zip(arguments, torch.autograd.grad(loss, list(arguments.values()))))


def relative_errors(expected, found):
    """Largest deviation of each tensor over its largest element."""
    return {
        name: ((found[name].double() - exact).abs().max() / exact.abs().max().clamp_min(1e-3)).item()
        for name, exact in expected.items()
    }
