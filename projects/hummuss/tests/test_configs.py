import json
import os
import pickle
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from hummuss.datasets.human36m_lifting_dataset import read_pickled_arrays
from hummuss.datasets.lifting_arrays import normalise_to_screen, pack_lifting_sample
from hummuss.datasets.motion_lifting_dataset import root_relative
from hummuss.evaluation.changed_test_set import evaluate_under
from mmradar.apis import init_model
from mmradar.apis.configuration import load_config
from mmradar.errors import CheckpointError, ConfigError, DataError
from mmradar.registry import DATASETS, MODELS
from mmradar.simulation.camera import Camera
from mmradar.simulation.motions import MOTIONS
from mmradar.simulation.plan import PLANS

PROJECT = Path(__file__).resolve().parents[1]
ROOT = PROJECT.parents[1]
# Those of meshes need a body model: test_meshes.py
ALL = sorted(path.stem for path in (PROJECT / 'configs').glob('*.py') if 'mesh' not in path.stem)
SMALL = ['hummuss_small_motion', 'hummuss_causal_small_motion', 'dstformer_small_motion']


def tiny(name, work_dir, num_frames=9):
    """A configuration with a data set and a model of a few seconds."""
    config = load_config(str(PROJECT / 'configs' / f'{name}.py'))
    for split, clips in (('train', 4), ('val', 2), ('test', 2)):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
        loader.dataset.update(num_clips=clips, num_frames=num_frames, clip_s=0.6, motions=['walk', 'bow'])
    config.model.backbone.update(depth=1)
    config.model.backbone.update({'feat_size' if 'feat_size' in config.model.backbone else 'embed_dims': 16})
    config.train_cfg.max_epochs, config.train_cfg.val_interval = 2, 2
    config.param_scheduler[0].total_steps = 2
    config.work_dir = str(work_dir)
    return config


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Name -> configuration and checkpoint of a trained tiny model."""
    found = {}
    for name in SMALL:
        config = tiny(name, tmp_path_factory.mktemp(name))
        Runner.from_cfg(config).train()
        found[name] = config, next(Path(config.work_dir).glob('epoch_2.pth'))
    return found


@pytest.mark.parametrize('name', SMALL)
def test_small_models_train_validate_and_test(trained, name):
    config, checkpoint = trained[name]
    assert list(Path(config.work_dir).glob('best_lifting_MPJPE*.pth'))
    metrics = evaluate_under(init_model(config, checkpoint), config)
    assert 0 < metrics['lifting/P-MPJPE'] <= metrics['lifting/MPJPE'] < 2000
    assert {'lifting/MPJPE/walk', 'lifting/MPJPE/bow', 'lifting/MPJVE', 'lifting/PCK@150', 'lifting/AUC'} <= set(
        metrics
    )


def test_small_models_are_of_similar_size_and_differ_in_what_they_should():
    init_default_scope('mmradar')
    configs = [load_config(str(PROJECT / 'configs' / f'{name}.py')) for name in SMALL]
    models = [MODELS.build(config.model) for config in configs]
    sizes = [
        # without positions beyond a window's frames, which are there for tests only
        sum(p.numel() for p in model.parameters()) - 240 * 64 * hasattr(model.backbone, 'temp_embed')
        for model in models
    ]
    assert max(sizes) < 1.5 * min(sizes), sizes
    assert [getattr(model.backbone, 'causal', None) for model in models] == [False, True, None]
    for config in configs[1:]:
        for key in ('train_dataloader', 'test_dataloader', 'optim_wrapper', 'train_cfg', 'param_scheduler'):
            assert config[key] == configs[0][key], key


@pytest.mark.parametrize(('name', 'share'), [('hummuss_small_motion', 1.0), ('hummuss_h36m', 0.5)])
def test_state_space_parameters_do_not_decay_and_may_learn_slower(name, share, tmp_path):
    config = tiny('hummuss_small_motion', tmp_path)
    config.optim_wrapper = load_config(str(PROJECT / 'configs' / f'{name}.py')).optim_wrapper
    runner = Runner.from_cfg(config)
    groups = runner.build_optim_wrapper(config.optim_wrapper).param_groups
    slow = {id(p) for group in groups if group['weight_decay'] == 0 for p in group['params']}
    rates = {group.get('lr') for group in groups if group['weight_decay'] == 0}
    named = {id(p) for name, p in runner.model.named_parameters() if '.ssm.' in name}
    assert named and named == slow
    assert rates == {share * config.optim_wrapper.optimizer.lr}


@pytest.mark.parametrize('name', ALL)
@pytest.mark.parametrize('optim_wrapper', ['own', dict(optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4))])
def test_what_asks_for_no_weight_decay_has_none(name, optim_wrapper):
    init_default_scope('mmradar')
    config = load_config(str(PROJECT / 'configs' / f'{name}.py'))
    config.model.backbone.update({} if 'depth' not in config.model.backbone else dict(depth=1))
    model = MODELS.build(config.model)
    optim_wrapper = config.optim_wrapper if optim_wrapper == 'own' else optim_wrapper
    names = {id(p): key for key, p in model.named_parameters()}
    groups = build_optim_wrapper(model, optim_wrapper).optimizer.param_groups
    found = {names[id(p)]: group['weight_decay'] for group in groups for p in group['params']}
    exempt = {key for key, p in model.named_parameters() if getattr(p, '_no_weight_decay', False)}
    assert bool(exempt) != ('dstformer' in name) and len(found) == len(names)
    for key, decay in found.items():
        assert decay == (0 if key in exempt else optim_wrapper['optimizer']['weight_decay']), key


def test_train_val_and_test_are_other_people(tmp_path):
    config = tiny('hummuss_small_motion', tmp_path)
    clips = [
        {
            sample.clip_id
            for batch in Runner.build_dataloader(config[f'{split}_dataloader'])
            for sample in batch['data_samples']
        }
        for split in ('train', 'val', 'test')
    ]
    assert all(clips)
    assert not clips[0] & clips[1] and not clips[1] & clips[2] and not clips[0] & clips[2]


def test_the_rescale_reaches_the_model_and_matters(trained):
    config, checkpoint = trained['hummuss_small_motion']
    model = init_model(config, checkpoint)
    same = [evaluate_under(model, config, rescale=rescale)['lifting/MPJPE'] for rescale in (True, False)]
    assert same[0] == same[1]
    for changes in (dict(rate_scale=2.0), dict(irregular=True)):
        told, untold = (
            evaluate_under(model, config, rescale=rescale, **changes)['lifting/MPJPE'] for rescale in (True, False)
        )
        assert told != untold, changes


def test_a_transformer_has_no_positions_for_more_frames(trained):
    config, checkpoint = trained['dstformer_small_motion']
    model = init_model(config, checkpoint)
    assert evaluate_under(model, config, rate_scale=4.0) is not None
    assert evaluate_under(model, config, num_frames=400, clip_s=14.0) is None
    model.test_cfg.update(window=300, overlap=150)
    assert evaluate_under(model, config, num_frames=400, clip_s=14.0) is not None


def test_another_models_checkpoint_or_none_is_an_error(trained, tmp_path):
    config, _ = trained['hummuss_small_motion']
    with pytest.raises(CheckpointError, match='not a checkpoint of this model'):
        init_model(config, trained['dstformer_small_motion'][1])
    with pytest.raises(CheckpointError, match='no checkpoint at'):
        init_model(config, tmp_path / 'none.pth')


def test_conditions_of_another_data_set_are_an_error():
    config = load_config(str(PROJECT / 'configs' / 'hummuss_h36m.py'))
    with pytest.raises(ConfigError, match='Human36mLiftingDataset'):
        evaluate_under(torch.nn.Identity(), config)


def longest_memory(model):
    """Largest time constant of a temporal state, in frames."""
    layers = [layer for block in model.backbone.blocks for layer in block.temporal]
    return max(float(layer.ssm.time_constants.detach().max()) for layer in layers)


def test_the_model_for_long_sequences_starts_with_a_memory_of_half_a_window():
    init_default_scope('mmradar')
    short, long = (load_config(str(PROJECT / 'configs' / f'{SMALL[0]}{name}.py')) for name in ('', '_long'))
    assert longest_memory(MODELS.build(long.model)) <= long.num_frames / 2
    assert longest_memory(MODELS.build(short.model)) > 10 * short.num_frames
    assert long.train_dataloader == short.train_dataloader and long.test_dataloader == short.test_dataloader


def test_a_trained_model_takes_a_bound_of_its_memory(trained):
    config, checkpoint = trained['hummuss_small_motion']
    bounded = config.copy()
    bounded.merge_from_dict({'model.backbone.temporal_memory': 9})
    models = [init_model(one, checkpoint) for one in (config, bounded)]
    assert longest_memory(models[1]) < 9 < longest_memory(models[0])
    errors = [evaluate_under(model, config, num_frames=100, clip_s=4.0)['lifting/MPJPE'] for model in models]
    assert errors[0] != errors[1] and np.isfinite(errors).all()


@pytest.mark.parametrize(
    ('tool', 'arguments', 'expected'),
    [
        ('rates', [], ['x0.5', 'irregular', '+0.0 %']),
        (
            'robustness',
            ['--missing', '0.5', '--noise-px', '7', '--correlation-s', '0.5', '--frames', '9', '18', '--clips', '2'],
            ['50%', '| 7 | 0.5 s |', '| 18 |'],
        ),
    ],
)
def test_tools_print_tables(trained, capsys, monkeypatch, tool, arguments, expected):
    config, checkpoint = trained['hummuss_causal_small_motion']
    path = Path(config.work_dir, 'dumped.py')
    config.dump(path)
    monkeypatch.setattr(sys, 'argv', [tool, str(path), str(checkpoint), *arguments])
    runpy.run_path(str(PROJECT / 'tools' / f'{tool}.py'), run_name='__main__')
    printed = capsys.readouterr().out
    for text in expected:
        assert text in printed


def test_the_readmes_command_trains_and_tests_with_the_repositorys_tools(tmp_path, monkeypatch):
    options = [
        *('max_epochs=1', 'train_cfg.val_interval=1', 'num_frames=9', 'clip_s=0.4', 'num_workers=0'),
        *(f'{split}_dataloader.dataset.num_clips=2' for split in ('train', 'val', 'test')),
        *('model.backbone.embed_dims=8', 'model.backbone.depth=1'),
    ]
    config = 'projects/hummuss/configs/hummuss_small_motion.py'
    options = [config, '--work-dir', str(tmp_path), '--cfg-options', *options]
    training = subprocess.run(
        [sys.executable, 'tools/train.py', *options],
        cwd=ROOT,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},  # whose tools need no installation of the project
        capture_output=True,
        text=True,
    )
    assert training.returncode == 0, training.stderr[-2000:]
    monkeypatch.chdir(ROOT)
    outputs = ['--out', str(tmp_path / 'metrics.json'), '--show-dir', str(tmp_path / 'pictures'), '--interval', '2']
    testing = ['test', config, str(tmp_path / 'epoch_1.pth'), *outputs, *options[1:]]
    monkeypatch.setattr(sys, 'argv', testing)
    runpy.run_path('tools/test.py', run_name='__main__')
    assert 'lifting/MPJPE' in json.loads((tmp_path / 'metrics.json').read_text())
    assert (tmp_path / 'pictures' / 'test_00000000.png').is_file()


# the data sets that are requested, on files of their form


def write_mpi_inf_3dhp(path, names):
    rng, joints = np.random.default_rng(0), (len(names), 17)
    part = np.concatenate([rng.uniform(0, 2048, (*joints, 2)), np.ones((*joints, 1))], -1)
    labels = np.concatenate([rng.normal(size=(*joints, 3)), np.ones((*joints, 1))], -1)
    np.savez(path, imgname=np.array(names), part=part, S=labels)


def write_ntu(folder, subject, action, frames, setup=1, camera=1):
    joints = [f'0.1 {joint / 10} 3.5 200 210 {960 + 10 * joint} 540 0 0 0 0 2' for joint in range(25)]
    frame = ['1', '7 0 1 1 1 1 0 0 0 2', '25', *joints]
    path = folder / f'S{setup:03d}C{camera:03d}P{subject:03d}R001A{action:03d}.skeleton'
    path.write_text('\n'.join([str(frames), *frame * frames]) + '\n')


def two_iterations(name, folder, **dataset):
    """Train a configuration for two iterations, validate it once, and return its model and its validation's values."""
    small = {'model.backbone.embed_dims': 8, 'model.backbone.depth': 1}
    config = load_config(str(PROJECT / 'configs' / f'{name}.py'), small)
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
        loader.dataset.update(data_root=str(folder), **(dataset or dict(num_frames=9)))
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.work_dir = str(folder / 'work_dir')
    runner = Runner.from_cfg(config)
    runner.train()
    assert runner.iter == 2 and (folder / 'work_dir' / 'epoch_1.pth').is_file()
    values = runner.message_hub.log_scalars
    return runner.model, {key[4:]: value.current() for key, value in values.items() if key.startswith('val/')}


