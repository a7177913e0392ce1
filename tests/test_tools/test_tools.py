"""The scripts as a user types them."""

import importlib.util
import json
import os
import pickle
import re
import runpy
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import mmradar.registry  # noqa: F401  (torch.load may read trainings' own files)
from conftest import REPOSITORY, SMALL_RADAR
from mmradar.radar import RadarConfig, open_recording
from mmradar.simulation import Performance, Subject


def tool(*arguments, check=True, launcher=(), cwd=REPOSITORY, **environment):
    command = [*(launcher or [sys.executable]), *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=400, env={**os.environ, **environment}
    )
    if check and done.returncode:
        raise AssertionError(f'{command} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}')
    return done


@pytest.fixture(scope='module')
def config_file(simulated_root, tmp_path_factory):
    """A user's own configuration: inherits the demo's, on the small data set."""
    path = tmp_path_factory.mktemp('configs') / 'mine.py'
    path.write_text(
        f"""_base_ = {str(REPOSITORY / 'configs/millimamba_tiny_simhupr.py')!r}
data_root = {str(simulated_root)!r}
cache_dir = None
radar = dict({SMALL_RADAR!r})
batch_size = 4
num_workers = 0
model = dict(backbone=dict(stem=dict(channels=(4, 4, 8, 16)), mixer=dict(num_layers=1)), head=dict(num_layers=1))
max_epochs = 1
"""
    )
    return path


@pytest.fixture(scope='module')
def trained(config_file, tmp_path_factory):
    work = tmp_path_factory.mktemp('work')
    tool('tools/train.py', config_file, '--work-dir', work, '--cfg-options', 'default_hooks.logger.interval=1')
    return work


def test_train_leaves_checkpoints_and_a_log(trained):
    assert (trained / 'epoch_1.pth').is_file() and list(trained.glob('best_coco_AP*.pth'))
    log = next(trained.glob('*/*.log')).read_text()
    assert 'Epoch(val) [1]' in log and 'coco/AP_R_Wrist' in log


def test_test_writes_metrics_predictions_and_pictures(trained, config_file, tmp_path, run_here):
    run_here(
        'tools/test.py',
        config_file,
        trained / 'epoch_1.pth',
        '--work-dir',
        tmp_path,
        '--out',
        tmp_path / 'metrics.json',
        '--dump',
        tmp_path / 'predictions.pkl',
        '--show-dir',
        tmp_path / 'pictures',
        '--interval',
        '5',
    )
    metrics = json.loads((tmp_path / 'metrics.json').read_text())
    assert 0 <= metrics['coco/AP'] <= 100 and metrics['coco/MPJPE_px'] > 0
    with open(tmp_path / 'predictions.pkl', 'rb') as file:
        assert len(pickle.load(file)) == 10
    assert len(list((tmp_path / 'pictures').glob('test_*.png'))) == 2


@pytest.mark.parametrize(
    'command', [('tools/test.py', 'nothing.pth', '--show-dir', 'pictures'), ('tools/misc/browse_dataset.py',)]
)
def test_nothing_to_draw_with_is_said(command, config_file, tmp_path, run_here):
    own = tmp_path / 'own.py'
    own.write_text(f'_base_ = {str(config_file)!r}\nvisualizer = None\n')
    done = run_here(command[0], own, *command[1:], check=False)
    assert done.returncode == 2 and f'nothing draws the samples of {own}' in done.stderr


def test_resume_from_the_command_line(trained, config_file, tmp_path, run_here):
    work = shutil.copytree(trained, tmp_path / 'work')
    done = run_here('tools/train.py', config_file, '--work-dir', work, '--resume', '--cfg-options', 'max_epochs=2')
    assert 'resumed epoch: 1' in done.stdout + done.stderr and (work / 'epoch_2.pth').is_file()


