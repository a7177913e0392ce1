"""Computation of the disk cache of whole data sets in advance; otherwise it fills on first use."""

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
    """Result of :func:`preprocess`.

    Args:
        made: Number of recordings whose heatmaps were computed.
        found: Number of recordings whose heatmaps existed.
        total_bytes: Size of all these heatmaps on disk.
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
    """Compute the heatmaps of all recordings of a configuration's data sets, and write them to the disk cache.

    The heatmaps of a recording become one file, which is written atomically, so that an interrupted run can be repeated
    and continues where it stopped. Training and testing read the files if the data sets' ``cache_dir`` is this folder.
    The result does not depend on ``workers``.

    Args:
        config: The configuration of the training.
        cache_dir: Folder of the cache.
        splits: Any of ``'train'``, ``'val'`` and ``'test'``; splits that the configuration lacks are skipped.
        workers: Number of processes.
        on_progress: Called with (recordings done, recordings in all).

    Raises:
        ConfigError: A data set has no disk cache, or its pipeline has no per-frame transform.
        DataError: The data set has a flaw, or the disk has too little free space.
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
            dataset.full_init()  # in case its settings have lazy_init=True
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
            'another folder or fewer range bins; or go without: training computes them as it needs them.'
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
    """Compute and write the heatmaps of one recording, in a worker process."""
    init_default_scope('mmradar')
    return cache.fill(view, recording)
