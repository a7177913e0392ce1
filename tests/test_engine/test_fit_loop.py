"""One pass over the training data: whole runs on the small data set, in one process and in several."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from conftest import FITTED, REPOSITORY, on_small_data
from mmradar import apis
from mmradar.apis.mean_pose import mean_pose_metrics
from mmradar.engine.loops.fit_loop import in_order
from mmradar.errors import ConfigError
from mmradar.evaluation import BodyFrame
from mmradar.registry import DATASETS

SIMHUPR = sorted(name for name in FITTED if name.endswith('_simhupr'))


def config_of(name, root, work):
    config = on_small_data(apis.read_config(f'baselines/{name}', {'data_root': str(root)}), root)
    config.work_dir = str(work)
    return config


def labels(config, split):
    """All poses of a split, (sequences, frames, 14, 2), as annotated."""
    dataset = DATASETS.build({**config[f'{split}_dataloader'].dataset, 'pipeline': []})
    return np.stack([each.keypoints for each in dataset.annotations]).astype(np.float64), dataset.metainfo


@pytest.fixture
def run(simulated_root, tmp_path):
    """Fit a configuration and test its checkpoint: configuration, weights and metrics."""

    def run(name, folder='work', **options):
        config = config_of(name, simulated_root, tmp_path / folder)
        apis.train(config, validate=False, cfg_options=options)
        checkpoint = tmp_path / folder / 'epoch_1.pth'
        state = torch.load(checkpoint, weights_only=True)['state_dict']
        return config, state, apis.test(config, checkpoint, cfg_options=options)

    return run


def test_the_placed_mean_pose_is_the_oracle_of_the_metric(run):
    config, state, metrics = run('placed_mean_pose_simhupr')
    assert metrics == pytest.approx(mean_pose_metrics(config, placed=True), rel=1e-6, abs=1e-6)
    limbs = [metrics[f'coco/motion_explained_{limb}'] for limb in ('knee', 'ankle', 'elbow', 'wrist')]
    np.testing.assert_allclose(limbs, 0, atol=1e-5)
    poses, metainfo = labels(config, 'train')
    poses = poses.reshape(-1, 14, 2)
    expected = BodyFrame.of(metainfo['keypoint_id2name']).mean_pose(poses, np.ones(poses.shape[:2]))
    np.testing.assert_allclose(state['mean_pose'], expected, rtol=1e-9)


def test_the_mean_pose_is_that_of_all_training_frames(run):
    config, state, metrics = run('mean_pose_simhupr')
    poses, _ = labels(config, 'train')
    np.testing.assert_allclose(state['mean_pose'], poses.reshape(-1, 14, 2).mean(0), rtol=1e-12)
    assert metrics == pytest.approx(mean_pose_metrics(config), rel=1e-6)


def test_the_previous_frame_has_the_error_of_a_frames_movement(run):
    config, state, metrics = run('previous_frame_simhupr')
    truth, _ = labels(config, 'test')
    late = np.concatenate([np.broadcast_to(state['mean_pose'], truth[:, :1].shape), truth[:, :-1]], axis=1)
    assert metrics['coco/MPJPE_px'] == pytest.approx(np.linalg.norm(late - truth, axis=-1).mean(), rel=1e-9)


def test_the_nearest_neighbour_keeps_all_training_frames_in_order(run):
    config, state, metrics = run('nearest_neighbour_simhupr')
    poses, _ = labels(config, 'train')
    np.testing.assert_array_equal(state['poses'], poses.reshape(-1, 14, 2))
    assert state['descriptors'].shape == (20, 2 * 4 * 2 * 8) and 0 < metrics['coco/MPJPE_px'] < 200
    config.test_dataloader.dataset.update(ann_file='hrnet_annot_train.json', split='train')
    on_training_set = apis.test(config, os.path.join(config.work_dir, 'epoch_1.pth'))
    assert on_training_set['coco/MPJPE_px'] == 0  # each frame is its own nearest neighbour


@pytest.mark.parametrize('name', SIMHUPR)
def test_seed_batches_and_sampler_change_nothing(name, run):
    """Also windows that are placed without overlap: each frame is seen once all the same."""
    _, state, metrics = run(name)
    _, other, others = run(
        name,
        'other',
        **{
            'randomness.seed': 7,
            'train_dataloader.batch_size': 3,
            'train_dataloader.sampler': dict(type='DisjointWindowSampler', shuffle=True),
        },
    )
    assert others == pytest.approx(metrics, rel=1e-9) and state.keys() == other.keys()
    for key, value in state.items():
        torch.testing.assert_close(other[key], value, rtol=1e-6, atol=1e-6)


def test_validation_pictures_and_a_resumed_run(simulated_root, tmp_path):
    config = config_of('nearest_neighbour_simhupr', simulated_root, tmp_path)
    apis.train(config, draw=dict(out_dir='pictures', interval=5))
    assert (tmp_path / 'best_coco_AP_epoch_1.pth').is_file() and len(list(tmp_path.glob('*/pictures/val_*.png'))) == 2
    written = (tmp_path / 'epoch_1.pth').stat().st_mtime_ns
    again = apis.train(config, resume=True, validate=False)
    assert again.descriptors.shape == (20, 128) and (tmp_path / 'epoch_1.pth').stat().st_mtime_ns == written


def test_pictures_of_models_without_radar_data(simulated_root, tmp_path):
    config = config_of('mean_pose_simhupr', simulated_root, tmp_path)
    apis.train(config, validate=False)
    apis.test(config, tmp_path / 'epoch_1.pth', draw=dict(out_dir='pictures', interval=10))
    assert len(list(tmp_path.glob('*/pictures/test_*.png'))) == 1


def test_a_recording_without_labels(simulated_root, tmp_path):
    """The mean pose needs none; an oracle says what it is."""
    folder = sorted(simulated_root.glob('single_*'))[0]
    recording = {view: folder / view / 'adc_data.bin' for view in ('hori', 'vert')}
    for name in ('mean_pose_simhupr', 'placed_mean_pose_simhupr', 'previous_frame_simhupr'):
        config = config_of(name, simulated_root, tmp_path / name)
        apis.train(config, validate=False)
        model = apis.init_model(tmp_path / name / 'epoch_1.pth')  # the checkpoint alone makes the model
        if name == 'mean_pose_simhupr':
            found = apis.inference(model, recording, frames=[1, 2])
            assert np.array_equal(found[0].pred_instances.keypoints[0], model.mean_pose)
        else:
            with pytest.raises(ConfigError, match='is an oracle.*take a network, such as millimamba-small'):
                apis.inference(model, recording, frames=[1, 2])


def test_a_network_is_not_fitted_and_a_fitted_model_not_trained(tiny_config, simulated_root, tmp_path):
    options = {'train_cfg': dict(type='FitLoop', _delete_=True)}
    tiny_config.merge_from_dict(options)
    with pytest.raises(ConfigError, match='RadarPoseEstimator does not: train it with train_cfg=dict.by_epoch=True'):
        apis.train(tiny_config, validate=False)
    config = config_of('mean_pose_simhupr', simulated_root, tmp_path)
    for argument in ('amp', 'auto_scale_lr'):
        with pytest.raises(ConfigError, match='concern an optimizer, and this configuration has none'):
            apis.train(config, **{argument: True})


def test_a_loader_that_leaves_samples_out_is_refused(simulated_root, tmp_path):
    config = config_of('mean_pose_simhupr', simulated_root, tmp_path)
    config.train_dataloader.update(batch_size=8, drop_last=True)
    with pytest.raises(
        ConfigError, match=r'each of the 20 training samples once, so \[20\].*found \[16\]. Remove drop'
    ):
        apis.train(config, validate=False)


def test_the_observations_of_processes_are_put_in_the_order_of_the_data_set():
    whole = dict(a=np.arange(14).reshape(7, 2), b=np.arange(7.0))
    parts = [{name: array[rank::3] for name, array in whole.items()} for rank in range(3)]
    joined = in_order(parts, 7)
    assert all(np.array_equal(joined[name], array) for name, array in whole.items())
    with pytest.raises(ConfigError, match=r'so \[3, 2, 2\].*found \[3, 2, 1\]'):
        in_order([*parts[:2], {name: array[:1] for name, array in parts[2].items()}], 7)
    with pytest.raises(ConfigError, match=r'so \[1, 1, 0\].*found \[1, 1, 0\]'):
        in_order([dict(a=np.zeros(1)), dict(a=np.zeros(1)), {}], 2)


PROCESSES = """
import sys
sys.path[:0] = {paths!r}
import json
from pathlib import Path
import torch
from mmradar import apis
from mmradar.cli import end_process_group
from test_fit_loop import config_of
root, work = map(Path, sys.argv[1:])
config = config_of('nearest_neighbour_simhupr', root, work)
apis.train(config, launcher='pytorch', validate=False)
torch.distributed.barrier()  # until the first process has saved
metrics = apis.test(config, work / 'epoch_1.pth', launcher='pytorch')
if torch.distributed.get_rank() == 0:
    (work / 'metrics.json').write_text(json.dumps(metrics))
end_process_group()
"""


def test_three_processes_fit_what_one_does(simulated_root, tmp_path, run):
    """Of 20 training frames, they see 7, 7 and 6."""
    script, together = tmp_path / 'script.py', tmp_path / 'together'
    script.write_text(PROCESSES.format(paths=[str(REPOSITORY / 'tests'), str(REPOSITORY / 'tests' / 'test_engine')]))
    command = [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=3', '--standalone', str(script)]
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(
        [*command, str(simulated_root), str(together)], capture_output=True, text=True, timeout=400, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    _, state, metrics = run('nearest_neighbour_simhupr')
    found = torch.load(together / 'epoch_1.pth', weights_only=True)['state_dict']
    for key, value in state.items():
        torch.testing.assert_close(found[key], value, rtol=1e-6, atol=1e-6)
    assert json.loads((together / 'metrics.json').read_text()) == pytest.approx(metrics, rel=1e-6)