# what others read our checkpoints with, in processes of their own, and the configuration that the training dumped
READERS = {
    'Runner.train, resumed': """
import sys
from mmengine.config import Config
from mmengine.runner import Runner
config, checkpoint, work = sys.argv[1:]
config = Config.fromfile(config)
config.update(load_from=checkpoint, resume=True, work_dir=work)
config.train_cfg.max_epochs = config.param_scheduler[0].total_steps = 2
runner = Runner.from_cfg(config)
runner.train()
print(runner.epoch == 2 and runner.iter == 10)
""",
    # the stand-ins for what mmpose imports and nobody here needs come with the configuration
    'init_model': """
import sys
from mmengine.config import Config
config, checkpoint, work = sys.argv[1:]
config = Config.fromstring(f'_base_ = {config!r}\\ncustom_imports = dict(imports=["mmradar"])', '.py')
from mmpose.apis import init_model
model = init_model(config, checkpoint, device='cpu')
print(model.dataset_meta['num_keypoints'] == 14 and len(model.dataset_meta['sigmas']) == 14)
""",
}


@pytest.mark.parametrize('reader', READERS)
def test_mmengine_and_mmpose_read_our_checkpoints(reader, trained, config_file, tmp_path):
    done = tool('-c', READERS[reader], trained / config_file.name, trained / 'epoch_1.pth', tmp_path)
    assert done.stdout.strip().splitlines()[-1] == 'True'


def test_mmposes_own_script_tests_our_checkpoint(trained, config_file, tmp_path):
    script = Path(importlib.util.find_spec('mmpose').origin).parent / '.mim' / 'tools' / 'test.py'
    options = (trained / 'epoch_1.pth', '--work-dir', tmp_path, '--out', tmp_path / 'metrics.pkl')
    tool(script, trained / config_file.name, *options)
    assert (tmp_path / 'metrics.pkl').stat().st_size
    done = tool(script, config_file, *options, check=False)
    assert done.returncode != 0 and 'is a reference still. Read configurations with mmradar.apis' in done.stderr


