"""The optimizers that are really built, from every configuration and from what users write in its place."""

import pytest
import torch
from mmengine.optim import DefaultOptimWrapperConstructor as MMEngineConstructor
from mmengine.optim import build_optim_wrapper
from torch import nn

from conftest import FITTED, REPOSITORY
from mmradar.apis.configuration import load_config
from mmradar.registry import MODELS

CONFIGS = sorted(
    str(path.relative_to(REPOSITORY))
    for path in (REPOSITORY / 'configs').rglob('*.py')
    if not {'_base_', 'suites'} & set(path.parts) and path.stem not in FITTED
)
WRITTEN = {
    'plain': dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=0.1)),
    'without type': dict(optimizer=dict(type='SGD', lr=1e-3, weight_decay=0.1)),
    'AdamW decays without being told': dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3)),
    'a class': dict(type='OptimWrapper', optimizer=dict(type=torch.optim.AdamW, lr=1e-3)),
    'bfloat16': dict(type='CPUAmpOptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.1)),
    'paramwise_cfg': dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.1),
        paramwise_cfg=dict(norm_decay_mult=0.5, custom_keys={'scan': dict(lr_mult=0.1, decay_mult=0.3)}),
    ),
    'paramwise_cfg and a decay that nobody wrote': dict(
        optimizer=dict(type='AdamW', lr=1e-3), paramwise_cfg=dict(bias_lr_mult=2.0)
    ),
}


class Scan(nn.Module):
    """As a Mamba layer marks its parameters."""

    def __init__(self):
        super().__init__()
        self.weight, self.A_log, self.D = (nn.Parameter(torch.ones(2, 2)) for _ in range(3))
        self.A_log._no_weight_decay = self.D._no_weight_decay = True


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.scan, self.norm, self.head = Scan(), nn.LayerNorm(2), nn.Linear(2, 1)


def decays(model, wrapper):
    """Weight decay of every parameter, by name; and that each is optimised once."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = wrapper.optimizer.param_groups
    found = [(names[id(p)], group['weight_decay']) for group in groups for p in group['params']]
    assert len(found) == len(names) == len(dict(found))
    return dict(found)


def check_decay(model, wrapper, decay):
    """The marked ones have none, all others ``decay``. Returns how many are marked."""
    marked = {name for name, parameter in model.named_parameters() if getattr(parameter, '_no_weight_decay', False)}
    for name, value in decays(model, wrapper).items():
        assert value == (0.0 if name in marked else decay), name
    return len(marked)


@pytest.mark.parametrize('name', CONFIGS)
def test_every_configuration_keeps_its_decay_off_what_asks_for_none(name):
    config = load_config(str(REPOSITORY / name))
    with torch.device('meta'):
        model = MODELS.build(config.model)
    marked = check_decay(
        model, build_optim_wrapper(model, config.optim_wrapper), config.optim_wrapper.optimizer.weight_decay
    )
    # three parameters (A, D, bias of the step sizes) of two directions a layer
    mixer = config.model.backbone.get('mixer', {})
    without = mixer.get('layer', {}).get('type') != 'VisionMambaLayer'
    assert marked == (0 if without else 6 * mixer.num_layers)
    if name == 'configs/millimamba_hupr.py':
        assert marked == 24


@pytest.mark.parametrize('name', WRITTEN)
def test_whatever_optimizer_is_written_the_marked_parameters_do_not_decay(name):
    model = Network()
    found = decays(model, build_optim_wrapper(model, WRITTEN[name]))
    assert found['scan.A_log'] == found['scan.D'] == 0
    assert all(value > 0 for key, value in found.items() if key not in ('scan.A_log', 'scan.D'))


def test_paramwise_cfg_keeps_its_meaning():
    model = Network()
    wrapper = build_optim_wrapper(model, WRITTEN['paramwise_cfg'])
    found = decays(model, wrapper)
    assert found['scan.weight'] == pytest.approx(0.03) and found['head.weight'] == 0.1
    assert found['norm.weight'] == found['norm.bias'] == 0.05
    rates = {id(p): group['lr'] for group in wrapper.optimizer.param_groups for p in group['params']}
    assert rates[id(model.scan.A_log)] == rates[id(model.scan.weight)] == pytest.approx(1e-4)
    assert rates[id(model.head.weight)] == 1e-3


def test_wrapped_models_are_looked_into():
    model = Network()
    wrapped = nn.Module()
    wrapped.module = model  # as mmengine's distributed wrappers hold theirs
    check_decay(model, build_optim_wrapper(wrapped, WRITTEN['plain']), 0.1)
    check_decay(model, build_optim_wrapper(torch.compile(model), WRITTEN['plain']), 0.1)


@pytest.mark.parametrize(
    'written, model',
    [
        ('plain', nn.Linear(2, 2)),
        ('paramwise_cfg', nn.Linear(2, 2)),
        ('AdamW decays without being told', nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))),
        (dict(optimizer=dict(type='Adam', lr=1e-3)), Network()),
        (dict(optimizer=dict(type='Rprop', lr=1e-3)), Network()),
        (dict(optimizer=dict(type='LBFGS', lr=1e-3)), Network()),  # which takes one group only
    ],
)
def test_without_marks_or_without_decay_the_optimizer_is_mmengines(written, model):
    config = dict(WRITTEN[written] if isinstance(written, str) else written)
    ours = build_optim_wrapper(model, config).optimizer
    paramwise = config.pop('paramwise_cfg', None)
    theirs = MMEngineConstructor(config, paramwise)(model).optimizer
    assert type(ours) is type(theirs) and len(ours.param_groups) == len(theirs.param_groups)
    for mine, group in zip(ours.param_groups, theirs.param_groups):
        assert [id(p) for p in mine.pop('params')] == [id(p) for p in group.pop('params')]
        assert mine == group


def test_marked_parameters_stay_where_they_are_without_a_gradient():
    """Adam couples its decay into the gradient: the one way in which a parameter moves that no sample asked to."""
    model = Network()
    wrapper = build_optim_wrapper(model, WRITTEN['plain'])
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    wrapper.update_params(sum(0 * parameter.sum() for parameter in model.parameters()))
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert 'scan.weight' in moved and not {'scan.A_log', 'scan.D'} & moved
