import importlib
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmradar.ops.diagonal_ssm import (
    by_frame,
    chunk_operators,
    complex_expm1,
    convolve_one,
    diagonal_ssm,
    diagonal_ssm_step,
    discretise,
    fft_convolve,
    ssm_kernel,
)
from mmradar.ops.diagonal_ssm.scan import _chunk_length

# the package's own name is the function's
convolution = importlib.import_module('mmradar.ops.diagonal_ssm.convolution')


def parameters(dim=12, pairs=8, dtype=torch.float32, seed=0):
    """S4D-Lin's: delta from 1e-3 to 1e-1, A = -1/2 + i pi n."""
    random = torch.Generator().manual_seed(seed)
    delta = torch.exp(torch.rand(dim, generator=random, dtype=torch.float64) * math.log(100) + math.log(1e-3))
    A = torch.complex(torch.full((dim, pairs), -0.5), math.pi * torch.arange(pairs).float().repeat(dim, 1))
    C = torch.randn(dim, pairs, generator=random, dtype=torch.complex128)
    D = torch.randn(dim, generator=random, dtype=torch.float64)
    complex_type = torch.complex128 if dtype == torch.float64 else torch.complex64
    return dict(delta=delta.to(dtype), A=A.to(complex_type), C=C.to(complex_type), D=D.to(dtype))


def widened(arguments):
    return {k: v.to(torch.complex128) if v.is_complex() else v.double() for k, v in arguments.items()}


def stepped(u, scale=None, **arguments):
    state = torch.zeros(u.shape[0], *u.shape[2:], arguments['A'].shape[1], dtype=torch.complex64)
    if u.dtype == torch.float64:
        state = state.to(torch.complex128)
    scales = [1.0] * u.shape[1] if scale is None else scale.unbind(1)
    return torch.stack(
        [diagonal_ssm_step(state, x, delta_scale=s, **arguments) for x, s in zip(u.unbind(1), scales)], 1
    )


def relative_error(found, exact):
    return ((found - exact).abs().max() / exact.abs().max()).item()


def test_by_hand():
    """One state pair of A = -1 (twice, folded): h1 = (1 - e^-ln2) u1 = 0.5 * 2, h2 = 0.5 h1 + 0.5 * 4."""
    delta, A, C = torch.tensor([math.log(2)]), torch.tensor([[-1 + 0j]]), torch.tensor([[3 + 5j]])
    u = torch.tensor([2.0, 4.0]).reshape(1, 2, 1)
    expected = torch.tensor([2 * 3 * 1.0 + 7 * 2, 2 * 3 * 2.5 + 7 * 4]).reshape(1, 2, 1)
    for method in ('reference', 'fft', 'chunked', 'scan'):
        torch.testing.assert_close(diagonal_ssm(u, delta, A, C, torch.tensor([7.0]), method=method), expected)


def test_reference_holds_the_input_exactly():
    """Zero-order hold is exact for piecewise constant inputs: twice the step is two half steps of the same input."""
    args = parameters(dtype=torch.float64)
    args.pop('D')
    u = torch.randn(1, 20, 12, dtype=torch.float64)
    coarse = diagonal_ssm(u, **args, delta_scale=2.0, method='reference')
    fine = diagonal_ssm(u.repeat_interleave(2, dim=1), **args, method='reference')
    torch.testing.assert_close(coarse, fine[:, 1::2], rtol=1e-10, atol=1e-10)


# One frame, chunk borders (128 is one chunk, 129 are three), the paper's length, and a long one
@pytest.mark.parametrize('length', [1, 2, 17, 63, 64, 65, 128, 129, 192, 243, 1000])
@pytest.mark.parametrize('reverse', [False, True])
def test_every_method_equals_the_complex128_loop(length, reverse):
    args, u = parameters(), torch.randn(2, length, 3, 12)
    exact = diagonal_ssm(u.double(), **widened(args), reverse=reverse, method='reference')
    for method in ('fft', 'chunked', 'scan'):
        found = diagonal_ssm(u, **args, reverse=reverse, method=method)
        assert found.dtype == torch.float32 and relative_error(found, exact) < 1e-6, method