def free_port() -> str:
    """A port for the processes to meet on; a fixed one may be taken."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


def test_two_cpu_processes_train_and_test(config_file, tmp_path, run_here):
    environment = dict(PYTHON=sys.executable, OMP_NUM_THREADS='1')
    work, out, alone = ('--work-dir', tmp_path), tmp_path / 'together.json', tmp_path / 'alone.json'
    tool('tools/dist_train.sh', config_file, 2, *work, launcher=['bash'], PORT=free_port(), **environment)
    checkpoint = tmp_path / 'epoch_1.pth'
    tool(
        'tools/dist_test.sh',
        config_file,
        checkpoint,
        2,
        *work,
        '--out',
        out,
        launcher=['bash'],
        PORT=free_port(),
        **environment,
    )
    run_here('tools/test.py', config_file, checkpoint, *work, '--out', alone)
    assert json.loads(out.read_text()) == pytest.approx(json.loads(alone.read_text()), rel=1e-4)


def test_two_steps_of_the_main_configuration_at_full_size(tmp_path):
    """T = 9, two radars of 64 x 8 x 256, the paper's optimizer, on simulated files of HuPR's own size."""
    data = tmp_path / 'set'
    tool('tools/simulate.py', data, '--train', 1, '--val', 0, '--test', 0, '--frames', 2, '--workers', 1)
    done = tool(
        'tools/train.py',
        'configs/millimamba_simhupr.py',
        '--data-root',
        data,
        '--work-dir',
        tmp_path / 'work',
        '--no-validate',
        '--cfg-options',
        'train_dataloader.batch_size=1',
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
        'max_epochs=1',
        'default_hooks.logger.interval=1',
    )
    log = done.stdout + done.stderr
    assert all(f'[1][{step}/2]' in log for step in (1, 2))
    weights = torch.load(tmp_path / 'work' / 'epoch_1.pth', weights_only=True)['state_dict']
    assert all(torch.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['tools/train.py', 'configs/millimamba_hupr.py', '--data-root', '/nowhere/HuPR'], 'looked for /nowhere/HuPR'),
        (['tools/train.py', 'configs/millimamba_transhupr.py', '--data-root', '/nowhere/T'], 'looked for /nowhere/T'),
        (['tools/train.py', 'configs/nothing.py'], 'no configuration file configs/nothing.py'),
        (
            ['tools/train.py', 'configs/millimamba_hupr.py', '--cfg-options', 'train_cgf.max_epochs=1'],
            "has no 'train_cgf'; did you mean 'train_cfg'?",
        ),
        (['tools/test.py', 'configs/millimamba_hupr.py', 'nothing.pth'], 'no checkpoint at nothing.pth'),
        (['tools/test.py', 'configs/millimamba_hupr.py', 'setup.py'], 'setup.py cannot be read as a checkpoint'),
    ],
)
def test_mistakes_end_with_a_message_and_no_traceback(arguments, message, tmp_path, run_here):
    done = run_here(*arguments, '--work-dir', tmp_path, check=False)
    assert done.returncode == 2
    assert message in done.stderr and 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    'arguments, message',
    [
        (
            ['tools/test.py', 'configs/millimamba_tiny_simhupr.py', 'x.pth', '--cfg-options', 'vis_backends.0.type=x'],
            'What counts: visualizer.vis_backends.0.type',
        ),
        (
            ['tools/train.py', 'configs/millimamba_hupr.py', '--cfg-options', 'model.hed.num_layers=2'],
            "model (RadarPoseEstimator) takes no 'hed'; did you mean 'head'?",
        ),
        (
            [
                'tools/analysis_tools/get_flops.py',
                'configs/millimamba_hupr.py',
                '--cfg-options',
                'dataset.views=[vert]',
            ],
            'What counts: train_dataloader.dataset.views, val_dataloader.dataset.views, test_dataloader.dataset.views',
        ),
        (
            ['tools/train.py', 'configs/millimamba_tiny_simulated.py', '--data-root', 'x'],
            '--data-root reaches nothing: no data set of',
        ),
    ],
)
def test_what_would_change_nothing_is_refused(arguments, message, run_here):
    done = run_here(*arguments, check=False)
    assert done.returncode == 2 and message in done.stderr


def test_a_truncated_recording_ends_with_its_name(simulated_root, config_file, tmp_path, run_here):
    root = shutil.copytree(simulated_root, tmp_path / 'set')
    path = root / 'single_2/vert/adc_data.bin'
    path.write_bytes(path.read_bytes()[:-2])
    options = ('--data-root', root, '--work-dir', tmp_path / 'work')
    done = run_here('tools/train.py', config_file, *options, check=False)
    assert done.returncode == 2 and 'single_2/vert/adc_data.bin' in done.stderr and 'Traceback' not in done.stderr


def test_a_misspelt_key_of_the_configuration_is_named(tmp_path, run_here):
    path = tmp_path / 'mine.py'
    path.write_text('optim_wraper = dict(type="OptimWrapper")\n')
    done = run_here('tools/train.py', path, check=False)
    assert done.returncode == 2 and "unknown key 'optim_wraper'; did you mean 'optim_wrapper'?" in done.stderr


def test_an_unknown_key_of_the_model_is_named(config_file, tmp_path, run_here):
    own = tmp_path / 'own.py'
    own.write_text(f'_base_ = {str(config_file)!r}\nmodel = dict(backbone=dict(num_layerz=3))\n')
    done = run_here('tools/train.py', own, '--work-dir', tmp_path, check=False)
    assert done.returncode == 2 and 'Traceback' not in done.stderr
    assert "CVMamba.__init__() got an unexpected keyword argument 'num_layerz'" in done.stderr


def test_a_checkpoint_of_another_model_ends_with_its_keys(trained, config_file, tmp_path, run_here):
    done = run_here(
        'tools/test.py',
        config_file,
        trained / 'epoch_1.pth',
        '--work-dir',
        tmp_path,
        '--cfg-options',
        'model.head.num_layers=2',
        check=False,
    )
    assert (
        done.returncode == 2 and 'is not a checkpoint of this model' in done.stderr and 'head.layers.1' in done.stderr
    )


@pytest.mark.parametrize('hooks', ['', 'custom_hooks = []\n'])
def test_a_checkpoint_of_weights_that_are_no_numbers_is_refused(hooks, trained, config_file, tmp_path, run_here):
    checkpoint = torch.load(trained / 'epoch_1.pth', weights_only=True)
    checkpoint['state_dict']['head.queries'][0] = float('nan')
    torch.save(checkpoint, tmp_path / 'bad.pth')
    own = tmp_path / 'own.py'
    own.write_text(f'_base_ = {str(config_file)!r}\n{hooks}')
    said = run_here('tools/test.py', own, tmp_path / 'bad.pth', '--work-dir', tmp_path, check=False).stderr
    assert 'bad.pth holds numbers that are NaN or infinite, in 1 of' in said and 'head.queries' in said


def test_a_training_that_diverges_ends_with_a_message(config_file, tmp_path, run_here):
    options = ('optim_wrapper.optimizer.lr=1e36', 'max_epochs=1')
    done = run_here('tools/train.py', config_file, '--work-dir', tmp_path, '--cfg-options', *options, check=False)
    assert done.returncode == 2 and 'no finite number: ' in done.stderr
    assert 'default_hooks.finite_guard.action=skip' in done.stderr


def test_get_flops_prints_both_figures(run_here):
    out = run_here('tools/analysis_tools/get_flops.py', 'configs/millimamba_hupr.py').stdout
    assert 'parameters   3.96 M' in out and 'GMACs        34.27' in out and 'selective scan' in out
    assert 'memory' not in out


def test_get_flops_measures_memory_if_asked(config_file, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['get_flops.py', str(config_file), '--memory'])
    monkeypatch.setenv('KINETO_LOG_LEVEL', '99')
    runpy.run_path(str(REPOSITORY / 'tools/analysis_tools/get_flops.py'))['main']()
    out = capsys.readouterr().out
    sizes = re.search(r'memory +(\S+) MiB: .* on a [CG]PU, .*; (\S+) MiB of weights and (\S+) MiB of input', out)
    total, weights, inputs = map(float, sizes.groups())
    assert inputs == 1.5  # 3 x 2 x 2 x 64 x 8 x 64 numbers of 4 bytes
    assert 0 < weights < 0.5 and total > weights + 2 * inputs


def test_browse_dataset_and_mean_pose(config_file, tmp_path, run_here):
    run_here('tools/misc/browse_dataset.py', config_file, '--output-dir', tmp_path, '--max-samples', 2)
    assert len(list(tmp_path.glob('train_*.png'))) == 2
    out = run_here('tools/analysis_tools/mean_pose_baseline.py', config_file, '--out', tmp_path / 'm.json').stdout
    assert 'coco/AP' in out and json.loads((tmp_path / 'm.json').read_text())['coco/MPJPE_px'] > 1


def test_preprocess_fills_the_cache_that_training_reads(config_file, simulated_root, tmp_path, run_here):
    cache = tmp_path / 'cache'
    done = run_here('tools/preprocess.py', config_file, '--cache-dir', cache, '--workers', 2)
    assert '16 recordings computed, 0 already there' in done.stdout  # 8 sequences, two views
    files = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(files) == 16
    sorted(files)[0].unlink()
    again = run_here('tools/preprocess.py', config_file, '--cache-dir', cache, '--workers', 1)
    assert '1 recordings computed, 15 already there' in again.stdout
    assert sum(path.stat().st_mtime_ns == time_ns for path, time_ns in files.items()) == 15
    work = tmp_path / 'work'
    run_here('tools/train.py', config_file, '--work-dir', work, '--cache-dir', cache, '--no-validate')
    assert (work / 'epoch_1.pth').is_file()
    assert len(list(cache.iterdir())) == 16  # nothing was made anew


def test_data_sets_within_others_are_preprocessed_and_averaged(config_file, simulated_root, tmp_path, run_here):
    """A train split put together of parts; an evaluator in a list; the root from the command line; no workers."""
    own, cache = tmp_path / 'own.py', tmp_path / 'cache'
    own.write_text(
        f"""_base_ = {str(config_file)!r}
