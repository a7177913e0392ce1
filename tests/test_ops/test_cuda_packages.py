"""The backends of mamba-ssm and causal-conv1d, which are CUDA only and cannot be installed here.

Stand-ins take their place: they ask of a call what the packages' compiled kernels ask, and compute by other means.
"""

import sys
from types import SimpleNamespace

import pytest
import torch
from test_ops.scan_cases import arguments
from torch.nn.functional import conv1d, silu

from mmradar.ops import available_backends, backends, causal_conv1d, selective_scan
from mmradar.ops.causal_conv1d import conv_backends
from mmradar.ops.causal_conv1d.cuda import conv_cuda
from mmradar.ops.selective_scan.mamba_ssm import scan_mamba_ssm

TYPES = (torch.float32, torch.float16, torch.bfloat16)


@pytest.fixture
def installed(monkeypatch):
    """A function that puts a stand-in among the modules, with the packages above it."""
    backends._import_error.cache_clear()

    def install(**modules):
        for path, module in modules.items():
            names = path.split('__')
            for count in range(1, len(names)):
                monkeypatch.setitem(sys.modules, '.'.join(names[:count]), SimpleNamespace(__path__=[]))
            monkeypatch.setitem(sys.modules, '.'.join(names), module)

    yield install
    backends._import_error.cache_clear()


# causal-conv1d


def causal_conv1d_fn(x, weight, bias=None, seq_idx=None, initial_states=None, return_final_states=False,
                     final_states_out=None, activation=None):  # fmt: skip
    """With what csrc/causal_conv1d.cpp checks; (batch, dim, length)."""
    (_, dim, length), width = x.shape, weight.shape[1]
    assert seq_idx is None and initial_states is None and final_states_out is None and not return_final_states
    assert activation in (None, 'silu', 'swish') and length > 0
    assert x.dtype in TYPES and weight.dtype in TYPES and (bias is None or bias.dtype == weight.dtype)
    assert weight.shape == (dim, width) and 2 <= width <= 4 and weight.is_contiguous()
    assert bias is None or (bias.shape == (dim,) and bias.stride(-1) == 1)
    assert x.stride(2) == 1 or x.stride(1) == 1
    if x.stride(1) == 1 and x.stride(2) > 1:  # channels last: read by vectors of eight
        assert dim % 8 == 0 and x.stride(2) % 8 == 0 and x.stride(0) % 8 == 0 and x.storage_offset() % 8 == 0
    else:
        assert x.stride(2) == 1
    y = conv1d(
        x.float(), weight.float().unsqueeze(1), bias if bias is None else bias.float(), padding=width - 1, groups=dim
    )
    y = y[..., :length]
    return (y if activation is None else silu(y)).to(x.dtype)


@pytest.fixture
def addresses(installed):
    """Where in memory the tokens of each call lie."""
    found = []

    def called(x, *others, **options):
        found.append(x.data_ptr())
        return causal_conv1d_fn(x, *others, **options)

    installed(causal_conv1d=SimpleNamespace(causal_conv1d_fn=called), causal_conv1d_cuda=SimpleNamespace())
    return found


def conv_inputs(batch=2, length=12, dim=16, width=4, token_type=torch.float32, parameter_type=torch.float32):
    x = torch.randn(batch, length, dim).to(token_type)
    return [t.requires_grad_() for t in (x, *(torch.randn(s).to(parameter_type) for s in ((dim, width), (dim,))))]


@pytest.mark.parametrize('reverse', [False, True])
@pytest.mark.parametrize('with_silu', [False, True])
@pytest.mark.parametrize('token_type', TYPES)
@pytest.mark.parametrize('parameter_type', TYPES)
def test_causal_conv1d_is_called_as_it_wants(addresses, parameter_type, token_type, with_silu, reverse):
    tensors = conv_inputs(token_type=token_type, parameter_type=parameter_type)
    y = conv_cuda(*tensors, with_silu, reverse)
    expected = causal_conv1d(*tensors, 'silu' if with_silu else None, reverse=reverse, backend='torch')
    assert addresses == [tensors[0].data_ptr()] or reverse  # no copy
    torch.testing.assert_close(y, expected)
    grads = (torch.autograd.grad(out.float().square().sum(), tensors) for out in (y, expected))
    for ours, theirs in zip(*grads):
        tolerance = 1e-4 if token_type == ours.dtype == torch.float32 else 5e-2
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


WIDE = torch.randn(2, 12, 48)


