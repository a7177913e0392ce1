"""What the scripts in ``tools/`` share: errors as messages, progress, flags that become configuration."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

import torch
from mmengine.config import Config, DictAction

from mmradar.apis.configuration import load_config
from mmradar.apis.data_folders import set_cache_dir, set_data_root
from mmradar.engine.checkpoint import check_finite, read_checkpoint
from mmradar.errors import CheckpointError, ConfigError, DataError, TrainingError
from mmradar.memory import keep_freed_memory
from mmradar.radar import BOARDS, PRESETS, RadarConfig, read_radar_config

# A path that is not there, or not what it should be.
_PATH_ERRORS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)


def run(main: Callable[[], None]) -> None:
    """Run a script; an error that the user can mend ends it with its message alone and exit status 2."""
    keep_freed_memory()
    try:
        main()
        if torch.distributed.is_initialized():
            # together: a process that leaves early closes the connections that the others still use
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()
    except (DataError, ConfigError, CheckpointError, TrainingError, *_PATH_ERRORS) as error:
        print(f'\nError: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except TypeError as error:
        if 'unexpected keyword argument' not in str(error):
            raise
        print(f'\nError: the configuration has a key that nobody takes: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print('\nInterrupted.', file=sys.stderr)
        raise SystemExit(130) from None


def progress_bar(unit: str, width: int = 32) -> Callable[[int, int], None]:
    """A callback (done, total) that draws a bar on a terminal, and a line every tenth of the way elsewhere."""
    start, terminal, printed = time.perf_counter(), sys.stdout.isatty(), -1

    def show(done: int, total: int) -> None:
        nonlocal printed
        share = done / max(total, 1)
        elapsed = time.perf_counter() - start
        left = f', {elapsed / share - elapsed:.0f} s left' if 0 < share < 1 else ''
        text = f'[{"#" * round(share * width):<{width}}] {done}/{total} {unit}, {elapsed:.0f} s{left}'
        if terminal:
            print(f'\r{text:<78}', end='\n' if done == total else '', flush=True)
        elif int(10 * share) > printed:
            printed = int(10 * share)
            print(text, flush=True)

    return show


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of every script that reads a configuration and its data."""
    parser.add_argument(
        '--data-root',
        help="folder of the data set, in place of the configuration's, for all that reads it: data sets, evaluators, a "
        'cache below it',
    )
    parser.add_argument(
        '--cache-dir',
        help='keep finished heatmaps in this folder, and read those that are there; like all folders on the command '
        'line, as seen from the current one',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='override entries of the configuration, e.g. train_cfg.max_epochs=5 model.head.num_layers=2',
    )


def config_from(args: argparse.Namespace, also_read: Collection[str] = ()) -> Config:
    """The configuration that ``args.config`` and the flags of :func:`add_config_arguments` ask for.

    Args:
        args: Of the command line.
        also_read: As of :func:`load_config`.
    """
    config = load_config(args.config, args.cfg_options, also_read)
    if args.data_root:
        for note in set_data_root(config, args.data_root):
            print(f'Note: {note}', file=sys.stderr)
    if args.cache_dir:
        set_cache_dir(config, args.cache_dir)
    return config


def add_radar_argument(parser: argparse.ArgumentParser) -> None:
    """``--config`` and ``--board``, for scripts that read a recording by itself."""
    parser.add_argument(
        '--config',
        default='iwr1843_hupr',
        help=f'its radar: {", ".join(PRESETS)}, or a file of the mmWave SDK or Studio (.cfg, .lua, log, .json)',
    )
    parser.add_argument('--board', help=f'its board, where that file does not say it: {", ".join(BOARDS)}')


