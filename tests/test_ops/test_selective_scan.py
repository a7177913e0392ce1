import math

import pytest
import torch
from test_ops.scan_cases import FAST, arguments, outputs_and_gradients, relative_errors, skip_unless_available

from mmradar.ops import available_backends, selective_scan, selective_state_update
from mmradar.ops.selective_scan import two_level
from mmradar.ops.selective_scan.two_level import scan_two_level


def test_reference_by_hand():
    """Two tokens, one channel, one state: h1 = 0.5 * 2 * 3, h2 = e^-1 h1 + 1 * 4 * 5."""
    u, delta = torch.tensor([[[3.0], [5.0]]]), torch.tensor([[[0.5], [1.0]]])
    A, B, C = torch.tensor([[-1.0]]), torch.tensor([[[2.0], [4.0]]]), torch.tensor([[[1.0], [10.0]]])
    y, state = selective_scan(u, delta, A, B, C, D=torch.tensor([7.0]), backend='reference', return_last_state=True)
    h2 = math.exp(-1) * 3 + 20
    torch.testing.assert_close(y, torch.tensor([[[3 + 21.0], [10 * h2 + 35]]]))
    torch.testing.assert_close(state, torch.tensor([[[h2]]]))


# length, channels, states. Chunks of the backends are 32 and 64 tokens; 24 channels are 1.5 to 6 vectors.
SHAPES = [(length, 24, 16) for length in (1, 2, 15, 16, 17, 32, 33, 64, 100)]
SHAPES += [(100, 24, state) for state in (1, 3, 8, 64)] + [(70, dim, 8) for dim in (1, 7, 64, 100)]
SHAPES += [(4608, 9, 16), (18_432, 5, 8)]


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('length, dim, state', SHAPES)
def test_outputs_and_every_gradient_equal_the_float64_reference(backend, length, dim, state):
    skip_unless_available(backend)
    batch, reverse = (1 if length > 1000 else 2), length % 2 == 1
    expected = outputs_and_gradients(arguments(batch, length, dim, state), backend='reference', reverse=reverse)
    single = arguments(batch, length, dim, state, dtype=torch.float32)
    found = outputs_and_gradients(single, backend=backend, reverse=reverse)
    errors = relative_errors(expected, found)
    assert max(errors['y'], errors['state']) <= 1e-6, errors
    assert max(errors.values()) <= 6e-6, errors


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('reverse', [False, True])
@pytest.mark.parametrize('absent', ['D', 'z', 'delta_bias', 'softplus', 'D z delta_bias softplus'])
def test_without_optional_arguments(backend, reverse, absent):
    skip_unless_available(backend)

    def run(dtype, backend):
        args = {k: v for k, v in arguments(2, 50, 12, 4, dtype).items() if k not in absent.split()}
        if 'softplus' in absent:
            args['delta'] = (args['delta'].detach().abs() + 3).requires_grad_()  # positive whatever the bias
        return outputs_and_gradients(args, 'softplus' not in absent, backend=backend, reverse=reverse)

    errors = relative_errors(run(torch.float64, 'reference'), run(torch.float32, backend))
    assert max(errors.values()) <= 6e-6, errors
    assert absent.split()[0] not in errors


@pytest.mark.parametrize('backend', FAST)
def test_inputs_need_not_be_contiguous(backend):
    """Slices of wider tensors, as projections make them; turned, widened and transposed ones."""
    skip_unless_available(backend)
    args = {k: v.detach() for k, v in arguments(3, 40, 12, 4, torch.float32).items()}
    wide = torch.cat([args['u'], args['B'], args['C'], args['z']], dim=-1)
    u, B, C, z = wide.split([12, 4, 4, 12], dim=-1)
    channels_first = args['delta'].transpose(1, 2).contiguous().transpose(1, 2)
    every_other = torch.stack([args['D'], args['D']], dim=1)[:, 0]
    strided = {**args, 'u': u, 'B': B, 'C': C, 'z': z, 'delta': channels_first, 'A': args['A'].T.contiguous().T}
    strided = {k: v.requires_grad_() for k, v in {**strided, 'D': every_other}.items() if k != 'u'} | {'u': u}
    assert not any(strided[k].is_contiguous() for k in ('u', 'delta', 'B', 'C', 'z', 'A', 'D'))
    contiguous = {k: v.detach().contiguous().requires_grad_(k != 'u') for k, v in strided.items()}

    def run(args):
        y = selective_scan(**args, delta_softplus=True, backend=backend)
        wanted = [v for v in args.values() if v.requires_grad]
        return y, *torch.autograd.grad(y.square().sum(), wanted)

    for ours, theirs in zip(run(strided), run(contiguous)):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)
    same = args['u'][:1].expand(3, -1, -1)  # one sequence three times, without a copy
    y = selective_scan(**{**args, 'u': same}, delta_softplus=True, backend=backend)
    torch.testing.assert_close(y, selective_scan(**{**args, 'u': same.clone()}, delta_softplus=True, backend=backend))