def test_convolution_and_step_agree_in_float32():
    """The issue's bound is 1e-5; steps accumulate rounding over 2187 frames."""
    args, u = parameters(), torch.randn(1, 2187, 12)
    exact = diagonal_ssm(u.double(), **widened(args), method='reference')
    by_step = stepped(u, **args)
    for method in ('fft', 'chunked'):
        assert relative_error(diagonal_ssm(u, **args, method=method), by_step) < 2e-6
    assert relative_error(by_step, exact) < 2e-6


@pytest.mark.parametrize('num_reversed', [0, 5, 12])
def test_one_short_sequence_is_convolved_as_many_are(num_reversed):
    args, u = parameters(), torch.randn(1, 17, 12)
    operators = chunk_operators(**args, length=17, num_reversed=num_reversed)
    expected = torch.cat(
        [
            diagonal_ssm(u, **args, method='reference')[..., : 12 - num_reversed],
            diagonal_ssm(u, **args, method='reference', reverse=True)[..., 12 - num_reversed :],
        ],
        dim=-1,
    )
    torch.testing.assert_close(convolve_one(u, by_frame(operators)), expected, rtol=1e-5, atol=1e-5)


def test_slowly_decaying_states_keep_their_phase_over_many_frames():
    """Rounding A_bar itself to float32 would shift the phase by up to 3e-8 a frame: 1e-4 after 4000 frames."""
    args = parameters(dim=4)
    args['delta'] = torch.full((4,), 1e-4)
    u = torch.zeros(1, 4000, 4)
    u[:, 0] = 1
    exact = diagonal_ssm(u.double(), **widened(args), method='reference')[:, 1:]
    assert relative_error(stepped(u, **args)[:, 1:], exact) < 2e-5
    for method in ('chunked', 'scan'):
        assert relative_error(diagonal_ssm(u, **args, method=method)[:, 1:], exact) < 2e-5


@pytest.mark.parametrize('reverse', [False, True])
@pytest.mark.parametrize('length', [1, 3, 31, 32, 33, 100])
def test_scales_of_frames(length, reverse):
    args, u = parameters(), torch.randn(2, length, 3, 12)
    scale = torch.rand(2, length) * 4
    exact = diagonal_ssm(u.double(), **widened(args), delta_scale=scale.double(), reverse=reverse, method='reference')
    assert relative_error(diagonal_ssm(u, **args, delta_scale=scale, reverse=reverse), exact) < 1e-6
    if not reverse:
        assert relative_error(stepped(u, scale, **args), exact) < 2e-6


def test_reverse_by_hand_with_scales():
    """Elapsed times belong to intervals, not to frames: walking back, the interval (t, t + 1) is the same."""
    args = parameters(dtype=torch.float64)
    u, scale = torch.randn(1, 4, 12, dtype=torch.float64), torch.tensor([[1.0, 2.0, 3.0, 4.0]]).double()
    backwards = diagonal_ssm(u.flip(1), **args, delta_scale=torch.tensor([[1.0, 4.0, 3.0, 2.0]]).double())
    torch.testing.assert_close(diagonal_ssm(u, **args, delta_scale=scale, reverse=True), backwards.flip(1))


@pytest.mark.parametrize('method', ['fft', 'chunked', 'scan'])
@pytest.mark.parametrize('reverse', [False, True])
def test_constant_scales_agree_in_every_shape(method, reverse):
    args, u = parameters(), torch.randn(2, 140, 12)
    exact = diagonal_ssm(u.double(), **widened(args), delta_scale=0.5, reverse=reverse, method='reference')
    scales = [0.5, torch.tensor(0.5)]
    scales += [] if method == 'chunked' else [torch.full((2,), 0.5)]
    scales += [torch.full((2, 140), 0.5)] if method == 'scan' else []
    for scale in scales:
        found = diagonal_ssm(u, **args, delta_scale=scale, reverse=reverse, method=method)
        assert relative_error(found, exact) < 1e-6