@pytest.mark.parametrize('name', ['hummuss_mpi_inf_3dhp', 'hummuss_causal_mpi_inf_3dhp'])
def test_mpi_inf_3dhp_trains_and_is_evaluated(tmp_path, name):
    (tmp_path / 'annotations').mkdir()
    write_mpi_inf_3dhp(
        tmp_path / 'annotations' / 'mpi_inf_3dhp_train.npz',
        [f'S1_Seq1_Cam{camera}_{frame:06d}.jpg' for camera in range(4) for frame in range(1, 12)],
    )
    write_mpi_inf_3dhp(
        tmp_path / 'annotations' / 'mpi_inf_3dhp_test_valid.npz', [f'TS1_{frame:06d}.jpg' for frame in range(1, 15)]
    )
    model, values = two_iterations(name, tmp_path)
    assert model.backbone.causal == ('causal' in name) and model.test_cfg['flip_test'] != ('causal' in name)
    assert values['lifting/MPJPE'] == pytest.approx(values['lifting/MPJPE/TS1'])
    assert values['lifting/MPJPE'] > 500  # joints of a normal law with 1 m
    assert 0 <= values['lifting/AUC'] <= values['lifting/PCK@150'] < 50


def write_h36m(folder, split, subject, frames=12):
    rng, path = np.random.default_rng(0), folder / 'annotation_body3d' / 'fps50'
    path.mkdir(parents=True, exist_ok=True)
    images = [f'{subject}_Directions_1.54138969_{number:06d}.jpg' for number in range(frames)]
    joints_m = rng.normal(size=(frames, 17, 3)) + [0, 0, 5]
    arrays = dict(
        imgname=images,
        center=np.full((frames, 2), 500.0),
        scale=np.ones(frames),
        part=np.concatenate([rng.uniform(0, 1000, (frames, 17, 2)), np.ones((frames, 17, 1))], -1),
        S=np.concatenate([joints_m, np.ones((frames, 17, 1))], -1),
    )
    np.savez(path / f'h36m_{split}.npz', **arrays)
    np.save(path / 'h36m_factors.npy', np.full(frames, 4.0))
    cameras = path.parent / 'cameras.pkl'
    known = pickle.loads(cameras.read_bytes()) if cameras.exists() else {}
    known[subject, '54138969'] = dict(f=np.array([[1145.0], [1143.0]]), c=np.array([[512.0], [515.0]]), w=1000, h=1002)
    cameras.write_bytes(pickle.dumps(known))