part = dict(
    type='HuPRDataset', data_root='nowhere', ann_file='hrnet_annot_train.json', split='train',
    window='${{num_frames}}', radar='${{radar}}', pipeline='${{pipeline}}',
)
train_dataloader = dict(
    persistent_workers=True, prefetch_factor=2,
    dataset=dict(
        _delete_=True, type='ConcatDataset', datasets=[dict(type='RepeatDataset', times=2, dataset=part), part]
    ),
)
test_evaluator = [dict(type='HuPRMetric', train_ann_file={str(simulated_root / 'hrnet_annot_train.json')!r})]
"""
    )
    flags = ('--data-root', simulated_root)
    done = run_here('tools/preprocess.py', own, *flags, '--cache-dir', cache, '--splits', 'train', '--workers', 1)
    assert '8 recordings computed, 0 already there' in done.stdout and len(list(cache.iterdir())) == 8
    whole, parts = tmp_path / 'whole.json', tmp_path / 'parts.json'
    run_here('tools/analysis_tools/mean_pose_baseline.py', config_file, '--out', whole)
    run_here('tools/analysis_tools/mean_pose_baseline.py', own, *flags, '--out', parts)
    assert json.loads(parts.read_text()) == pytest.approx(json.loads(whole.read_text()), rel=1e-5)
    run_here('tools/misc/browse_dataset.py', own, *flags, '--output-dir', tmp_path / 'pictures', '--max-samples', 2)
    assert len(list((tmp_path / 'pictures').iterdir())) == 2


def test_a_baseline_without_a_network_goes_through_the_same_commands(simulated_root, tmp_path, run_here):
    options = ('--data-root', simulated_root, '--work-dir', tmp_path)
    options += ('--cfg-options', 'num_workers=0', *(f'radar.{key}={value}' for key, value in SMALL_RADAR.items()))
    config = 'configs/baselines/mean_pose_simhupr.py'
    run_here('tools/train.py', config, *options)
    fitted, direct = tmp_path / 'fitted.json', tmp_path / 'direct.json'
    run_here('tools/test.py', config, tmp_path / 'epoch_1.pth', *options, '--out', fitted)
    run_here('tools/analysis_tools/mean_pose_baseline.py', tmp_path / 'mean_pose_simhupr.py', '--out', direct)
    assert json.loads(fitted.read_text()) == pytest.approx(json.loads(direct.read_text()), rel=1e-9)


def test_the_mean_pose_of_other_data_sets_is_refused(run_here):
    script, config = 'tools/analysis_tools/mean_pose_baseline.py', 'configs/millimamba_tiny_simulated.py'
    assert 'the train split has a SimulatedRadarDataset' in run_here(script, config, check=False).stderr


def test_preprocess_needs_something_to_keep(config_file, tmp_path, run_here):
    bare = tmp_path / 'bare.py'
    bare.write_text(
        f"""_base_ = {str(config_file)!r}