def test_each_sequence_has_its_own_rate():
    args, u = parameters(), torch.randn(2, 50, 3, 12)
    both = diagonal_ssm(u, **args, delta_scale=torch.tensor([0.5, 3.0]))
    for index, scale in enumerate((0.5, 3.0)):
        alone = diagonal_ssm(u[index : index + 1], **args, delta_scale=scale)
        torch.testing.assert_close(both[index : index + 1], alone, rtol=1e-5, atol=1e-5)


def test_rescaling_follows_a_smooth_signal_to_half_the_rate():
    """The point of the continuous-time form: 6 % error with the rescale against more than 60 % without."""
    args = parameters(dim=24, pairs=4)
    args.pop('D')
    times = torch.arange(0, 400) / 100
    signal = torch.stack([torch.sin(2 * math.pi * f * times + f) for f in torch.linspace(0.2, 1, 24)], -1)[None]
    full = diagonal_ssm(signal, **args)[:, 100::2]
    rescaled = diagonal_ssm(signal[:, ::2], **args, delta_scale=2.0)[:, 50:]
    plain = diagonal_ssm(signal[:, ::2], **args)[:, 50:]
    error = [((x - full).norm() / full.norm()).item() for x in (rescaled, plain)]
    assert error[0] < 0.1 < 0.6 < error[1], error


@pytest.mark.parametrize('method', ['fft', 'chunked', 'scan'])
@pytest.mark.parametrize('reverse', [False, True])
def test_gradcheck(method, reverse, monkeypatch):
    monkeypatch.setattr(convolution, 'SINGLE_CHUNK_LENGTH', 2)
    monkeypatch.setattr(convolution, 'CHUNK_LENGTH', 3)
    args = {k: v.requires_grad_() for k, v in parameters(2, 2, torch.float64).items()}
    u = torch.randn(1, 7, 2, 2, dtype=torch.float64, requires_grad=True)

    def run(u, *values):
        return diagonal_ssm(u, **dict(zip(args, values)), reverse=reverse, method=method)

    assert torch.autograd.gradcheck(run, (u, *args.values()))


def test_gradcheck_with_scales_of_frames_which_have_gradients_too():
    args = {k: v.requires_grad_() for k, v in parameters(2, 2, torch.float64).items()}
    u = torch.randn(2, 5, 2, dtype=torch.float64, requires_grad=True)
    scale = (torch.rand(2, 5, dtype=torch.float64) + 0.5).requires_grad_()

    def run(u, scale, *values):
        return diagonal_ssm(u, **dict(zip(args, values)), delta_scale=scale)

    assert torch.autograd.gradcheck(run, (u, scale, *args.values()))


def test_float32_gradients_equal_the_loop():
    exact_args = {k: v.requires_grad_() for k, v in parameters(dtype=torch.float64).items()}
    u = torch.randn(2, 150, 12)
    weight = torch.randn(2, 150, 12)
    exact_u = u.double().requires_grad_()
    loss = (diagonal_ssm(exact_u, **exact_args, method='reference') * weight).sum()
    exact = torch.autograd.grad(loss, (exact_u, *exact_args.values()))
    for method in ('fft', 'chunked', 'scan'):
        args = {k: v.requires_grad_() for k, v in parameters().items()}
        single_u = u.clone().requires_grad_()
        loss = (diagonal_ssm(single_u, **args, method=method) * weight).sum()
        for mine, theirs in zip(torch.autograd.grad(loss, (single_u, *args.values())), exact):
            assert relative_error(mine, theirs) < 1e-5, method


@given(
    st.floats(-20, -1e-12) | st.just(0.0),
    st.floats(-1e-7, 1e-7) | st.floats(-100, 100),
)
@settings(max_examples=200, deadline=None)
def test_expm1_keeps_all_digits(real, imaginary):
    """Against the series for small arguments, and against exp for the others."""
    z = torch.tensor(complex(real, imaginary), dtype=torch.complex128)
    exact = z * (1 + z / 2 * (1 + z / 3 * (1 + z / 4))) if z.abs() < 1e-3 else torch.exp(z) - 1
    assert (complex_expm1(z) - exact).abs() <= 1e-12 * exact.abs() + 1e-300


