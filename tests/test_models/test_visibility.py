"""Joints that are not labelled, from the annotation file to losses and metrics."""

import json
import shutil

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner

from conftest import on_small_data
from mmradar.apis.configuration import load_config
from mmradar.registry import DATASETS, MODELS

HIDDEN = (2, 10)  # a joint of all frames, and one of every other


@pytest.fixture(params=['nan', 'elsewhere'])
def hiding_root(simulated_root, tmp_path, request):
    """The small data set, in which some joints are not labelled; what their positions say is left to the fixture."""
    root = shutil.copytree(simulated_root, tmp_path / 'set')
    for path in root.glob('hrnet_annot_*.json'):
        annotation = json.loads(path.read_text())
        for frame in (frame for sequence in annotation for frame in sequence):
            number = int(frame['image'].split('.')[0])
            frame['joints'] = [[*position, 2] for position in frame['joints']]
            for joint in HIDDEN[: 1 + number % 2]:
                frame['joints'][joint] = [None, float('nan'), 0] if request.param == 'nan' else [7.0, 9000.0, 0]
        path.write_text(json.dumps(annotation))
    return root


def losses_of(config, root):
    dataset = DATASETS.build({**config.train_dataloader.dataset, 'data_root': str(root)})
    model = MODELS.build(config.model).eval()
    data = model.data_preprocessor(pseudo_collate([dataset[1], dataset[3]]))
    losses = model(**data, mode='loss')
    model.parse_losses(losses)[0].backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    return {name: loss.item() for name, loss in losses.items()}, data['data_samples']


def with_codec(config, name):
    if name == 'HeatmapCodec':
        baseline = load_config(config.filename.replace('millimamba_tiny_simhupr', 'baselines/hupr_tiny_simhupr'))
        baseline = on_small_data(baseline, config.train_dataloader.dataset.data_root)
        baseline.work_dir = config.work_dir
        return baseline
    if name == 'ClassificationCodec':
        config.model.head.update(
            codec=dict(type=name, num_bins=32), target_losses=dict(kl=dict(type='KLDivergenceLoss'))
        )
    return config


@pytest.mark.parametrize('codec', ['CoordinateCodec', 'ClassificationCodec', 'HeatmapCodec'])
def test_no_loss_sees_where_a_joint_without_a_label_is(tiny_config, simulated_root, hiding_root, codec):
    config = with_codec(tiny_config, codec)
    torch.manual_seed(0)
    losses, samples = losses_of(config, hiding_root)
    assert np.isfinite(list(losses.values())).all()
    # the same as with the true position and no weight
    config.train_dataloader.dataset.data_root = str(simulated_root)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    torch.manual_seed(0)
    model = MODELS.build(config.model).eval()
    data = model.data_preprocessor(pseudo_collate([dataset[1], dataset[3]]))
    everything = model(**data, mode='loss')
    for sample, hiding in zip(data['data_samples'], samples):
        weights = hiding.gt_instance_labels.keypoint_weights
        assert (weights[:, HIDDEN[0]] == 0).all() and 0 < weights[:, HIDDEN[1]].sum() < len(weights)
        sample.gt_instance_labels.keypoint_weights = weights
    expected = model(**data, mode='loss')
    assert losses == {name: pytest.approx(loss.item(), rel=1e-6) for name, loss in expected.items()}
    assert losses['mpjpe_px'] != everything['mpjpe_px']


def test_training_and_evaluation_with_joints_that_are_not_labelled(tiny_config, hiding_root):
    config = tiny_config
    for split in ('train', 'val', 'test'):
        config[f'{split}_dataloader'].dataset.data_root = str(hiding_root)
    config.train_cfg.max_epochs = config.param_scheduler[0].total_steps = 1
    config.experiment_name = f'test_visibility_{hiding_root.parent.name}'
    runner = Runner.from_cfg(config)
    runner.train()
    assert all(torch.isfinite(p).all() for p in runner.model.parameters())
    metrics = runner.test()
    names = runner.test_dataloader.dataset.metainfo['keypoint_id2name']
    hidden = names[HIDDEN[0]]
    assert all(f'coco/AP_{name}' in metrics for name in names.values())
    assert metrics[f'coco/AP_{hidden}'] == -1  # nothing of it to find
    side, common = hidden.split('_')
    other = f'{"L" if side == "R" else "R"}_{common}'
    assert metrics[f'coco/AP_{common.lower()}'] == metrics[f'coco/AP_{other}']  # of left and right, the one seen
    assert all(0 <= metrics[f'coco/AP_{name}'] <= 100 for name in names.values() if name != hidden)
    assert 0 < metrics['coco/MPJPE_px'] < 362 and np.isfinite(metrics['coco/MPJVE_px'])