pipeline = [dict(type='PackRadarInputs')]
"""
    )
    done = run_here('tools/preprocess.py', bare, '--cache-dir', tmp_path, check=False)
    assert done.returncode == 2 and 'begins with no per-frame transform' in done.stderr


def test_calibrate_writes_what_the_pipeline_reads(tmp_path, run_here):
    import numpy as np
    import torch

    from mmradar.radar import Calibration, RadarConfig, encode_groups
    from mmradar.simulation import Mounting, RadarSensor

    config = RadarConfig(num_loops=4)
    sensor = RadarSensor(config, Mounting((0, 0, 0), (1, 0, 0), (0, 0, 1)))
    place = torch.tensor([[0.0, 2.0, 0.1]], dtype=torch.float64)
    cube = sensor.echo(place[None], torch.ones(1)).numpy()
    cube[5] *= 2j
    encode_groups(np.stack([cube] * 2), config).tofile(tmp_path / 'reflector.bin')
    (tmp_path / 'radar.json').write_text('{"num_loops": 4}')
    out = tmp_path / 'board.json'
    command = ['tools/calibrate.py', tmp_path / 'reflector.bin', '--config', tmp_path / 'radar.json', '--out', out]
    done = run_here(*command, '--position', 0, 2, 0.1)
    assert 'TX 1 RX 1' in done.stdout and str(out) in done.stdout
    weights = Calibration.load(out).antenna_weights
    np.testing.assert_allclose(weights[0] / weights[5], 2j, atol=0.05)
    wrong = run_here(*command, '--position', 0, 4, 0.1, check=False)
    assert wrong.returncode == 2 and 'no reflector within 0.3 m of 4.00 m' in wrong.stderr


def test_reorder_packets_makes_a_raw_file(tmp_path, run_here):
    import struct

    samples = os.urandom(5 * 1456)
    packets = [
        struct.pack('<II', k + 1, 1456) + (1456 * k).to_bytes(6, 'little') + samples[1456 * k : 1456 * (k + 1)]
        for k in (0, 1, 4, 3)
    ]
    (tmp_path / 'dump.bin').write_bytes(b''.join(packets))
    done = run_here('tools/reorder_packets.py', tmp_path / 'dump.bin', tmp_path / 'adc_data.bin')
    assert '7,280 bytes of 4 packets; 1 came out of order' in done.stdout
    assert '1,456 bytes from offset 2,912 on' in done.stdout
    expected = samples[:2912] + bytes(1456) + samples[2 * 1456 + 1456 :]
    assert (tmp_path / 'adc_data.bin').read_bytes() == expected


def test_training_on_windows_simulated_on_the_way(tmp_path, run_here):
    """Two epochs of fresh windows, validated on fixed ones; no data set anywhere."""
    small = dict(SMALL_RADAR)
    config = tmp_path / 'fresh.py'
    config.write_text(
        f"""_base_ = {str(REPOSITORY / 'configs/millimamba_tiny_simulated.py')!r}