@pytest.mark.parametrize('name', ['hummuss_h36m', 'hummuss_causal_h36m'])
def test_h36m_trains_and_is_evaluated(tmp_path, name):
    write_h36m(tmp_path, 'train', 'S1', frames=24)
    write_h36m(tmp_path, 'test', 'S9')
    options = dict(multiple_target=9, multiple_target_step=5)  # windows of 9 frames, 4 of them in the training
    model, values = two_iterations(name, tmp_path, **options)
    assert model.backbone.causal == ('causal' in name)
    assert values['MPJPE'] > values['P-MPJPE'] > 0.5  # m: joints of a normal law with 1 m
    with pytest.raises(DataError, match=r'no file .*none\.npz of Human3\.6M\n.*Register'):
        DATASETS.build(dict(type='Human36mLiftingDataset', ann_file='none.npz', data_root=str(tmp_path)))


def test_damaged_files_of_h36m_are_told(tmp_path):
    write_h36m(tmp_path, 'train', 'S1')
    folder = tmp_path / 'annotation_body3d'

    def build(frames=9):
        files = dict(
            ann_file='annotation_body3d/fps50/h36m_train.npz', camera_param_file='annotation_body3d/cameras.pkl'
        )
        DATASETS.build(
            dict(type='Human36mLiftingDataset', data_root=str(tmp_path), seq_len=1, multiple_target=frames, **files)
        )

    build()
    with pytest.raises(DataError, match='no video is as long as a window of 13 frames'):
        build(13)
    cameras = (folder / 'cameras.pkl').read_bytes()
    for content in ({}, []):
        (folder / 'cameras.pkl').write_bytes(pickle.dumps(content))
        with pytest.raises(DataError, match=r"h36m_train\.npz, or the files .* not in the form of mmpose's Human3\.6M"):
            build()
    (folder / 'cameras.pkl').write_bytes(cameras)
    (folder / 'fps50' / 'h36m_train.npz').write_bytes(b'PK\x03\x04 damaged')
    with pytest.raises(DataError, match='BadZipFile'):
        build()