def test_torch_form_is_exact_in_float64_over_several_segments(monkeypatch):
    monkeypatch.setattr(two_level, '_STEP_ELEMENTS', 2**7)  # four chunks, 256 tokens, a segment
    args = arguments(2, 600, 4, 4)
    assert available_backends(dtype=torch.float64)['cpu'] == 'has no float64'
    expected, found = (outputs_and_gradients(args, backend=backend) for backend in ('reference', 'torch'))
    assert max(relative_errors(expected, found).values()) < 1e-12


def test_torch_form_passes_gradcheck():
    u, delta, A, B, C = (arguments(1, 7, 2, 2)[name] for name in ('u', 'delta', 'A', 'B', 'C'))
    assert torch.autograd.gradcheck(
        lambda *x: scan_two_level(x[0], x[1].exp(), *x[2:], chunk_length=3), (u, delta, A, B, C)
    )


def test_every_argument_passes_gradcheck():
    args = arguments(1, 5, 2, 2)

    def scan(*values):
        return selective_scan(**dict(zip(args, values)), delta_softplus=True, backend='torch', return_last_state=True)

    assert torch.autograd.gradcheck(scan, tuple(args.values()))


@pytest.mark.parametrize('backend', FAST)
def test_stays_finite_and_exact_under_extreme_decay(backend):
    """delta A down to -200 and far beyond, softplus of up to 1e4 and down to -1e4. Forms with exp(-cumsum) overflow."""
    skip_unless_available(backend)
    results = {}
    for dtype, name in ((torch.float64, 'reference'), (torch.float32, backend)):
        args = arguments(1, 300, 8, 4, dtype)
        raw = torch.randn(1, 300, 8, generator=torch.Generator().manual_seed(1)).to(dtype) * 20
        raw[0, 50:60], raw[0, 100], raw[0, 200] = 50.0, 1e4, -1e4
        args['delta'] = raw.requires_grad_()
        assert (torch.nn.functional.softplus(raw)[..., None] * args['A']).min() < -200
        results[name] = outputs_and_gradients(args, backend=name)
    found = results[backend]
    assert all(torch.isfinite(x).all() for x in found.values())
    errors = relative_errors(results['reference'], found)
    assert errors['y'] <= 1e-6 and max(errors.values()) <= 6e-6, errors


@pytest.mark.parametrize('backend', FAST)
def test_growing_states_are_right_too(backend):
    """Positive A or negative delta: nobody trains that, and nobody should get a silent wrong answer from it."""
    skip_unless_available(backend)
    args = {k: v.detach() for k, v in arguments(1, 12, 8, 4, torch.float32).items()}
    args['A'] = -args['A']
    exact = selective_scan(**{k: v.double() for k, v in args.items()}, delta_softplus=True, backend='reference')
    y = selective_scan(**args, delta_softplus=True, backend=backend)
    assert (y - exact).abs().max() <= 1e-5 * exact.abs().max()
    args['delta'] = torch.full_like(args['delta'], 100.0)
    assert not torch.isfinite(selective_scan(**args, delta_softplus=True, backend=backend)).all()


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('name', ['u', 'delta', 'A', 'B', 'C', 'D', 'z', 'delta_bias'])
def test_nan_is_never_swallowed(backend, name):
    skip_unless_available(backend)
    args = {k: v.detach().clone() for k, v in arguments(1, 20, 8, 4, torch.float32).items()}
    args[name].flatten()[3] = float('nan')
    assert torch.isnan(selective_scan(**args, delta_softplus=True, backend=backend)).any()


@pytest.mark.parametrize('backend', FAST)
def test_reverse_is_the_scan_of_the_turned_sequence(backend):
    skip_unless_available(backend)
    args = {k: v.detach() for k, v in arguments(2, 70, 8, 4, torch.float32).items()}
    turned = {k: v.flip(1) if v.ndim == 3 else v for k, v in args.items()}
    forward = selective_scan(**turned, delta_softplus=True, backend=backend).flip(1)
    torch.testing.assert_close(selective_scan(**args, delta_softplus=True, backend=backend, reverse=True), forward)


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('mixed', [False, True])
@pytest.mark.parametrize('dim', [8, 21])
def test_half_precision_tokens_keep_a_float32_state(backend, mixed, dim):
    """bfloat16 rounds the output, to 1 in 256, and nothing on the way there."""
    skip_unless_available(backend)
    args = arguments(2, 500, dim, 4, torch.float32)
    half = {k: v.detach().bfloat16() if v.ndim == 3 else v.detach() for k, v in args.items()}
    if mixed:
        half['B'] = half['B'].float()
    half = {k: v.requires_grad_() for k, v in half.items()}
    found = outputs_and_gradients(half, backend=backend)
    assert found['y'].dtype == torch.bfloat16 and found['state'].dtype == torch.float32
    assert all(found[k].dtype == half[k].dtype for k in half)
    exact = {k: v.detach().double().requires_grad_() for k, v in half.items()}
    expected = outputs_and_gradients(exact, backend='reference')
    errors = relative_errors(expected, found)
    assert errors['state'] <= 1e-6 and errors['y'] <= 2**-8, errors
    assert max(errors.values()) <= 2**-7, errors  # the gradient of y that comes in is rounded too


