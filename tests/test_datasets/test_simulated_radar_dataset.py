from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from conftest import SMALL_RADAR
from mmradar.engine.hooks import EpochSeedHook
from mmradar.errors import ConfigError
from mmradar.registry import DATASETS

PIPELINE = [
    dict(type='RangeDopplerMap', range_bins=(10, 42)),
    dict(type='Heatmap3D'),
    dict(type='HeatmapToChannels'),
    dict(type='NormalizeHeatmap', over='frame'),
    dict(type='PackRadarInputs'),
]


def dataset(**options):
    options = dict(num_windows=4, window=3, plan=dict(radar=SMALL_RADAR), pipeline=PIPELINE) | options
    return DATASETS.build(dict(type='SimulatedRadarDataset', **options))


def test_windows_go_through_the_pipeline_of_recorded_ones():
    data = dataset()
    assert len(data) == 4
    sample = data[1]
    assert sample['inputs'].shape == (3, 2, 2, 64, 8, 32) and sample['inputs'].isfinite().all()
    instance = sample['data_samples'].gt_instances
    assert instance.keypoints.shape == (1, 14, 2) and 0 <= instance.keypoints.min() <= instance.keypoints.max() < 256
    x1, y1, x2, y2 = instance.bboxes[0]
    assert ((instance.keypoints[0] >= (x1, y1)) & (instance.keypoints[0] <= (x2, y2))).all()
    assert float(instance.areas[0]) == pytest.approx((x2 - x1) * (y2 - y1) / 2, rel=1e-5)


def test_an_epoch_has_windows_of_its_own_unless_told_otherwise():
    fresh, fixed = dataset(), dataset(fresh=False)
    first = fresh[0]['inputs']
    torch.testing.assert_close(fixed[0]['inputs'], first)  # the first epoch is the same
    fresh.set_epoch(1)
    fixed.set_epoch(1)
    assert not torch.equal(fresh[0]['inputs'], first) and torch.equal(fixed[0]['inputs'], first)
    fresh.set_epoch(0)
    assert torch.equal(fresh[0]['inputs'], first)
    assert not torch.equal(dataset(seed=1)[0]['inputs'], first)


def test_workers_that_stay_alive_learn_of_the_epoch_and_change_nothing():
    data = dataset()
    batches = {}
    for workers in (0, 2):
        loader = DataLoader(
            data, batch_size=2, num_workers=workers, persistent_workers=workers > 0, collate_fn=lambda b: b
        )
        for epoch in range(2):
            data.set_epoch(epoch)
            inputs = [sample['inputs'] for batch in loader for sample in batch]
            batches[workers, epoch] = torch.stack(inputs)
    for epoch in range(2):
        assert torch.equal(batches[0, epoch], batches[2, epoch])
    assert not torch.equal(batches[2, 0], batches[2, 1])


@pytest.mark.parametrize('wrap', [lambda data: RepeatDataset(data, times=2), lambda data: ConcatDataset([data, data])])
def test_the_hook_tells_data_sets_within_wrappers_of_the_epoch(wrap):
    data = dataset()
    for epoch in (1, 2):
        loader = SimpleNamespace(dataset=wrap(data))
        EpochSeedHook().before_train_epoch(
            SimpleNamespace(train_loop=None, train_dataloader=loader, epoch=epoch, seed=0)
        )
        assert data.epoch == epoch


def test_a_training_by_iterations_draws_new_samples_in_each_epoch(tmp_path):
    drawn = []

    class Watch(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            drawn.append(torch.stack(data_batch['inputs']))

    class Model(BaseModel):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, inputs, data_samples=None, mode='loss'):
            return dict(loss=self.weight.sum())

    loader = dict(
        dataset=dataset(),
        batch_size=1,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='pseudo_collate'),
    )
    Runner(
        model=Model(),
        work_dir=str(tmp_path),
        train_dataloader=loader,
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=8),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=[EpochSeedHook(), Watch()],
        default_hooks=dict(checkpoint=None),
        experiment_name='by_iterations',
    ).train()
    assert len({tuple(inputs.flatten().tolist()) for inputs in drawn}) == len(drawn) == 8


def test_one_view_and_other_plans():
    info = dataset(views=['vert'], plan=dict(radar=SMALL_RADAR, motions=('walk',))).get_data_info(0)
    assert list(info['recordings']) == ['vert']
    assert info['keypoints'].shape == (3, 14, 2) and info['keypoints'].dtype == np.float32
    assert len(info['recordings']['vert']) == 3


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(window=0), 'num_frames must be at least 1, found 0'),
        (dict(num_windows=0), 'num_windows must be at least 1'),
        (dict(plan=dict(seed=3)), "plan must leave 'seed' to the data set"),
        (dict(plan=dict(weather='rain')), 'weather'),
        (dict(plan=dict(skin=dict(slope=7))), 'Skin.slope must be between'),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ConfigError, match=message):
        dataset(**options)[0]