def test_a_pickle_of_cameras_runs_no_code(tmp_path):
    write_h36m(tmp_path, 'train', 'S1')
    ran = tmp_path / 'ran'

    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(ran),)

    options = dict(type='Human36mLiftingDataset', data_root=str(tmp_path), camera_param_file='cameras.pkl')
    for content in (pickle.dumps(Harm()), b'no pickle', pickle.dumps({})[:-1]):
        (tmp_path / 'cameras.pkl').write_bytes(content)
        with pytest.raises(DataError, match=r'cameras\.pkl: not a pickle of arrays and numbers only'):
            DATASETS.build(dict(ann_file='annotation_body3d/fps50/h36m_train.npz', **options))
    assert not ran.exists()
    arrays = dict(f=np.arange(3.0), w=1000, name='camera', number=np.float64(2))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / 'cameras.pkl').write_bytes(pickle.dumps(arrays, protocol))
        found = read_pickled_arrays(tmp_path / 'cameras.pkl')
        assert found.keys() == arrays.keys() and found['f'].tolist() == [0, 1, 2] and found['number'] == 2


def test_ntu_trains_and_is_evaluated(tmp_path):
    # subjects 1 and 2 train, 3 tests
    for subject, action, frames in ((1, 1, 12), (1, 7, 5), (2, 1, 9), (2, 60, 20), (3, 1, 12), (3, 60, 4)):
        write_ntu(tmp_path, subject, action, frames)
    model, values = two_iterations('hummuss_action_ntu60', tmp_path)
    assert model.head.num_classes == 60
    assert values['action/top1'] in (0, 50, 100)
    assert values['action/top1'] <= values['action/top5'] <= 100