def radar_from(args: argparse.Namespace) -> RadarConfig:
    """The radar that the flags of :func:`add_radar_argument` name.

    Raises:
        ConfigError: A preset with a board, or a file from which it does not follow where the antennas stand.
    """
    if args.config in PRESETS:
        if args.board:
            raise ConfigError(f'--board goes with a file; the preset {args.config} has a board')
        return RadarConfig.build(args.config)
    config = read_radar_config(args.config, args.board)
    if config.tx_positions is None or config.rx_positions is None:
        raise ConfigError(
            f'{args.config} does not say where the antennas stand; add --board with one of {", ".join(BOARDS)}, or '
            "give a JSON of RadarConfig's fields with tx_positions and rx_positions"
        )
    return config


def check_output_file(path: str | Path) -> None:
    """Make the folder that a file is to be written to, and fail in words, before any work, where that cannot be.

    Raises:
        ConfigError: The folder cannot be made or written to, or the file is a folder.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'{path} cannot be written, because its folder cannot be made: {error}') from error
    if path.is_dir():
        raise ConfigError(f'{path} cannot be written, because it is a folder; name a file in it')
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError(f'{path} cannot be written: permission denied')


def check_picture_file(path: str | Path) -> None:
    """The same as :func:`check_output_file` for a picture, whose format its name must say.

    Raises:
        ConfigError: As there, or no format that pictures are written in.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    formats = sorted(FigureCanvasBase.get_supported_filetypes())
    if Path(path).suffix[1:].lower() not in formats:
        raise ConfigError(f'{path} cannot be written: the name of a picture ends in one of .{", .".join(formats)}')
    check_output_file(path)


def write_metrics(path: str, metrics: dict[str, float]) -> None:
    """Metrics as a JSON file, its folder made where it is missing."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(metrics, indent=1))


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags that training and testing share, as mmpose has them."""
    parser.add_argument('--work-dir', help='folder for logs, checkpoints and results')
    add_config_arguments(parser)
    parser.add_argument('--show-dir', help="folder for pictures of predictions, below the work directory's time stamp")
    parser.add_argument('--show', action='store_true', help='show pictures in a window')
    parser.add_argument('--interval', type=int, default=1, help='draw every so-many-th sample')
    parser.add_argument('--wait-time', type=float, default=1, help='seconds a window stays')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none', help='job launcher')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def apply_common_arguments(args: argparse.Namespace) -> Config:
    """The configuration that the common flags ask for; sets up the process group of a CPU job."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config = config_from(args)
    config.launcher = args.launcher
    # command line > configuration > name of the configuration
    config.work_dir = args.work_dir or config.get('work_dir') or f'./work_dirs/{Path(args.config).stem}'
    if args.show or args.show_dir:
        if 'visualization' not in config.get('default_hooks', {}):
            raise ConfigError('--show and --show-dir need a `visualization` entry in default_hooks')
        check_draws(config)
        config.default_hooks.visualization.update(
            enable=True, show=args.show, out_dir=args.show_dir, interval=args.interval, wait_time=args.wait_time
        )
    if args.launcher != 'none' and not torch.cuda.is_available():
        _prepare_cpu_job(config, args.launcher)
    return config


def check_draws(config: Config) -> None:
    """Fail early, and in words, where nothing draws the samples.

    Raises:
        ConfigError: The configuration has no visualizer.
    """
    if not config.get('visualizer'):
        raise ConfigError(
            f'nothing draws the samples of {config.filename}: its `visualizer` must be a SampleVisualizer, such as '
            'RadarPoseVisualizer'
        )


def _prepare_cpu_job(config: Config, launcher: str) -> None:
    """mmengine's own set-up of a distributed job asks for a GPU in three places."""
    if launcher != 'pytorch':
        raise ConfigError(f'--launcher {launcher} needs a GPU; without one, use --launcher pytorch')
    config.env_cfg.dist_cfg = dict(backend='gloo')
    config.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None)
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo')


def read_checkpoint_or_explain(path: str) -> None:
    """Fail early, and in words, on a file that is no checkpoint.

    Raises:
        CheckpointError: It is missing, cannot be read without running code from it, or holds NaN among its weights.
    """
    if '://' not in path:
        content = read_checkpoint(path, mmap=True)
        check_finite(content.get('state_dict', content), path)
