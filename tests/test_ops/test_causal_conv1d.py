import pytest
import torch
from test_ops.scan_cases import FAST, skip_unless_available

from mmradar.ops import causal_conv1d

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
@pytest.mark.parametrize('activation', [None, 'silu'])
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


def test_wider_than_the_native_kernel_goes_to_torch():
    x, weight, bias = inputs(1, 30, 8, 9, torch.float32)
    torch.testing.assert_close(causal_conv1d(x, weight, bias), conv_of_torch(x, weight, bias, None, False))


def test_what_does_not_fit_is_named():
    x, weight, bias = inputs(1, 30, 8, 4, torch.float32)
    with pytest.raises(ValueError, match=r'weight must be \(8, 8\), found \(4, 8\)'):
        causal_conv1d(x, weight.T, bias)
    with pytest.raises(ValueError, match=r'takes x as \(batch, length, dim\).* found \(30, 8\)'):
        causal_conv1d(x[0], weight, bias)
    with pytest.raises(ValueError, match="activation must be 'silu' or None, found 'relu'"):
        causal_conv1d(x, weight, bias, 'relu')
    with pytest.raises(TypeError, match='x must be real floating-point numbers, found torch.int64'):
        causal_conv1d(x.long(), weight, bias)
