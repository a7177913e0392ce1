import copy
import math
import os

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmradar.engine.checkpoint import (
    check_finite,
    check_optimizer_state,
    check_state_dict,
    last_good_checkpoint,
    read_checkpoint,
)
from mmradar.errors import CheckpointError


class Masked(nn.Module):
    """A layer whose mask is -infinity on purpose, as attention has it."""

    def __init__(self):
        super().__init__()
        self.norm, self.linear = nn.BatchNorm1d(3), nn.Linear(3, 2)
        self.register_buffer('mask', torch.tensor([0.0, -math.inf]))


@pytest.mark.parametrize(
    'name, number',
    [
        ('linear.weight', math.nan),
        ('linear.weight', math.inf),
        ('linear.bias', -math.inf),
        ('norm.running_mean', math.nan),
        ('mask', math.nan),
    ],
)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_weights_that_are_no_numbers_are_refused_by_name(name, number, dtype):
    model = Masked().to(dtype)
    state = copy.deepcopy(model.state_dict())
    check_state_dict(model, state, 'x.pth')
    state[name].view(-1)[1] = number
    with pytest.raises(CheckpointError, match=rf'x.pth holds numbers that are NaN.*in 1 of 8 tensors: {name} \(1 of'):
        check_state_dict(model, state, 'x.pth')


def test_many_are_counted_and_a_few_named():
    state = {f'layer{number}': torch.full((2, 2), math.nan) for number in range(5)}
    with pytest.raises(CheckpointError, match=r'5 of 7 tensors: layer0 \(4 of 4 numbers\), .*layer2 .*, \.\.\.\n'):
        check_finite({**state, 'count': torch.tensor(1), 'extra': 'text'}, 'x.pth')


def save(path, age, **state):
    torch.save(dict(state_dict=state), path)
    os.utime(path, (age, age))
    return path


def test_the_last_good_checkpoint(tmp_path):
    good, bad = dict(w=torch.ones(2)), dict(w=torch.tensor([math.nan]))
    first = save(tmp_path / 'epoch_1.pth', 1, **good)
    second = save(tmp_path / 'epoch_2.pth', 2, **good)
    third = save(tmp_path / 'epoch_3.pth', 3, **bad)
    (tmp_path / 'epoch_4.pth').write_text('cut off')
    assert last_good_checkpoint(first) == first
    assert last_good_checkpoint(third) == last_good_checkpoint(str(tmp_path / 'epoch_4.pth')) == second
    assert last_good_checkpoint(tmp_path / 'removed.pth') == second
    assert last_good_checkpoint(tmp_path / 'no_folder' / 'x.pth') is None


def test_a_file_of_something_else(tmp_path):
    torch.save([1, 2], tmp_path / 'x.pth')
    with pytest.raises(CheckpointError, match='x.pth is not a checkpoint: it holds a list'):
        read_checkpoint(tmp_path / 'x.pth')


def stepped(model, **config):
    wrapper = build_optim_wrapper(model, dict(optimizer=dict(type='Adam', lr=1e-3, weight_decay=0.1), **config))
    wrapper.update_params(model(torch.ones(1, 3)).sum())
    return wrapper


def test_an_optimizer_of_other_groups_is_not_resumed():
    marked = nn.Linear(3, 2)
    marked.bias._no_weight_decay = True
    own, old = stepped(marked).state_dict(), stepped(nn.Linear(3, 2)).state_dict()
    check_optimizer_state(own, copy.deepcopy(own), 'x.pth')
    with pytest.raises(CheckpointError, match=r'1 group of 2 parameters, that of the configuration 2 groups of 1, 1 '):
        check_optimizer_state(own, old, 'x.pth')
    with pytest.raises(CheckpointError, match='cannot be resumed'):
        check_optimizer_state(old, own, 'x.pth')
    check_optimizer_state(dict(generator=own), old, 'x.pth')  # several optimizers: mmengine's own affair


def test_an_optimizer_whose_averages_are_no_numbers_is_not_resumed():
    own = stepped(nn.Linear(3, 2)).state_dict()
    bad = copy.deepcopy(own)
    bad['state'][1]['exp_avg'][0] = math.nan
    with pytest.raises(CheckpointError, match=r'the optimizer in x.pth holds .* exp_avg of parameter 1 \(1 of 2'):
        check_optimizer_state(own, bad, 'x.pth')


def test_buffers_that_the_training_set_shapes_may_have_any_shape_but_must_be_there():
    class Fitted(nn.Module):
        shaped_by_fit = ('found',)

        def __init__(self):
            super().__init__()
            self.register_buffer('found', torch.zeros(0, 2))
            self.register_buffer('fixed', torch.zeros(2))

    model, state = nn.Sequential(Fitted()), {'0.found': torch.ones(5, 2), '0.fixed': torch.ones(2)}
    check_state_dict(model, state, 'x.pth')
    with pytest.raises(CheckpointError, match=r'1 of another shape: 0.fixed \(model \(2,\), checkpoint \(3,\)\)'):
        check_state_dict(model, {**state, '0.fixed': torch.ones(3)}, 'x.pth')
    with pytest.raises(CheckpointError, match='1 missing in it: 0.found'):
        check_state_dict(model, {'0.fixed': torch.ones(2)}, 'x.pth')
