import math

import pytest
import torch

from mmradar.ops import available_backends, backends, causal_conv1d, selective_scan
from mmradar.ops.native import load_native_library
from mmradar.ops.selective_scan import two_level
from mmradar.ops.selective_scan.two_level import scan_two_level

FAST = ('torch', 'cpu')


def arguments(batch, length, dim, state, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()

    A = -torch.rand(dim, state, generator=generator, dtype=torch.float64) * 4 - 0.1
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


def outputs_and_gradients(arguments, **options):
    y, state = selective_scan(**arguments, delta_softplus=True, return_last_state=True, **options)
    ramp = torch.linspace(0.5, 1, y.numel(), dtype=y.dtype).view_as(y)
    loss = (y * ramp).sum() + state.square().sum()
    return [y, state, *torch.autograd.grad(loss, list(arguments.values()))]


def skip_unless_available(backend):
    if reason := available_backends()[backend]:
        pytest.skip(f'selective_scan backend {backend!r} does not run here: {reason}')


def test_reference_by_hand():
    """Two tokens, one channel, one state: h1 = 0.5 * 2 * 3, h2 = e^-1 h1 + 1 * 4 * 5."""
    u, delta = torch.tensor([[[3.0], [5.0]]]), torch.tensor([[[0.5], [1.0]]])
    A, B, C = torch.tensor([[-1.0]]), torch.tensor([[[2.0], [4.0]]]), torch.tensor([[[1.0], [10.0]]])
    y, state = selective_scan(u, delta, A, B, C, D=torch.tensor([7.0]), backend='reference', return_last_state=True)
    h2 = math.exp(-1) * 3 + 20
    torch.testing.assert_close(y, torch.tensor([[[3 + 21.0], [10 * h2 + 35]]]))
    torch.testing.assert_close(state, torch.tensor([[[h2]]]))


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('reverse', [False, True])
@pytest.mark.parametrize('shape', [(1, 1, 8, 1), (2, 63, 5, 3), (2, 64, 16, 8), (3, 65, 24, 16), (1, 333, 48, 4)])
def test_outputs_and_every_gradient_equal_the_reference(backend, reverse, shape):
    skip_unless_available(backend)
    expected = outputs_and_gradients(arguments(*shape), backend='reference', reverse=reverse)
    found = outputs_and_gradients(arguments(*shape, dtype=torch.float32), backend=backend, reverse=reverse)
    for theirs, ours in zip(expected, found):
        scale = theirs.abs().max().clamp_min(1e-3).item()
        assert (theirs - ours).abs().max().item() < 3e-6 * scale


def test_torch_form_is_exact_in_float64_over_several_segments(monkeypatch):
    monkeypatch.setattr(two_level, '_STEP_ELEMENTS', 2**7)  # four chunks, 256 tokens, a segment
    args = arguments(2, 600, 4, 4)
    assert available_backends(dtype=torch.float64)['cpu'] == 'has no float64'
    expected, found = (outputs_and_gradients(args, backend=backend) for backend in ('reference', 'torch'))
    for theirs, ours in zip(expected, found):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


def test_torch_form_passes_gradcheck():
    u, delta, A, B, C = (arguments(1, 7, 2, 2)[name] for name in ('u', 'delta', 'A', 'B', 'C'))
    assert torch.autograd.gradcheck(
        lambda *x: scan_two_level(x[0], x[1].exp(), *x[2:], chunk_length=3), (u, delta, A, B, C)
    )


@pytest.mark.parametrize('backend', FAST)
def test_stays_finite_and_exact_over_18432_tokens_with_strong_decay(backend):
    """Forms that use exp(-cumsum) overflow here."""
    skip_unless_available(backend)
    args = arguments(1, 18_432, 8, 4, torch.float32)
    args['delta'] = args['delta'].detach() + 4
    with torch.no_grad():
        y = selective_scan(**args, delta_softplus=True, backend=backend)
        exact = selective_scan(**{k: v.double() for k, v in args.items()}, delta_softplus=True, backend='torch')
    assert torch.isfinite(y).all()
    assert (y - exact).abs().max() < 1e-5 * exact.abs().max()


@pytest.mark.parametrize('backend', FAST)
def test_reverse_is_the_scan_of_the_turned_sequence(backend):
    skip_unless_available(backend)
    args = {k: v.detach() for k, v in arguments(2, 70, 8, 4, torch.float32).items()}
    turned = {k: v.flip(1) if v.ndim == 3 else v for k, v in args.items()}
    forward = selective_scan(**turned, delta_softplus=True, backend=backend).flip(1)
    torch.testing.assert_close(selective_scan(**args, delta_softplus=True, backend=backend, reverse=True), forward)


def test_half_precision_inputs_keep_a_float32_state():
    args = arguments(1, 500, 8, 4, torch.float32)
    half = {k: v.bfloat16() if k != 'A' else v for k, v in args.items()}
    y, state = selective_scan(**half, delta_softplus=True, return_last_state=True)
    assert y.dtype == torch.bfloat16 and state.dtype == torch.float32
    exact = selective_scan(**{k: v.double() for k, v in half.items()}, delta_softplus=True, backend='reference')
    assert (y - exact).abs().max() < 0.01 * exact.abs().max()  # bfloat16 rounds the output to 1 in 256


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('name', ['u', 'delta', 'A', 'B', 'C'])
def test_nan_is_never_swallowed(backend, name):
    skip_unless_available(backend)
    args = {k: v.detach().clone() for k, v in arguments(1, 20, 8, 4, torch.float32).items()}
    args[name].flatten()[3] = float('nan')
    assert torch.isnan(selective_scan(**args, delta_softplus=True, backend=backend)).any()


def test_a_machine_without_compiler_falls_back_with_one_notice(monkeypatch, tmp_path):
    monkeypatch.setenv('CC', 'no-such-compiler')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    load_native_library.cache_clear()
    backends._say_once.cache_clear()
    try:
        args = {k: v.detach() for k, v in arguments(1, 20, 8, 4, torch.float32).items()}
        with pytest.warns(UserWarning, match='no C compiler found') as notices:
            first, second = selective_scan(**args), selective_scan(**args)
        assert len(notices) == 1
        torch.testing.assert_close(first, selective_scan(**args, backend='reference'))
        with pytest.raises(RuntimeError, match="backend 'cpu' cannot run here: no C compiler"):
            selective_scan(**args, backend='cpu')
        assert torch.equal(first, second)
    finally:
        load_native_library.cache_clear()


def test_shapes_that_do_not_fit_are_named():
    args = {k: v.detach() for k, v in arguments(2, 10, 8, 4, torch.float32).items()}
    with pytest.raises(ValueError, match=r'B must be \(2, 10, 4\).*found \(2, 4, 10\)'):
        selective_scan(**{**args, 'B': args['B'].transpose(1, 2)})
    with pytest.raises(ValueError, match="unknown selective_scan backend 'fast'"):
        selective_scan(**args, backend='fast')
    with pytest.raises(RuntimeError, match="backend 'mamba_ssm' cannot run here: needs CUDA tensors"):
        selective_scan(**args, backend='mamba_ssm')


@pytest.mark.parametrize('reverse', [False, True])
def test_causal_convolution_equals_torch_s(reverse):
    x, weight, bias = torch.randn(2, 9, 5), torch.randn(5, 4), torch.randn(5)
    channels_first = x.transpose(1, 2).flip(-1) if reverse else x.transpose(1, 2)
    expected = torch.nn.functional.conv1d(channels_first, weight.unsqueeze(1), bias, padding=3, groups=5)[..., :9]
    expected = expected.flip(-1) if reverse else expected
    torch.testing.assert_close(causal_conv1d(x, weight, bias, reverse=reverse), expected.transpose(1, 2))
    torch.testing.assert_close(causal_conv1d(x, weight, reverse=reverse) + bias, expected.transpose(1, 2))