batch_size = val_batch_size = 4
num_workers = 1
train_dataloader = dict(dataset=dict(num_windows=8, plan=dict(radar={small!r})))
val_dataloader = dict(num_workers=0, dataset=dict(num_windows=4, plan=dict(radar={small!r})))
model = dict(backbone=dict(stem=dict(channels=(4, 4, 8, 16)), mixer=dict(num_layers=1)), head=dict(num_layers=1))
max_epochs = 2
"""
    )
    done = run_here('tools/train.py', config, '--work-dir', tmp_path / 'work')
    assert (tmp_path / 'work' / 'epoch_2.pth').is_file()
    assert 'coco/AP' in done.stdout + done.stderr


def test_simulate_takes_fields_of_the_plan(tmp_path, run_here):
    out = tmp_path / 'set'
    sizes = ('--train', 1, '--val', 0, '--test', 0, '--frames', 2, '--workers', 1)
    run_here('tools/simulate.py', out, *sizes, '--options', 'skin.slope=0.3', 'extras.fan=True', 'motions=walk,turn')
    plan = json.loads((out / 'simulation.json').read_text())['plan']
    assert plan['skin'] == {'slope': 0.3} and plan['extras'] == {'fan': True} and plan['motions'] == ['walk', 'turn']
    wrong = run_here('tools/simulate.py', tmp_path / 'other', *sizes, '--options', 'skin.colour=1', check=False)
    assert wrong.returncode == 2 and "SimulationPlan.skin has no 'colour'" in wrong.stderr


def test_simulate_keeps_as_many_chirps_as_asked_for(tmp_path, run_here):
    sizes = ('--train', 1, '--val', 0, '--test', 0, '--frames', 2, '--workers', 1)
    run_here('tools/simulate.py', tmp_path / 'set', *sizes, '--form', 'compact', '--chirps', 16)
    recording = open_recording(tmp_path / 'set/single_1/hori/adc_data.profiles.npy', RadarConfig())
    assert recording.range_doppler(num_chirps=16, num_doppler=16).shape == (2, 12, 16, 64)
    assert recording.range_doppler(num_chirps=8, num_doppler=8).shape == (2, 12, 8, 64)
    for options, message in (
        (('--form', 'compact', '--chirps', 12), 'its chirps must divide them; found 12'),
        (('--chirps', 16), 'raw files have all chirps'),
    ):
        wrong = run_here('tools/simulate.py', tmp_path / 'other', *sizes, *options, check=False)
        assert wrong.returncode == 2 and message in wrong.stderr


def test_simulate_makes_recorded_people_to_train_on(tmp_path, run_here):
    times = np.arange(0, 1.01, 1 / 30)
    joints = Performance.random(Subject(1.7), 'squat', np.random.default_rng(0)).joints_m(times)
    np.savez(tmp_path / 'squat.npz', positions_m=joints, frame_rate_hz=30.0)
    options = ('--motion-files', tmp_path / 'squat.npz', '--frames', 4, '--form', 'compact', '--workers', 1)
    run_here('tools/simulate.py', tmp_path / 'set', *options, '--motion-split', 'train', '--places', 2)
    assert json.loads((tmp_path / 'set/splits.json').read_text()) == dict(train=[1, 2, 3, 4], val=[], test=[])
    assert len(json.loads((tmp_path / 'set/hrnet_annot_train.json').read_text())) == 4
    wrong = run_here('tools/simulate.py', tmp_path / 'other', '--places', 2, check=False)
    assert wrong.returncode == 2 and 'what to make of --motion-files' in wrong.stderr


def test_draw_simulation(tmp_path, run_here):
    picture = tmp_path / 'deep' / 'walk.png'
    done = run_here('tools/misc/draw_simulation.py', picture, '--seconds', 0.2, '--at', 0.1, '--motion', 'walk')
    assert 'facets' in done.stdout and picture.stat().st_size > 10_000
