import copy

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import nn

from mmradar.engine.optimizers import MuonAdamW
from mmradar.engine.optimizers.muon import orthogonalised


@pytest.mark.parametrize('shape', [(24, 24), (16, 100), (100, 16)])
def test_singular_values_become_nearly_one_and_directions_stay(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape) * torch.logspace(0, -1.5, shape[1])
    found = orthogonalised(matrix)
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.5 and values.max() < 1.3
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    inner = u.T @ found @ vh.T  # diagonal, if the singular vectors are the same
    torch.testing.assert_close(inner, torch.diag(inner.diagonal()), atol=2e-3, rtol=0)


def test_what_is_no_matrix_steps_as_torch_s_adamw_does():
    torch.manual_seed(0)
    ours, theirs = nn.Linear(20, 30), nn.Linear(20, 30)
    theirs.load_state_dict(ours.state_dict())
    options = dict(lr=1e-2, weight_decay=0.1, betas=(0.9, 0.99))
    optimizers = MuonAdamW(ours.parameters(), **options), torch.optim.AdamW(theirs.parameters(), **options)
    for _ in range(5):
        x = torch.randn(8, 20)
        for model, optimizer in zip((ours, theirs), optimizers):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_a_matrix_steps_by_the_rate_and_decays():
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(32, 48))
    before = weight.detach().clone()
    optimizer = MuonAdamW([dict(params=[weight], matrix=True)], lr=0.01, weight_decay=0.5)
    weight.grad = torch.randn(32, 48)
    optimizer.step()
    step = before * (1 - 0.01 * 0.5) - weight.detach()
    # all directions alike, root mean square 0.2 of the rate (Adam's), whatever the gradient's size
    assert step.square().mean().sqrt().item() == pytest.approx(0.2 * 0.01, rel=0.2)
    values = torch.linalg.svdvals(step)
    assert values.max() / values.min() < 2.5


def test_a_restored_state_goes_on_as_before():
    torch.manual_seed(0)
    model = nn.Linear(32, 32)

    def optimizer_of(model):
        return MuonAdamW([dict(params=[model.weight], matrix=True), dict(params=[model.bias])], lr=1e-2)

    def train(model, optimizer, seed):
        optimizer.zero_grad()
        model(torch.randn(4, 32, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
        optimizer.step()

    optimizer = optimizer_of(model)
    train(model, optimizer, 0)
    again = copy.deepcopy(model)
    restored = optimizer_of(again)
    restored.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for each in ((model, optimizer), (again, restored)):
        train(*each, 1)
    assert torch.equal(model.weight, again.weight) and torch.equal(model.bias, again.bias)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 20, 3), nn.LayerNorm(20)
        self.attention = nn.MultiheadAttention(32, 4)
        self.wide, self.thin = nn.Linear(32, 64), nn.Linear(32, 4)
        self.position = nn.Parameter(torch.zeros(32, 32))
        self.to_coordinates = nn.Linear(32, 32)
        self.decays_not = nn.Parameter(torch.zeros(20, 20))
        self.decays_not._no_weight_decay = True


def test_the_constructor_says_which_are_matrices():
    init_default_scope('mmradar')
    model = Small()
    wrapper = build_optim_wrapper(
        model,
        dict(
            type='OptimWrapper',
            constructor='MuonOptimWrapperConstructor',
            optimizer=dict(type='MuonAdamW', lr=1e-3, weight_decay=0.1),
            paramwise_cfg=dict(largest=2500),
        ),
    )
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = {names[id(group['params'][0])]: group for group in wrapper.optimizer.param_groups}
    assert set(groups) == set(names.values())
    matrices = {name for name, group in groups.items() if group['matrix']}
    assert matrices == {'conv.weight', 'attention.out_proj.weight', 'wide.weight'}  # in_proj has 3,072 elements
    assert groups['decays_not']['weight_decay'] == 0 and groups['wide.weight']['weight_decay'] == 0.1


@pytest.mark.parametrize('optimizer', [dict(type='SGD', lr=1e-2), dict(type='MuonAdamW', lr=1e-3)])
def test_the_constructor_takes_an_optimizer_without_decay(optimizer):
    init_default_scope('mmradar')
    settings = dict(type='OptimWrapper', constructor='MuonOptimWrapperConstructor', optimizer=optimizer)
    groups = build_optim_wrapper(Small(), settings).optimizer.param_groups
    assert all(group['lr'] == optimizer['lr'] for group in groups)