@pytest.mark.no_shape_checks
def test_a_stream_token_by_token_equals_the_scan():
    args = {k: v.detach() for k, v in arguments(2, 30, 6, 4, torch.float32).items()}
    y, last = selective_scan(**args, delta_softplus=True, return_last_state=True)
    rows = dict(A=args['A'], D=args['D'], dt_bias=args['delta_bias'], dt_softplus=True)
    _, state = selective_scan(
        **{k: v[:, :20] if v.ndim == 3 else v for k, v in args.items()}, delta_softplus=True, return_last_state=True
    )
    state = state.contiguous()
    for t in range(20, 30):
        u, delta, B, C, z = (args[name][:, t] for name in ('u', 'delta', 'B', 'C', 'z'))
        step = selective_state_update(state, u, delta, B=B, C=C, z=z, **rows)
        torch.testing.assert_close(step, y[:, t], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(state, last, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r'dt must be \(2, 6\), found \(2, 30, 6\)'):
        selective_state_update(state, u, args['delta'], B=B, C=C, **rows)


FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def updates(state_type, token_type, parameter_type, length):
    """y and states of a stream, token by token, and the same in float64 from the same numbers."""
    args = {k: v.detach() for k, v in arguments(2, length, 6, 4, torch.float32).items()}
    args = {k: v.to(token_type if k in ('u', 'z') else parameter_type) for k, v in args.items()}

    def run(args, state):
        rows = dict(A=args['A'], D=args['D'], dt_bias=args['delta_bias'], dt_softplus=True)
        tokens = zip(*(args[name].unbind(1) for name in ('u', 'delta', 'B', 'C', 'z')))
        y = [selective_state_update(state, u, dt, B=B, C=C, z=z, **rows) for u, dt, B, C, z in tokens]
        return torch.stack(y, dim=1), state

    first = torch.linspace(-2, 2, 2 * 6 * 4).view(2, 6, 4).to(state_type)
    return run(args, first.clone()), run({k: v.double() for k, v in args.items()}, first.double())


@pytest.mark.parametrize('parameter_type', FLOATS)
@pytest.mark.parametrize('token_type', FLOATS)
@pytest.mark.parametrize('state_type', FLOATS)
def test_a_state_is_rounded_where_it_is_stored_and_nowhere_else(state_type, token_type, parameter_type):
    (y, state), (exact_y, exact_state) = updates(state_type, token_type, parameter_type, length=1)
    assert (y.dtype, state.dtype) == (token_type, state_type)
    widest = max(torch.finfo(t).bits for t in (state_type, token_type, parameter_type))
    computing = 1e-14 if widest == 64 else 1e-6
    for found, exact in ((y, exact_y), (state, exact_state)):
        rounding = torch.finfo(found.dtype).eps / 2
        torch.testing.assert_close(found.double(), exact, rtol=rounding + computing, atol=computing)


@pytest.mark.parametrize('state_type, bound', [(torch.bfloat16, 4e-3), (torch.float16, 5e-4), (torch.float32, 1e-6)])
def test_a_state_in_half_precision_over_a_long_stream(state_type, bound):
    """What storing it rounded costs, and no more; computed in bfloat16 throughout it was 8e-3 to 1e-2."""
    (y, _), (exact, _) = updates(state_type, torch.float32, torch.float32, length=400)
    assert (y - exact).abs().max() <= bound * exact.abs().max()


@pytest.mark.parametrize('backend', FAST)
def test_autocast_leaves_the_recurrence_in_float32(backend):
    skip_unless_available(backend)
    args = {k: v.detach() for k, v in arguments(1, 200, 8, 4, torch.float32).items()}
    plain = selective_scan(**args, delta_softplus=True, backend=backend)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(selective_scan(**args, delta_softplus=True, backend=backend), plain)


@pytest.mark.no_shape_checks
@pytest.mark.parametrize('backend', FAST)
def test_compiled_models_give_the_same(backend):
    skip_unless_available(backend)
    args = arguments(1, 40, 8, 4, torch.float32)

    def loss(*values):
        y = selective_scan(**dict(zip(args, values)), delta_softplus=True, backend=backend)
        return y.tanh().sum()

    compiled = torch.compile(loss, backend='aot_eager', fullgraph=True)
    values = tuple(args.values())
    torch.testing.assert_close(compiled(*values), loss(*values))
    for ours, theirs in zip(torch.autograd.grad(compiled(*values), values), torch.autograd.grad(loss(*values), values)):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize('backend', FAST)
def test_registered_as_torch_wants_operators(backend):
    """Schema, fake tensors and gradient, by torch's own check."""
    skip_unless_available(backend)
    args = arguments(1, 40, 8, 4, torch.float32)
    u, delta, A, B, C, *others = args.values()
    if backend == 'cpu':
        results = torch.library.opcheck(
            torch.ops.mmradar.selective_scan_cpu, (u, delta, A, B, C, *others, True, True, True)
        )
    else:
        results = torch.library.opcheck(torch.ops.mmradar.selective_scan_two_level, (u, delta.exp(), A, B, C, 16))
    assert set(results.values()) == {'SUCCESS'}


@pytest.mark.no_shape_checks
def test_what_does_not_fit_is_named():
    args = {k: v.detach() for k, v in arguments(2, 10, 8, 4, torch.float32).items()}
    with pytest.raises(ValueError, match=r'B must be \(2, 10, 4\), found \(2, 4, 10\)'):
        selective_scan(**{**args, 'B': args['B'].transpose(1, 2)})
    with pytest.raises(ValueError, match=r'D must be \(8,\), found \(1,\)'):
        selective_scan(**{**args, 'D': args['D'][:1]})
    with pytest.raises(TypeError, match=r'delta must be real floating-point numbers, found torch\.int64'):
        selective_scan(**{**args, 'delta': torch.ones(2, 10, 8, dtype=torch.int64)})
    with pytest.raises(TypeError, match='A must be real floating-point numbers, found torch.complex64'):
        selective_scan(**{**args, 'A': args['A'].to(torch.complex64)})
    with pytest.raises(ValueError, match='C is on meta, but the tokens are on cpu'):
        selective_scan(**{**args, 'C': args['C'].to('meta')})
    with pytest.raises(ValueError, match=r'nothing to scan: u is \(2, 0, 8\)'):
        selective_scan(**{k: v[:, :0] if v.ndim == 3 else v for k, v in args.items()})
    with pytest.raises(ValueError, match=r'A must be \(8, 8\), found \(4, 8\): are its last two axes swapped\?$'):
        selective_scan(**{**args, 'A': args['A'].T})
    with pytest.raises(ValueError, match="unknown selective_scan backend 'fast'"):
        selective_scan(**args, backend='fast')
    with pytest.raises(RuntimeError, match="backend 'mamba_ssm' cannot run here: needs CUDA tensors"):
        selective_scan(**args, backend='mamba_ssm')


@pytest.mark.no_shape_checks
def test_the_layout_of_mamba_ssm_is_named():
    args = {k: v.detach() for k, v in arguments(2, 10, 8, 4, torch.float32).items()}
    turned = {k: v.transpose(1, 2) if v.ndim == 3 else v for k, v in args.items()}
    with pytest.raises(
        ValueError, match=r'u must be \(batch, length, 8\), A being \(8, 4\), found \(2, 8, 10\).*transpose'
    ):
        selective_scan(**turned)
    for name in ('delta', 'B', 'C', 'z'):
        with pytest.raises(ValueError, match=f'{name} must be .* swapped. Tokens come before channels here, in every'):
            selective_scan(**{**args, name: turned[name]})
    # as many tokens as channels: B tells
    args = {k: v.detach() for k, v in arguments(2, 8, 8, 4, torch.float32).items()}
    turned = {k: v.transpose(1, 2) if v.ndim == 3 else v for k, v in args.items()}
    with pytest.raises(ValueError, match='B must be .* swapped. Tokens come before channels here, in every argument'):
        selective_scan(**turned)
    # as many states too: nothing tells, and the documentation says so
    assert 'shapes cannot tell' in selective_scan.__doc__


def test_shapes_only_in_the_types_of_the_real_thing():
    args = {k: v.detach().bfloat16() for k, v in arguments(2, 10, 8, 4, torch.float32).items()}
    real = selective_scan(**args, return_last_state=True)
    meta = selective_scan(**{k: v.to('meta') for k, v in args.items()}, return_last_state=True)
    assert [(x.shape, x.dtype) for x in real] == [(x.shape, x.dtype) for x in meta]
