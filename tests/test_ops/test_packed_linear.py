"""Packed linear layers compute what they were packed from."""

import pytest
import torch
from torch import nn

from mmradar.ops import PackedLinear, pack_linears
from mmradar.ops.packed_linear import packing_missing

needs_packing = pytest.mark.skipif(
    packing_missing() is not None, reason=f'linear layers cannot be packed here: {packing_missing()}'
)


@needs_packing
@pytest.mark.parametrize('shape', [(17, 24), (24,), (2, 3, 24), (300, 24)])
@pytest.mark.parametrize('bias', [True, False])
def test_packed_is_linear(shape, bias):
    torch.manual_seed(0)
    linear = nn.Linear(24, 40, bias=bias)
    x = torch.randn(shape)
    with torch.no_grad():
        torch.testing.assert_close(PackedLinear(linear, 17)(x), linear(x))


@needs_packing
def test_module_is_packed_as_a_copy():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Linear(8, 16), nn.GELU(), nn.Sequential(nn.Linear(16, 4, dtype=torch.float64)), nn.Dropout()
    )
    packed = pack_linears(module, 5)
    assert [type(layer) for layer in packed[:2]] == [PackedLinear, nn.GELU]
    assert type(packed[2][0]) is nn.Linear  # float64 cannot be packed
    assert type(module[0]) is nn.Linear and module.training and not packed.training
    x = torch.randn(5, 8)
    with torch.no_grad():
        expected = module[0](x)
        module[0].weight.zero_()
        torch.testing.assert_close(packed[0](x), expected)  # later changes do not reach the copy


@needs_packing
def test_training_is_refused():
    packed = PackedLinear(nn.Linear(8, 16), 5)
    with pytest.raises(RuntimeError, match='no_grad'):
        packed(torch.randn(5, 8, requires_grad=True))


def test_reasons_are_given():
    assert 'float64' in packing_missing(torch.zeros(1, dtype=torch.float64))
    assert 'meta' in packing_missing(torch.zeros(1, device='meta'))
    with pytest.raises(ValueError, match='float16'):
        PackedLinear(nn.Linear(8, 16, dtype=torch.float16), 5)
