"""Frames of whole data sets, made beforehand: the cache on disk, which fills itself on first use otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmradar.apis.config_options import registered, takes
from mmradar.apis.data_folders import datasets_of
from mmradar.datasets.cache import DiskCache
from mmradar.errors import ConfigError, DataError
from mmradar.processes import run_jobs
from mmradar.radar import Recording
from mmradar.registry import DATASETS

SPLITS = ('train', 'val', 'test')


@dataclass
class PreprocessingResult:
    """What :func:`preprocess` did.

    Args:
        made: Recordings whose heatmaps were made.
        found: Recordings whose heatmaps were there.
        total_bytes: Size of all of them on disk.
    """

    made: int
    found: int
    total_bytes: int


def preprocess(
    config: Config,
    cache_dir: str | Path,
    splits: Iterable[str] = SPLITS,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> PreprocessingResult:
    """Make the heatmaps of all recordings of a configuration's data sets.

    A recording's heatmaps become one file, whole or not at all, so that an interrupted run goes on where it stopped.
    Training and testing find them through the data sets' ``cache_dir``; the result does not depend on ``workers``.

    Args:
        config: As for training.
        cache_dir: Where to keep them.
        splits: Of ``'train'``, ``'val'`` and ``'test'``; those that the configuration lacks are passed over.
        workers: Processes.
        on_progress: Called with (recordings done, recordings in all).

    Raises:
        ConfigError: A data set that keeps nothing on disk, or a pipeline without frames to keep.
        DataError: The data set has a flaw, or the disk is too small.
    """
    init_default_scope('mmradar')
    jobs: dict[Path, tuple[DiskCache, str, Recording]] = {}
    found: set[Path] = set()
    needed = 0
    for split in splits:
        if not config.get(f'{split}_dataloader'):
            continue
        for settings in datasets_of(config[f'{split}_dataloader']):
            if not any(takes(kind, 'cache_dir') for kind in registered(settings['type'])):
                raise ConfigError(
                    f'{split}_dataloader: a {settings["type"]} keeps nothing on disk; choose the splits of recordings'
                )
            dataset = DATASETS.build({**settings, 'cache_dir': str(cache_dir)})
            dataset.full_init()  # of one that is to be lazy
            cache, frame_bytes = dataset.pipeline.disk_cache, None
            for view, recording in dataset.recordings():
                path = cache.path(view, recording)
                if path.is_file():
                    found.add(path)
                elif path not in jobs:
                    frame_bytes = frame_bytes or cache.frame_bytes(view, recording)
                    needed += frame_bytes * len(recording)
                    jobs[path] = (cache, view, recording)
    Path(cache_dir).mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache_dir).free
    if needed > free:
        raise DataError(
            f'the heatmaps need {needed / 1e9:.1f} GB more in {cache_dir}, and {free / 1e9:.1f} GB are free. Choose '
            'another folder or fewer range bins; or go without: training makes them as it goes.'
        )
    done, total = len(found), len(found) + len(jobs)
    if on_progress:
        on_progress(done, total)
    for _ in run_jobs(_fill, list(jobs.values()), workers):
        done += 1
        if on_progress:
            on_progress(done, total)
    return PreprocessingResult(len(jobs), len(found), sum(path.stat().st_size for path in (*found, *jobs)))


def _fill(cache: DiskCache, view: str, recording: Recording) -> Path:
    init_default_scope('mmradar')
    return cache.fill(view, recording)
