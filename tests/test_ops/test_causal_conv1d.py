import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ops.scan_cases import FAST, arguments, skip_unless_available

from mmradar.ops import causal_conv1d, causal_conv1d_update, selective_scan, selective_state_update

# batch, length, channels, taps
SHAPES = [(2, 9, 5, 4), (1, 1, 8, 4), (3, 3, 16, 4), (2, 100, 24, 3), (1, 600, 9, 8), (1, 65, 8, 1)]


def conv_of_torch(x, weight, bias, activation, reverse):
    """The same by torch's convolution, channels first."""
    turned = x.flip(1) if reverse else x
    width = weight.shape[1]
    y = torch.nn.functional.conv1d(
        turned.transpose(1, 2), weight.unsqueeze(1), bias, padding=width - 1, groups=x.shape[2]
    )
    y = y[..., : x.shape[1]].transpose(1, 2)
    y = torch.nn.functional.silu(y) if activation else y
    return y.flip(1) if reverse else y


def inputs(batch, length, dim, width, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    shapes = ((batch, length, dim), (dim, width), (dim,))
    return [torch.randn(shape, generator=generator).to(dtype).requires_grad_() for shape in shapes]


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('reverse', [False, True])
@pytest.mark.parametrize('activation', [None, 'silu', 'swish'])
@pytest.mark.parametrize(
    'shape', [(2, 9, 5, 4), (1, 1, 8, 4), (3, 3, 16, 4), (2, 100, 24, 3), (1, 600, 9, 8), (1, 65, 8, 1)]
)
def test_equals_torch_s_convolution_with_every_gradient(backend, reverse, activation, shape):
    skip_unless_available(backend)

    def outputs(run, dtype):
        x, weight, bias = inputs(*shape, dtype)
        y = run(x, weight, bias)
        ramp = torch.linspace(0.5, 1, y.numel()).view_as(y).to(dtype)
        return [y, *torch.autograd.grad((y * ramp).sum(), (x, weight, bias))]

    expected = outputs(lambda *args: conv_of_torch(*args, activation, reverse), torch.float64)
    found = outputs(lambda *args: causal_conv1d(*args, activation, reverse=reverse, backend=backend), torch.float32)
    for theirs, ours in zip(expected, found):
        assert (ours - theirs).abs().max() <= 2e-6 * theirs.abs().max()


@pytest.mark.parametrize('backend', FAST)
def test_without_bias_on_slices_and_in_half_precision(backend):
    skip_unless_available(backend)
    wide = torch.randn(2, 50, 40)
    x, weight = wide[..., 8:24], torch.randn(16, 4)
    y = causal_conv1d(x, weight, activation='silu', backend=backend)
    torch.testing.assert_close(y, conv_of_torch(x, weight, None, 'silu', False))
    half = wide.bfloat16()[..., 8:24]
    y = causal_conv1d(half, weight, activation='silu', backend=backend)
    exact = conv_of_torch(half.float(), weight, None, 'silu', False)
    assert y.dtype == torch.bfloat16
    assert (y - exact).abs().max() <= 2**-8 * exact.abs().max()


@pytest.mark.parametrize('parameter_type', [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize('token_type', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('backend', FAST)
def test_half_precision_rounds_the_result_and_nothing_on_the_way_there(backend, token_type, parameter_type):
    skip_unless_available(backend)
    x, weight, bias = (t.detach() for t in inputs(2, 200, 16, 4))
    x, weight, bias = x.to(token_type), weight.to(parameter_type), bias.to(parameter_type)
    exact = causal_conv1d(x.double(), weight.double(), bias.double(), 'silu')
    y = causal_conv1d(x, weight, bias, 'silu', backend=backend)
    torch.testing.assert_close(y.double(), exact, rtol=torch.finfo(token_type).eps / 2 + 1e-5, atol=1e-5)


# Pieces


def by_pieces(x, weight, bias, sizes, initial, *options, **keywords):
    """The convolution of pieces of such sizes, each from the final states of the one before, and the last ones."""
    pieces, outputs, states = list(x.split(sizes, dim=1)), [], initial
    turned = keywords.get('reverse', False)
    for piece in reversed(pieces) if turned else pieces:
        y, states = causal_conv1d(
            piece, weight, bias, *options, initial_states=states, return_final_states=True, **keywords
        )
        outputs.append(y)
    return torch.cat(outputs[::-1] if turned else outputs, dim=1), states


@pytest.mark.parametrize('backend', FAST)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(any),
    width=st.integers(1, 8),
    reverse=st.booleans(),
    activation=st.sampled_from([None, 'silu']),
    biased=st.booleans(),
    started=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_pieces_equal_the_whole(backend, sizes, width, reverse, activation, biased, started):
    skip_unless_available(backend)
    batch, dim, before = 2, 5, width - 1
    x, weight, bias = (t.float().detach() for t in inputs(batch, sum(sizes), dim, width))
    initial = torch.linspace(-2, 2, batch * before * dim).view(batch, before, dim)
    tensors = [t.requires_grad_() for t in (x, weight, bias, initial)]
    # the whole: the initial states are tokens like the others
    front = initial if started else torch.zeros_like(initial)
    tokens = torch.cat([x, front] if reverse else [front, x], dim=1)
    whole = conv_of_torch(tokens.double(), weight.double(), bias.double() if biased else None, activation, reverse)
    whole = whole[:, : x.shape[1]] if reverse else whole[:, before:]
    last = tokens[:, :before] if reverse else tokens[:, tokens.shape[1] - before :]
    y, states = by_pieces(
        x, weight, bias if biased else None, sizes, initial if started else None, activation,
        reverse=reverse, backend=backend,
    )  # fmt: skip
    assert torch.equal(states, last)
    torch.testing.assert_close(y.double(), whole, rtol=1e-5, atol=1e-5)

    def gradients(y, states):
        loss = (y.double() * torch.linspace(0.5, 1, y.numel()).view_as(y)).sum() + states.double().square().sum()
        found = torch.autograd.grad(loss, tensors, allow_unused=True) if loss.requires_grad else [None] * 4
        return [torch.zeros_like(t) if grad is None else grad for t, grad in zip(tensors, found)]

    for ours, theirs in zip(gradients(y, states), gradients(whole, last)):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_final_states_by_hand():
    x = torch.tensor([[[1.0], [2.0], [3.0]]])
    weight = torch.tensor([[1000.0, 100.0, 10.0, 1.0]])
    y, states = causal_conv1d(x[:, :2], weight, return_final_states=True)
    assert y.flatten().tolist() == [1, 12] and states.flatten().tolist() == [0, 1, 2]
    y, states = causal_conv1d(x[:, 2:], weight, initial_states=states, return_final_states=True)
    assert y.flatten().tolist() == [123] and states.flatten().tolist() == [1, 2, 3]
    y, states = causal_conv1d(x[:, :2], weight, return_final_states=True, reverse=True)
    assert y.flatten().tolist() == [21, 2] and states.flatten().tolist() == [1, 2, 0]


@pytest.mark.parametrize('length', [3, 8])
def test_final_states_are_a_copy(length):
    x, weight, _ = (t.detach() for t in inputs(1, length, 8, 4))
    before = x.clone()
    for reverse in (False, True):
        _, states = causal_conv1d(x, weight, return_final_states=True, reverse=reverse)
        states.zero_()
        assert torch.equal(x, before)


@pytest.mark.parametrize('shape', [(0, 5, 4), (2, 0, 4), (2, 5, 0)])
def test_of_nothing_comes_nothing(shape):
    x, weight, bias = (t.float().detach().requires_grad_() for t in inputs(*shape, 3))
    y, states = causal_conv1d(x, weight, bias, 'silu', return_final_states=True)
    assert y.shape == shape and states.shape == (shape[0], 2, shape[2])
    grads = torch.autograd.grad(y.sum() + states.sum(), (x, weight, bias))
    assert [g.shape for g in grads] == [t.shape for t in (x, weight, bias)] and not any(g.any() for g in grads[1:])


def test_types_of_pieces():
    x, weight, bias = (t.detach().float() for t in inputs(2, 2, 8, 4))
    y, states = causal_conv1d(
        x.bfloat16(), weight, bias, initial_states=x[:, :1].expand(2, 3, 8), return_final_states=True
    )
    assert y.dtype == torch.bfloat16 and states.dtype == torch.float32
    assert torch.equal(states[:, 0], x[:, 0])  # not rounded: no token of the piece
    y, states = causal_conv1d(x.bfloat16(), weight, bias, return_final_states=True)
    assert y.dtype == states.dtype == torch.bfloat16
    y, states = causal_conv1d(x.to('meta'), weight.to('meta'), return_final_states=True)
    assert y.shape == x.shape and states.shape == (2, 3, 8)


# Streams


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('kept', [3, 4, 7])
@pytest.mark.parametrize('several', [False, True])
def test_a_stream_equals_the_whole(backend, kept, several):
    skip_unless_available(backend)
    x, weight, bias = (t.detach().float() for t in inputs(2, 12, 8, 4))
    whole = causal_conv1d(x, weight, bias, 'silu', backend=backend)
    state = torch.zeros(2, kept, 8)
    pieces = x.split((1, 2, 0, 9), dim=1) if several else x.unbind(1)
    y = [causal_conv1d_update(piece, state, weight, bias, 'swish', backend=backend) for piece in pieces]
    torch.testing.assert_close(torch.cat(y, dim=1) if several else torch.stack(y, dim=1), whole)
    assert torch.equal(state, x[:, -kept:])


def test_a_state_in_half_precision_is_rounded_where_it_is_stored():
    x, weight, bias = (t.detach().float() for t in inputs(2, 3, 8, 4))
    state = torch.zeros(2, 3, 8, dtype=torch.bfloat16)
    y = causal_conv1d_update(x, state, weight, bias)
    torch.testing.assert_close(y, causal_conv1d(x, weight, bias))
    assert torch.equal(state, x.bfloat16())


@torch.no_grad()
def test_convolution_and_scan_of_a_mamba_layer_token_by_token():
    args = {k: v.detach() for k, v in arguments(2, 20, 8, 4, torch.float32).items()}
    _, weight, bias = (t.detach().float() for t in inputs(2, 20, 8, 4))
    whole = selective_scan(causal_conv1d(args['u'], weight, bias, 'silu'), *list(args.values())[1:], True)
    conv_state, state, y = torch.zeros(2, 3, 8), torch.zeros(2, 8, 4), []
    for t in range(20):
        x, delta, B, C, z = (args[name][:, t] for name in ('u', 'delta', 'B', 'C', 'z'))
        x = causal_conv1d_update(x, conv_state, weight, bias, 'silu')
        y.append(selective_state_update(state, x, delta, args['A'], B, C, args['D'], z, args['delta_bias'], True))
    torch.testing.assert_close(torch.stack(y, dim=1), whole, rtol=1e-5, atol=1e-5)


# Refusals


def test_wider_than_the_native_kernel_goes_to_torch():
    x, weight, bias = inputs(1, 30, 8, 9, torch.float32)
    torch.testing.assert_close(causal_conv1d(x, weight, bias), conv_of_torch(x, weight, bias, None, False))


@pytest.mark.no_shape_checks
def test_what_does_not_fit_is_named():
    x, weight, bias = inputs(1, 30, 8, 4, torch.float32)
    with pytest.raises(ValueError, match=r'weight must be \(8, 8\), found \(4, 8\)'):
        causal_conv1d(x, weight.T, bias)
    with pytest.raises(ValueError, match=r'takes x as \(batch, length, dim\).* found \(30, 8\)'):
        causal_conv1d(x[0], weight, bias)
    with pytest.raises(ValueError, match="activation must be 'silu', its other name 'swish', or None, found 'relu'"):
        causal_conv1d(x, weight, bias, 'relu')
    with pytest.raises(ValueError, match='activation must be'):
        causal_conv1d(x, weight, bias, torch.zeros(1, 3, 8))  # causal-conv1d's fourth argument is another
    with pytest.raises(ValueError, match=r'weight as \(dim, width\), found .*\(8, 0\)'):
        causal_conv1d(x, weight[:, :0], bias)
    with pytest.raises(ValueError, match=r'initial_states must be \(1, 3, 8\), found \(1, 2, 8\)'):
        causal_conv1d(x, weight, bias, initial_states=x[:, :2])
    with pytest.raises(ValueError, match=r'conv_state must be \(1, 3, 8\), found \(1, 2, 8\)'):
        causal_conv1d_update(x[:, 0], x[:, :2], weight, bias)
    with pytest.raises(ValueError, match=r'conv_state must be \(1, 3, 8\), found \(8, 3\)'):
        causal_conv1d_update(x[:, 0], weight[:, 1:], weight, bias)
    with pytest.raises(ValueError, match=r'causal_conv1d_update takes x as'):
        causal_conv1d_update(x[0, 0], x[:, :3], weight, bias)
    with pytest.raises(TypeError, match='x must be real floating-point numbers, found torch.int64'):
        causal_conv1d(x.long(), weight, bias)


@pytest.mark.no_shape_checks
def test_the_layout_of_other_packages_is_named():
    x, weight, bias = (t.detach() for t in inputs(2, 30, 8, 4, torch.float32))
    turned = r'x must be \(batch, length, 8\), weight being \(8, 4\), found \(2, 8, 30\).*x.transpose\(1, -1\)'
    with pytest.raises(ValueError, match=turned):
        causal_conv1d(x.transpose(1, 2), weight, bias)
    with pytest.raises(ValueError, match=turned):
        causal_conv1d_update(x.transpose(1, 2), torch.zeros(2, 3, 8), weight, bias)
    with pytest.raises(ValueError, match=r'initial_states must be .* swapped\? Tokens come before channels'):
        causal_conv1d(x, weight, bias, initial_states=torch.zeros(2, 8, 3))
    with pytest.raises(ValueError, match=r'conv_state must be \(batch, length, 8\).* Tokens come before channels'):
        causal_conv1d_update(x[:, 0], torch.zeros(2, 8, 3), weight, bias)
    with pytest.raises(ValueError, match=r'weight must be \(8, 8\), found \(4, 8\): are its last two axes swapped'):
        causal_conv1d(x, weight.T, bias)
    with pytest.raises(ValueError, match=r'weight.squeeze\(1\)'):
        causal_conv1d(x, torch.nn.Conv1d(8, 8, 4, groups=8).weight, bias)