def test_tiny_steps_do_not_cancel():
    """(exp(delta A) - 1) / A is delta for small delta; computed as written it has no digits left."""
    frame = discretise(torch.tensor([1e-12]), torch.tensor([[-0.5 + 3j]]))
    torch.testing.assert_close(frame.drive.real, torch.tensor([[1e-12]]).double(), rtol=1e-6, atol=0)


def test_states_that_decay_at_once_do_not_overflow():
    """Chunks get as short as the decay needs: e^80 and more would be infinite in float32."""
    args, u = parameters(), torch.randn(1, 40, 12)
    args['A'] = args['A'] - 2000
    scale = torch.rand(1, 40) * 50 + 0.1
    assert _chunk_length(args['delta'], args['A'], scale) == 1
    args['delta'][:6] = 1e-3
    exact = diagonal_ssm(u.double(), **widened(args), delta_scale=scale.double(), method='reference')
    found = diagonal_ssm(u, **args, delta_scale=scale)
    assert relative_error(found, exact) < 1e-6
    moderate = torch.full((1, 40), 0.1)
    assert 1 < _chunk_length(args['delta'], args['A'] + 1980, moderate) <= 32


def test_frames_without_time_in_between_change_no_state():
    args, u = parameters(), torch.randn(1, 10, 12)
    args.pop('D')
    scale = torch.ones(1, 10)
    scale[:, 5:] = 0
    y = diagonal_ssm(u, **args, delta_scale=scale)
    torch.testing.assert_close(y[:, 5:], y[:, 4:5].expand(1, 5, 12))


def test_kernel_of_sequences_and_its_length():
    args = parameters()
    args.pop('D')
    kernels = ssm_kernel(**args, length=37, delta_scale=torch.tensor([1.0, 2.0]))
    assert kernels.shape == (2, 12, 37) and kernels.dtype == torch.float64
    torch.testing.assert_close(kernels[0], ssm_kernel(**args, length=100)[:, :37])
    frame = discretise(args['delta'], args['A'], 2.0)
    late = 2 * (args['C'] * frame.drive * (frame.decay_minus_one + 1) ** 36).sum(-1).real
    torch.testing.assert_close(kernels[1, :, 36], late, rtol=1e-9, atol=1e-12)


