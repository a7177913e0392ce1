import json

import numpy as np
import pytest
import torch

from mmradar.errors import ConfigError
from mmradar.simulation import MOTIONS, PLANS, SimulationPlan


def test_simhupr_v1_holds_out_subjects_and_motions():
    plan = PLANS['simhupr-v1']
    assert 180 <= plan.num_sequences <= 260
    subjects, motions = {}, {}
    for split, numbers in plan.splits.items():
        subjects[split] = {plan.subject_of(number) for number in numbers}
        motions[split] = [plan.performance(number).motion for number in numbers]
    assert len(set().union(*subjects.values())) == sum(map(len, subjects.values())) >= 20  # none is in two splits
    seen = set(plan.motions) - set(plan.unseen_motions)
    assert set(motions['train']) == set(motions['val']) == seen
    assert set(motions['test']) == set(MOTIONS) and set(plan.unseen_motions) == {'punch', 'side_lunge', 'turn'}
    for split in motions:  # each as often as the others
        assert len({motions[split].count(name) for name in set(motions[split])}) == 1


def test_the_mini_set_is_the_default_and_small():
    plan = PLANS['simhupr-v1-mini']
    assert plan == SimulationPlan() and plan.total_bytes() < 8e9


def test_a_subject_keeps_its_skin():
    plan = SimulationPlan(train=8, val=0, test=0)
    first, second, other = (plan.person(number).surface for number in (1, 2, 5))
    assert plan.subject_of(1) == plan.subject_of(2) != plan.subject_of(5)
    assert torch.equal(first._uneven_m, second._uneven_m) and not torch.equal(first._uneven_m, other._uneven_m)


def test_extras_are_switched_one_by_one():
    plain = SimulationPlan().scene(1)
    assert not (plain.mirrors or plain.movers or plain.interferers)
    for name, attribute in (
        ('floor_bounce', 'mirrors'),
        ('second_person', 'movers'),
        ('fan', 'movers'),
        ('curtain', 'movers'),
        ('interference', 'interferers'),
    ):
        scene = SimulationPlan(extras={name: True}).scene(1)
        assert len(getattr(scene, attribute)) == 1
        np.testing.assert_array_equal(scene.positions_m, plain.positions_m)  # the room stays
    second = SimulationPlan(extras={'second_person': True}).scene(1).movers[0]
    assert second.motion.joints_m(np.zeros(1))[0, :, 1].mean() > 3.2  # behind


def test_changed_keeps_what_is_not_named():
    plan = SimulationPlan(skin=dict(slope=0.2), extras=dict(fan=True))
    other = plan.changed(seed=3, skin=dict(diffuse=0.1))
    assert other.seed == 3 and other.skin == dict(slope=0.2, diffuse=0.1) and other.extras == dict(fan=True)
    assert plan.seed == 0
    assert json.loads(json.dumps(other.description()))['skin'] == {'slope': 0.2, 'diffuse': 0.1}


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(train=-1), 'train must not be -1'),
        (dict(motions=('fly',)), "unknown motion 'fly'"),
        (dict(unseen_motions=('walk',)), 'must be some of its motions'),
        (dict(skin=dict(colour=1)), "SimulationPlan.skin has no 'colour'; it has reflectivity"),
        (dict(extras=dict(rain=True)), "SimulationPlan.extras has no 'rain'; it has floor_bounce"),
        (dict(frames=3), "SimulationPlan has no 'frames'"),
    ],
)
def test_plans_that_do_not_fit(options, message):
    with pytest.raises(ConfigError, match=message):
        SimulationPlan().changed(**options)