def test_ntu_cross_view_trains_on_two_cameras(tmp_path):
    for subject, camera in ((1, 2), (2, 2), (3, 3), (4, 3), (1, 1)):
        write_ntu(tmp_path, subject, 1, 9, camera=camera)
    _, values = two_iterations('hummuss_action_ntu60_xview', tmp_path)
    assert values['action/top1'] in (0, 100)  # the one clip of camera 1


def test_one_shot_on_ntu120_trains_on_other_actions_and_is_evaluated_with_the_given_exemplars(tmp_path):
    for subject, action in ((1, 2), (2, 2), (1, 63), (2, 63)):  # of A1, A7, ..., A115, none is in the training
        write_ntu(tmp_path, subject, action, 9)
    for action in range(1, 121, 6):
        write_ntu(tmp_path, 8, action, 9, setup=1 if action <= 60 else 18, camera=3)
        write_ntu(tmp_path, 9, action, 9, setup=1 if action <= 60 else 18)
    _, values = two_iterations('hummuss_one_shot_ntu120', tmp_path)
    assert 0 <= values['one_shot/top1'] <= 100 and values['one_shot/top1'] % 5 == 0  # of 20 clips
    assert values['one_shot/top1_std'] == 0


def test_the_action_model_is_of_the_papers_size_and_its_head_learns_faster(tmp_path):
    config = load_config(str(PROJECT / 'configs' / 'hummuss_action_ntu60.py'))
    init_default_scope('mmradar')
    assert 15.5e6 < sum(p.numel() for p in MODELS.build(config.model).parameters()) < 17.5e6
    config.model.backbone.update(embed_dims=8, depth=1)
    for subject in (1, 3):
        write_ntu(tmp_path, subject, 1, 1)
    for split in ('train', 'val', 'test'):
        config[f'{split}_dataloader'].update(num_workers=0, persistent_workers=False)
        config[f'{split}_dataloader'].dataset.data_root = str(tmp_path)
    config.work_dir = str(tmp_path / 'work_dir')
    runner = Runner.from_cfg(config)
    groups = runner.build_optim_wrapper(config.optim_wrapper).param_groups
    rates = {id(p): group['lr'] for group in groups for p in group['params']}
    for name, parameter in runner.model.named_parameters():
        expected = 1e-3 if name.startswith('head.') else 5e-5 if '.ssm.' in name else 1e-4
        assert rates[id(parameter)] == pytest.approx(expected), name


