import math
from types import SimpleNamespace

import pytest
import torch
from test_ops.deform_conv_by_loop import deform_conv_by_loop
from test_ops.scan_cases import skip_unless_available
from torch.nn.functional import conv2d

from mmradar.ops import modulated_deform_conv2d
from mmradar.ops.modulated_deform_conv import dispatch


def deform_inputs(channels=4, groups=2, deform_groups=2, scale=1.5, size=(3, 3), batch=2, out=None, kernel=(3, 3)):
    """In float64; offsets and masks are slices of one tensor with the channels last, as layers make them."""
    generator = torch.Generator().manual_seed(0)
    samples = kernel[0] * kernel[1] * deform_groups

    def random(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    offset, mask = random(batch, *size, 3 * samples).permute(0, 3, 1, 2).split((2 * samples, samples), dim=1)
    x = random(batch, *size, channels).permute(0, 3, 1, 2)
    out = out or channels
    return (
        x,
        scale * offset,
        mask.sigmoid(),
        random(out, channels // groups, *kernel),
        random(out),
        groups,
        deform_groups,
    )


def outputs(inputs, dtype, backend):
    """The result and every gradient."""
    *tensors, groups, deform_groups = inputs
    tensors = [tensor.to(dtype).requires_grad_() for tensor in tensors]
    y = modulated_deform_conv2d(*tensors, groups, deform_groups, backend=backend)
    ramp = torch.linspace(0.5, 1, y.numel(), dtype=dtype).view(y.shape)
    return [y, *torch.autograd.grad((y * ramp).sum(), tensors)]


@pytest.mark.parametrize('groups, deform_groups', [(1, 1), (2, 1), (1, 2), (2, 4)])
def test_torch_s_form_is_the_definition(groups, deform_groups):
    inputs = deform_inputs(groups=groups, deform_groups=deform_groups)
    torch.testing.assert_close(modulated_deform_conv2d(*inputs, backend='torch'), deform_conv_by_loop(*inputs))


def test_gradients_of_torch_s_form():
    *tensors, groups, deform_groups = deform_inputs(2, 1, 1, size=(2, 3), batch=1)
    tensors = [tensor.requires_grad_() for tensor in tensors]
    assert torch.autograd.gradcheck(lambda *t: modulated_deform_conv2d(*t, groups, deform_groups), tensors)


@pytest.mark.parametrize(
    'arguments',
    [
        dict(channels=16, groups=1, deform_groups=1, size=(1, 1), batch=1),
        dict(channels=48, groups=8, deform_groups=1, size=(7, 9), batch=3),  # six channels a group: merged to vectors
        dict(channels=80, groups=16, deform_groups=1, size=(4, 5)),  # five: eight groups merged
        dict(channels=48, groups=16, deform_groups=3, size=(5, 4)),
        dict(channels=64, groups=2, deform_groups=4, size=(5, 6), kernel=(5, 3)),
        dict(channels=16, groups=4, deform_groups=1, size=(6, 5), kernel=(1, 1), out=8),
        dict(channels=256, groups=8, deform_groups=1, size=(12, 13), batch=2),  # several pieces, across maps
        dict(channels=16, groups=8, deform_groups=1, size=(6, 5), scale=30.0),  # mostly outside of the map
    ],
)
def test_native_equals_torch_with_every_gradient(arguments):
    skip_unless_available('cpu')
    inputs = deform_inputs(**arguments)
    for theirs, ours in zip(outputs(inputs, torch.float64, 'torch'), outputs(inputs, torch.float32, 'cpu')):
        assert (ours - theirs).abs().max() <= 2e-6 * theirs.abs().max()


@pytest.mark.parametrize('backend', ['cpu', 'torch'])
def test_without_offsets_it_is_a_convolution(backend):
    skip_unless_available(backend)
    x, offset, mask, weight, bias, groups, _ = (
        value.float() if isinstance(value, torch.Tensor) else value for value in deform_inputs(16, 2, 1, size=(4, 6))
    )
    y = modulated_deform_conv2d(x, 0 * offset, torch.ones_like(mask), weight, bias, groups, backend=backend)
    torch.testing.assert_close(y, conv2d(x, weight, bias, padding=1, groups=groups), rtol=1e-4, atol=1e-5)
    plain = modulated_deform_conv2d(x, 0 * offset, torch.ones_like(mask), weight, None, groups, backend=backend)
    torch.testing.assert_close(plain, y - bias.view(1, -1, 1, 1), rtol=1e-4, atol=1e-5)
    # far outside of the map there is nothing, whatever the direction
    for far in (-50.0, 50.0, -1e20):
        y = modulated_deform_conv2d(x, torch.full_like(offset, far), mask, weight, bias, groups, backend=backend)
        torch.testing.assert_close(y, bias.view(1, -1, 1, 1).expand_as(y))


@pytest.mark.parametrize('backend', ['cpu', 'torch'])
@pytest.mark.parametrize('wrong', [math.nan, math.inf])
def test_an_offset_that_is_no_number_does_not_pass_unnoticed(backend, wrong):
    skip_unless_available(backend)
    x, offset, mask, weight, bias, *groups = deform_inputs(16, 2, 1, size=(3, 4), batch=1)
    offset = offset.clone()
    offset[0, 0, 1, 1] = wrong
    tensors = [tensor.float() for tensor in (x, offset, mask, weight, bias)]
    y = modulated_deform_conv2d(*tensors, *groups, backend=backend)
    broken = y.isnan().any(dim=1)[0]
    assert broken[1, 1] and broken.sum() == 1


def test_half_precision_and_any_memory_layout():
    skip_unless_available('cpu')
    *tensors, groups, deform_groups = deform_inputs(16, 2, 1, size=(5, 4))
    tensors = [tensor.float() for tensor in tensors]
    expected = modulated_deform_conv2d(*tensors, groups, deform_groups, backend='cpu')
    first = [tensor.contiguous() for tensor in tensors]  # channels first in memory
    torch.testing.assert_close(modulated_deform_conv2d(*first, groups, deform_groups, backend='cpu'), expected)
    y = modulated_deform_conv2d(tensors[0].bfloat16(), *tensors[1:], groups, deform_groups, backend='cpu')
    assert y.dtype == torch.bfloat16
    assert (y - expected).abs().max() <= 2**-6 * expected.abs().max()


@pytest.mark.parametrize('parameter_type', [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize('type_of_x', [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize('backend', ['cpu', 'torch'])
def test_half_precision_rounds_the_result_and_no_position(backend, type_of_x, parameter_type):
    """Pixel 60.3 would become 60.25 in bfloat16."""
    skip_unless_available(backend)
    x, *tensors, groups, deform_groups = deform_inputs(16, 2, 1, size=(3, 70), batch=1)
    x, tensors = x.to(type_of_x), [tensor.to(parameter_type) for tensor in tensors]
    exact = modulated_deform_conv2d(x.double(), *(t.double() for t in tensors), groups, deform_groups, backend='torch')
    y = modulated_deform_conv2d(x, *tensors, groups, deform_groups, backend=backend)
    assert y.dtype == type_of_x
    torch.testing.assert_close(y.double(), exact, rtol=torch.finfo(type_of_x).eps / 2 + 1e-5, atol=1e-4)


def test_operator_obeys_torch_s_rules():
    skip_unless_available('cpu')
    from mmradar.ops.modulated_deform_conv.cpu import _by_pixel, _forward

    x, offset, mask, weight, _, groups, deform_groups = deform_inputs(16, 2, 1, size=(3, 4), batch=1)
    tensors = [_by_pixel(x).contiguous(), _by_pixel(offset), _by_pixel(mask), weight.float()]
    checks = ('test_schema', 'test_autograd_registration', 'test_faketensor')
    torch.library.opcheck(
        _forward, ([t.detach().requires_grad_() for t in tensors] + [[3, 4], groups, deform_groups]), test_utils=checks
    )


def test_too_few_channels_for_vectors_go_to_torch():
    skip_unless_available('cpu')
    inputs = [value.float() if isinstance(value, torch.Tensor) else value for value in deform_inputs(6, 2, 1)]
    with pytest.raises(RuntimeError, match='needs deformable groups of multiples of'):
        modulated_deform_conv2d(*inputs, backend='cpu')
    torch.testing.assert_close(modulated_deform_conv2d(*inputs), modulated_deform_conv2d(*inputs, backend='torch'))


def test_equals_mmcv_s():
    if reason := dispatch.mmcv_missing():
        pytest.skip(reason)
    inputs = [value.float() if isinstance(value, torch.Tensor) else value for value in deform_inputs()]
    expected = modulated_deform_conv2d(*inputs, backend='torch')
    torch.testing.assert_close(modulated_deform_conv2d(*inputs, backend='mmcv'), expected, rtol=1e-4, atol=1e-4)


def test_mmcv_is_called_where_it_is_compiled(monkeypatch):
    calls = []

    def operator(x, offset, mask, weight, bias, *settings):
        assert len({tensor.dtype for tensor in (x, offset, mask, weight, bias)}) == 1  # that of the offsets counts
        calls.append(settings)
        return modulated_deform_conv2d(x, offset, mask, weight, bias, *settings[-2:], backend='torch')

    inputs = deform_inputs(kernel=(5, 3))  # float64, which the native kernel has not
    monkeypatch.setattr(dispatch, 'mmcv_missing', lambda: 'not compiled')
    with pytest.raises(RuntimeError, match="backend 'mmcv' cannot run here: not compiled"):
        modulated_deform_conv2d(*inputs, backend='mmcv')
    monkeypatch.setattr(dispatch, 'mmcv_missing', lambda: None)
    monkeypatch.setitem(__import__('sys').modules, 'mmcv.ops', SimpleNamespace(modulated_deform_conv2d=operator))
    torch.testing.assert_close(modulated_deform_conv2d(*inputs), modulated_deform_conv2d(*inputs, backend='torch'))
    assert calls == [(1, (2, 1), 1, 2, 2)]  # stride, padding, dilation, groups, deform_groups
    half = [value.bfloat16() if isinstance(value, torch.Tensor) else value for value in inputs]
    y = modulated_deform_conv2d(*half, backend='mmcv')
    assert y.dtype == torch.bfloat16 and torch.equal(y, modulated_deform_conv2d(*half, backend='torch'))


def test_shapes_only():
    inputs = [value.to('meta') if isinstance(value, torch.Tensor) else value for value in deform_inputs(size=(5, 7))]
    assert modulated_deform_conv2d(*inputs).shape == (2, 4, 5, 7)
    half = [value.bfloat16() if isinstance(value, torch.Tensor) else value for value in inputs]
    assert modulated_deform_conv2d(*half).dtype == torch.bfloat16


@pytest.mark.no_shape_checks
def test_what_does_not_fit_is_named():
    x, offset, mask, weight, bias, groups, deform_groups = deform_inputs()
    with pytest.raises(ValueError, match=r'offset must be \(2, 36, 3, 3\), found \(2, 18, 3, 3\)'):
        modulated_deform_conv2d(x, mask, mask, weight, bias, groups, deform_groups)
    with pytest.raises(ValueError, match='must be odd, found 2 x 3'):
        modulated_deform_conv2d(x, offset, mask, weight[:, :, 1:], bias, groups, deform_groups)
    with pytest.raises(ValueError, match='groups=3 and deform_groups=2'):
        modulated_deform_conv2d(x, offset, mask, weight, bias, 3, deform_groups)
    with pytest.raises(ValueError, match=r'takes x as \(batch, channels, height, width\).* found \(4, 3, 3\)'):
        modulated_deform_conv2d(x[0], offset, mask, weight, bias, groups, deform_groups)
    with pytest.raises(ValueError, match="unknown modulated_deform_conv2d backend 'cuda'"):
        modulated_deform_conv2d(x, offset, mask, weight, bias, groups, deform_groups, backend='cuda')