def test_fft_convolves_a_share_of_the_channels_backwards():
    u, kernel = torch.randn(2, 9, 4), torch.randn(4, 9)
    y = fft_convolve(u, kernel, num_reversed=1)
    for channel, turn in ((0, False), (3, True)):
        x = u[0, :, channel].flip(0) if turn else u[0, :, channel]
        by_hand = torch.stack([(x[: t + 1].flip(0) * kernel[channel, : t + 1]).sum() for t in range(9)])
        torch.testing.assert_close(y[0, :, channel], by_hand.flip(0) if turn else by_hand, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_types_and_autocast_are_computed_in_float32(dtype):
    args, u = parameters(), torch.randn(1, 80, 12).to(dtype)
    expected = diagonal_ssm(u.float(), **args)
    found = diagonal_ssm(u, **args)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), expected, rtol=1e-2, atol=1e-2)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.testing.assert_close(diagonal_ssm(u.float(), **args), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize('frame_type', [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize('state_type', [torch.complex32, torch.complex64, torch.complex128])
@pytest.mark.filterwarnings('ignore:ComplexHalf')  # torch calls it experimental: it is only stored in
def test_a_state_is_rounded_where_it_is_stored_and_nowhere_else(state_type, frame_type):
    args = parameters()
    first = torch.randn(2, 12, 8, dtype=torch.complex64).to(state_type)
    u = torch.randn(2, 12).to(frame_type)
    state, exact_state = first.clone(), first.to(torch.complex128)
    y = diagonal_ssm_step(state, u, **args)
    exact = diagonal_ssm_step(exact_state, u.double(), **widened(args))
    assert (y.dtype, state.dtype) == (frame_type, state_type)
    computing = 1e-12 if torch.float64 in (frame_type, state.real.dtype) else 1e-6
    for found, exact_one in ((y.double(), exact), (state.to(torch.complex128), exact_state)):
        rounding = torch.finfo(state.real.dtype if found.is_complex() else y.dtype).eps / 2
        torch.testing.assert_close(
            found, exact_one, rtol=rounding + computing, atol=computing + 3e-8 * (rounding > 1e-4)
        )


def test_memory_of_a_stream_is_its_state():
    args = parameters()
    state = torch.zeros(1, 12, 8, dtype=torch.complex64)
    address = state.data_ptr()
    for _ in range(3):
        diagonal_ssm_step(state, torch.randn(1, 12), **args)
    assert state.data_ptr() == address and state.abs().sum() > 0


def test_rates_of_a_batch_of_streams():
    args, u = parameters(), torch.randn(2, 3, 12)
    state = torch.zeros(2, 3, 12, 8, dtype=torch.complex64)
    y = diagonal_ssm_step(state, u, **args, delta_scale=torch.tensor([0.5, 2.0]))
    for index, scale in enumerate((0.5, 2.0)):
        alone = torch.zeros(1, 3, 12, 8, dtype=torch.complex64)
        torch.testing.assert_close(
            y[index], diagonal_ssm_step(alone, u[index : index + 1], **args, delta_scale=scale)[0]
        )


@pytest.mark.no_shape_checks
@pytest.mark.parametrize(
    'change, error, message',
    [
        (dict(A=torch.zeros(12, 8)), TypeError, 'A must be complex'),
        (dict(A=torch.zeros(11, 8, dtype=torch.complex64)), ValueError, 'A must be'),
        (dict(u=torch.ones(2, 12, 5)), ValueError, r'u must be \(batch, length, 12\).* Tokens come before channels'),
        (dict(C=torch.zeros(12, 7, dtype=torch.complex64)), ValueError, 'C must be'),
        (dict(delta=torch.ones(11)), ValueError, 'delta must be'),
        (dict(D=torch.ones(1)), ValueError, 'D must be'),
        (dict(u=torch.ones(2, 12)), ValueError, 'takes u as'),
        (dict(u=torch.ones(2, 0, 12)), ValueError, 'not empty'),
        (dict(u=torch.ones(2, 5, 12).long()), TypeError, 'floating'),
        (dict(delta_scale=torch.ones(3)), ValueError, 'delta_scale must be'),
        (dict(delta_scale=-1.0), ValueError, 'not negative'),
        (dict(delta_scale=torch.tensor([1.0, float('nan')])), ValueError, 'finite'),
        (dict(method='quick'), ValueError, 'unknown diagonal_ssm method'),
        (dict(method='fft', delta_scale=torch.ones(2, 5)), ValueError, 'steady'),
        (dict(method='chunked', delta_scale=torch.ones(2)), ValueError, 'one scale'),
    ],
)
def test_refuses(change, error, message):
    with pytest.raises(error, match=message):
        diagonal_ssm(**{'u': torch.ones(2, 5, 12), **parameters(), **change})


@pytest.mark.no_shape_checks
def test_step_refuses():
    args = parameters()
    with pytest.raises(ValueError, match='state must be complex'):
        diagonal_ssm_step(torch.zeros(1, 12, 8), torch.ones(1, 12), **args)
    with pytest.raises(ValueError, match='u must be'):
        diagonal_ssm_step(torch.zeros(1, 12, 8, dtype=torch.complex64), torch.ones(1, 11), **args)


def test_operators_of_a_shorter_sequence_are_refused():
    operators = chunk_operators(**parameters(), length=17)
    with pytest.raises(ValueError, match='the operators are for a sequence of 17 frames, found 40'):
        convolution.chunked_convolve(torch.ones(1, 40, 12), operators)


def test_nan_is_never_swallowed():
    args, u = parameters(), torch.randn(1, 70, 12)
    u[0, 30, 2] = float('nan')
    for method in ('fft', 'chunked', 'scan'):
        y = diagonal_ssm(u, **args, method=method)
        assert torch.isnan(y[0, 30:, 2]).all(), method
        assert torch.isfinite(y[..., 3]).all(), method
