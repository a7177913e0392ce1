"""Small real data for all tests: a simulated two-radar set in HuPR's layout, made once a session."""

from __future__ import annotations

import gc
import io
import logging
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

if not torch.cuda.is_available():
    os.environ.setdefault('TRITON_INTERPRET', '1')  # before anything imports Triton: its kernels run in Python
if os.environ.get('CHECK_SHAPES'):
    import shape_checks  # before anything of the package is imported

    shape_checks.install(Path(__file__).parents[1] / 'mmradar')

import mmradar  # noqa: F401  (stand-ins before anything of mmpose)
from mmradar.apis.configuration import load_config
from mmradar.radar import RadarConfig
from mmradar.registry import DATASETS
from mmradar.simulation import SimulationPlan, write_hupr_dataset

REPOSITORY = Path(__file__).parents[1]
SHARED_DATA = REPOSITORY.parent / 'shared' / 'data'
# The board's own antennas and band, fewer loops and samples: 49 kB a frame in place of 786.
SMALL_RADAR = dict(preset='iwr1843_hupr', num_loops=8, num_samples=128)
SMALL_PLAN = SimulationPlan(train=4, val=2, test=2, num_frames=5, sequences_per_subject=2, radar=SMALL_RADAR)
# Configurations of baselines that are fitted, not trained; test_configs.py checks that there are no others.
FITTED = {
    f'{name}_{data}'
    for name in ('mean_pose', 'placed_mean_pose', 'nearest_neighbour', 'previous_frame')
    for data in ('hupr', 'simhupr')
}


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What is written to the log meanwhile."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    try:
        yield log
    finally:
        logger.removeHandler(handler)


def pytest_collection_finish() -> None:
    """Keep what was imported out of garbage collections: mmengine collects at every data set built, 0.2 s each."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _scope_and_seed():
    init_default_scope('mmradar')
    torch.manual_seed(0)


@pytest.fixture
def run_here(monkeypatch, capsys):
    """A script in this process, which saves its start: five seconds of imports."""
    monkeypatch.chdir(REPOSITORY)

    def run(script, *arguments, check=True):
        monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
        capsys.readouterr()
        status = 0
        try:
            runpy.run_path(script, run_name='__main__')
        except SystemExit as ended:
            status = ended.code
        done = subprocess.CompletedProcess(sys.argv, status, *capsys.readouterr())
        assert not (check and status), f'{done.args} ended with {status}\n{done.stdout}\n{done.stderr}'
        return done

    return run


@pytest.fixture(scope='session')
def simulated_root(tmp_path_factory) -> Path:
    """A data set of 8 sequences of 5 frames. Read only: tests that damage files copy it."""
    return write_hupr_dataset(tmp_path_factory.mktemp('simulated') / 'set', SMALL_PLAN)


@pytest.fixture
def recorded_person() -> tuple[Path, RadarConfig]:
    """A real recording, and the board it was made with: IWR6843, one transmitter."""
    path = SHARED_DATA / 'dca1000_person' / 'adc_data.bin'
    if not path.is_file():
        pytest.skip(f'the real recording is not shipped with the package; looked for {path}')
    return path, RadarConfig(
        num_tx=1,
        num_loops=2,
        num_samples=100,
        start_frequency_hz=60.36e9,
        slope_hz_per_s=60e12,
        sample_rate_hz=4e6,
        chirp_period_s=50e-6,
        frame_rate_hz=20.0,
        tx_positions=((0, 0),),
    )


def on_small_data(config: Config, root: Path) -> Config:
    """The configuration on the small data set, with loaders without workers."""
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(num_workers=0, persistent_workers=False, batch_size=4)
        loader.dataset.update(data_root=str(root), radar=SMALL_RADAR, cache_dir=None)
    return config


def training_batch(config: Config) -> dict:
    """Two windows of a configuration's training set."""
    dataset = DATASETS.build(config.train_dataloader.dataset)
    samples = [dataset[0], dataset[3]]
    return {key: [sample[key] for sample in samples] for key in ('inputs', 'data_samples')}


def check_training_and_evaluation(config: Config) -> None:
    """An epoch on the small data set changes every parameter, and the metrics of the test are possible ones."""
    config.train_cfg.max_epochs = config.param_scheduler[0].total_steps = 1
    config.experiment_name = Path(config.filename).stem
    runner = Runner.from_cfg(config)
    before = [parameter.detach().clone() for parameter in runner.model.parameters()]
    runner.train()
    assert runner.iter == 5
    assert all(not torch.equal(old, new) for old, new in zip(before, runner.model.parameters()))
    metrics = runner.test()
    assert 0 <= metrics['coco/AP'] <= 100 and 0 < metrics['coco/MPJPE_px'] < 362


@pytest.fixture
def tiny_config(simulated_root, tmp_path):
    """The demo's configuration on the small data set, with a smaller network, one worker-free loader and two epochs."""
    config = on_small_data(load_config(str(REPOSITORY / 'configs' / 'millimamba_tiny_simhupr.py')), simulated_root)
    config.model.backbone.stem.channels = (4, 4, 8, 16)
    config.model.backbone.mixer.num_layers = 1
    config.model.head.update(embed_dims=16, num_layers=1)
    config.train_cfg.max_epochs = config.param_scheduler[0].total_steps = 2
    config.work_dir = str(tmp_path / 'work')
    return config
