import pytest
import torch
from torch.nn.functional import softplus

from mmradar.models.layers import SelectiveSSM
from mmradar.models.layers.selective_ssm import uniform_weight


@pytest.mark.parametrize('sets', [(), (6,)])
def test_parameters_begin_as_mambas_and_do_not_decay(sets):
    layer = SelectiveSSM()
    layer.add_state_space(500, 4, sets)
    assert {name: tuple(x.shape) for name, x in layer.named_parameters()} == dict(
        dt_bias=(*sets, 500), A_log=(500, 4), D=(*sets, 500)
    )
    assert all(x._no_weight_decay for x in layer.parameters())
    torch.testing.assert_close(layer.A, -torch.arange(1.0, 5.0).expand(500, 4))
    assert (layer.D == 1).all()
    steps = softplus(layer.dt_bias)
    assert 1e-3 <= steps.min() < 1.1e-3 and 0.09 < steps.max() <= 0.1 + 1e-6
    assert 0.007 < steps.median() < 0.014  # log-uniform: their middle is the geometric mean


def test_a_is_computed_in_float32_from_weights_of_lower_precision():
    layer = SelectiveSSM()
    layer.add_state_space(2, 3)
    assert layer.half().A.dtype == torch.float32


def test_a_uniform_weight_is_that_of_a_linear_layer():
    weight, linear = uniform_weight(300, 16), torch.nn.Linear(16, 300).weight
    assert weight.shape == linear.shape and weight.requires_grad
    assert 0.24 < weight.abs().max() <= 0.25 and 0.24 < linear.abs().max() <= 0.25