def test_the_mpi_models_joints_and_root_are_the_readers(tmp_path):
    config = load_config(str(PROJECT / 'configs' / 'hummuss_mpi_inf_3dhp.py'))
    write_mpi_inf_3dhp(tmp_path / 'a.npz', [f'TS1_{frame:06d}.jpg' for frame in range(1, 15)])
    dataset = DATASETS.build(dict(type='MPIINF3DHPDataset', ann_file='a.npz', data_root=str(tmp_path), num_frames=9))
    assert config.model.backbone.num_joints == dataset.metainfo['num_keypoints']
    assert dataset.metainfo['keypoint_id2name'][config.test_evaluator.root[0]] == 'root'


# radar


def radar_config(work_dir):
    config = load_config(str(PROJECT / 'configs' / 'hummuss_small_radar.py'))
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
        loader.dataset.update(num_clips=4)
    config.model.backbone.update(embed_dims=8, depth=1)
    config.work_dir = str(work_dir)
    return config


def test_the_radar_models_windows_are_those_of_simhupr(tmp_path):
    plan, config = PLANS['simhupr-v2-mini'], radar_config(tmp_path)
    for split in ('train', 'val', 'test'):
        data = config[f'{split}_dataloader'].dataset
        assert (data.num_frames, data.frame_rate_hz) == (plan.num_frames, plan.radar_config.frame_rate_hz)
        assert data.routines == plan.routines and data.motions is None  # all, as in the set
    assert set(plan.motions) == set(MOTIONS)
    assert config.frame_rate_hz == plan.radar_config.frame_rate_hz  # what tools/lift_radar.py asks
    assert config.train_dataloader.dataset.flip_prob and not config.test_dataloader.dataset.get('flip_prob')
    # limbs are off by more the further out they are
    hip, knee, ankle, *_, shoulder, elbow, wrist = config.train_dataloader.dataset.noise_px
    assert hip < knee < ankle and shoulder < elbow < wrist


def test_the_radar_model_trains_and_lifts_what_the_tool_feeds(tmp_path):
    config = radar_config(tmp_path)
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.param_scheduler[0].total_steps = 1
    runner = Runner.from_cfg(config)
    runner.train()
    joints = PLANS['simhupr-v1-mini'].performance(253).joints_m(np.arange(16) / 10)
    x, y, z = np.moveaxis(joints, -1, 0)
    target = root_relative(np.stack([x, -z, y], -1))
    seen = np.ones(target.shape[:2])
    screen = normalise_to_screen(Camera().project(joints), (256, 256))
    metainfo = dict(delta_scale=1.0, flip_indices=runner.train_dataloader.dataset.metainfo['flip_indices'])
    packed = pack_lifting_sample(screen, target, seen, seen, metainfo)
    model = runner.model.eval()
    with torch.no_grad():
        (sample,) = model(packed['inputs'][None], [packed['data_samples']], mode='predict')
    assert sample.pred_instances.keypoints_3d.shape == (16, 14, 3)


def test_human36m_through_mmpose_builds_and_learns_from_its_samples():
    from mmengine.structures import InstanceData
    from mmpose.structures import PoseDataSample

    config = load_config(str(PROJECT / 'configs' / 'hummuss_h36m.py'))
    init_default_scope('mmradar')
    config.model.backbone.update(embed_dims=16, depth=1)
    config.model.head.update(in_channels=16, embedding_size=16)
    model = MODELS.build(config.model)
    sample = PoseDataSample()
    sample.gt_instance_labels = InstanceData(
        lifting_target_label=torch.randn(9, 17, 3), lifting_target_weight=torch.ones(9, 17)
    )
    losses = model(torch.randn(1, 9, 17, 3), [sample], mode='loss')
    losses['loss_pose3d'].backward()
    assert model.backbone.lift.weight.grad.abs().sum() > 0


def test_human36m_says_which_file_is_missing(tmp_path):
    config = load_config(str(PROJECT / 'configs' / 'hummuss_h36m.py'))
    init_default_scope('mmradar')
    config.train_dataloader.dataset.data_root = str(tmp_path)
    with pytest.raises(DataError, match=r'no file .*h36m_train\.npz of Human3\.6M'):
        Runner.build_dataloader(config.train_dataloader).dataset.full_init()