@pytest.mark.parametrize(
    'x, as_it_lies',
    [
        (WIDE[..., 8:24], True),
        (WIDE[..., 4:20], False),  # vectors of eight channels would not be aligned
        (WIDE[..., :20], False),  # nor here, from the second token on
        (WIDE[..., :44][..., :40].contiguous()[..., :36], False),
        (WIDE[:, :, ::3], False),
        (WIDE[:, ::2, :16], True),
        (WIDE[:1].expand(3, 12, 48), False),
        (WIDE[:, :1].expand(2, 12, 48), False),
        (WIDE.transpose(1, 2), False),
        (WIDE[:, :1], True),
        (WIDE[:, :1, :20], False),
        (WIDE[..., :1], False),
    ],
)  # fmt: skip
def test_only_tokens_that_it_can_read_are_not_copied(addresses, x, as_it_lies):
    weight, bias = torch.randn(x.shape[2], 4), torch.randn(x.shape[2])
    y = conv_cuda(x, weight, None, True, False)
    torch.testing.assert_close(y, causal_conv1d(x, weight, None, 'silu', backend='torch'), rtol=1e-4, atol=1e-5)
    y = conv_cuda(x, torch.stack([weight, weight], 2)[..., 0], torch.stack([bias, bias], 1)[:, 0], False, True)
    expected = causal_conv1d(x, weight, bias, reverse=True, backend='torch')
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)
    assert (addresses[0] == x.data_ptr()) == as_it_lies


def test_causal_conv1d_comes_first_on_cuda_where_it_can_run(addresses):
    assert next(iter(conv_backends('cuda').items())) == ('causal_conv1d', None)
    assert conv_backends('cuda', torch.bfloat16, 2)['causal_conv1d'] is None
    assert conv_backends('cuda', torch.float64)['causal_conv1d'] == 'has no float64'
    assert conv_backends('cuda', width=5)['causal_conv1d'] == conv_backends('cuda', width=1)['causal_conv1d']
    assert conv_backends('cuda', width=5)['causal_conv1d'] == 'has 2 to 4 taps'
    assert conv_backends('cpu')['causal_conv1d'] == 'needs CUDA tensors'
    with pytest.raises(RuntimeError, match="backend 'causal_conv1d' cannot run here: needs CUDA tensors"):
        causal_conv1d(*conv_inputs(), backend='causal_conv1d')


def test_a_missing_kernel_of_causal_conv1d_is_named(installed):
    installed(causal_conv1d=SimpleNamespace())  # the package without its kernel
    assert 'causal_conv1d_cuda' in conv_backends('cuda')['causal_conv1d']


# mamba-ssm


def selective_scan_fn(
    u, delta, A, B, C, D=None, z=None, delta_bias=None, delta_softplus=False, return_last_state=False
):
    """With what csrc/selective_scan.cpp checks; (batch, dim, length)."""
    (batch, dim, length), state = u.shape, A.shape[1]
    assert u.dtype in TYPES and A.dtype == torch.float32 and A.shape == (dim, state)
    for x, shape in ((delta, u.shape), (z, u.shape), (B, (batch, state, length)), (C, (batch, state, length))):
        assert x is None or (x.dtype == u.dtype and x.shape == shape and x.stride(-1) == 1)
    for row in (D, delta_bias):
        assert row is None or (row.dtype == torch.float32 and row.shape == (dim,))
    tokens = (None if x is None else x.transpose(1, 2) for x in (u, delta, B, C, z))
    u, delta, B, C, z = tokens
    y, last = selective_scan(
        u, delta, A, B, C, D, z, delta_bias, delta_softplus, backend='reference', return_last_state=True
    )
    return (y.transpose(1, 2), last) if return_last_state else y.transpose(1, 2)


@pytest.fixture
def with_mamba_ssm(installed):
    installed(
        mamba_ssm__ops__selective_scan_interface=SimpleNamespace(selective_scan_fn=selective_scan_fn),
        selective_scan_cuda=SimpleNamespace(),
    )


@pytest.mark.parametrize('reverse', [False, True])
@pytest.mark.parametrize('token_type', TYPES)
@pytest.mark.parametrize('others', TYPES)
@torch.no_grad()
def test_mamba_ssm_is_called_as_it_wants(with_mamba_ssm, others, token_type, reverse):
    """Mixed types too: none is rounded to that of ``u``."""
    args = {k: v.to(token_type if k == 'u' else others) for k, v in arguments(2, 30, 8, 4, torch.float32).items()}
    y, last = scan_mamba_ssm(*args.values(), True, reverse)
    exact = {k: v.double() for k, v in args.items()}
    expected, expected_last = selective_scan(**exact, delta_softplus=True, reverse=reverse, return_last_state=True)
    assert y.dtype == token_type
    rounding = torch.finfo(token_type).eps / 2
    torch.testing.assert_close(y.double(), expected, rtol=rounding + 1e-5, atol=1e-4)
    torch.testing.assert_close(last.double(), expected_last, rtol=1e-5, atol=1e-5)


def test_mamba_ssm_comes_first_on_cuda_where_it_can_run(with_mamba_ssm):
    assert next(iter(available_backends('cuda').items())) == ('mamba_ssm', None)
    assert available_backends('cuda', torch.float64)['mamba_ssm'] == 'has no float64'
