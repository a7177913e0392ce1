"""Compare two places for the angle transform: the loader's workers, frame by frame, or the model's process, by batch.

Both start from the content of the cache on disk, 12 antennas x Doppler x range, and end with the same normalised
channels. The transform by batch is implemented here with the package's own functions, on torch tensors.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.registry import init_default_scope

import mmradar  # noqa: F401  (stand-ins before anything of mmpose)
from mmradar.apis.configuration import load_config
from mmradar.apis.inference_time import shortest_time
from mmradar.memory import keep_freed_memory
from mmradar.radar import angle_transform, heatmap_channels
from mmradar.registry import DATASETS
from mmradar.simulation import SimulationPlan, write_hupr_dataset

_LIGHT = Path(__file__).parents[1] / 'configs' / 'millimamba_light_hupr.py'
_BATCH = 8


def on_the_batch(spectra: torch.Tensor, order: list[int]) -> torch.Tensor:
    """Apply ``Heatmap3D``, ``HeatmapToChannels`` and ``NormalizeHeatmap`` to a batch (batch, frames, views, ...)."""
    x = heatmap_channels(angle_transform(spectra, antenna_order=order), axis=3)
    x = x - x.mean((-3, -1), keepdim=True)
    deviation = x.square().mean((-3, -1), keepdim=True).sqrt()
    strongest = deviation.amax((-5, -4, -3, -2, -1), keepdim=True)
    return x / torch.where(deviation > 2e-6 * strongest, deviation + 1e-6, torch.inf)


def _seconds(call: Callable[[], object]) -> float:
    return shortest_time(call, 10, torch.device('cpu'))


def main() -> None:
    """Print the times and sizes of both for a batch of the light configuration."""
    keep_freed_memory()
    init_default_scope('mmradar')
    settings = load_config(str(_LIGHT)).test_dataloader.dataset
    with tempfile.TemporaryDirectory() as folder:
        root = write_hupr_dataset(Path(folder) / 'set', SimulationPlan(train=0, val=0, test=1, num_frames=24))
        settings.update(data_root=str(root), sequences=None, cache_dir=str(root / 'cache'), cached_frames=0)
        whole = DATASETS.build(settings)
        kept = DATASETS.build({**settings, 'pipeline': settings.pipeline[:1]})
        numbers = range(8, 8 + _BATCH)
        order = whole.radar.antenna_order('azimuth_first')

        def load() -> torch.Tensor:
            return torch.stack([torch.from_numpy(kept[number]['spectrum']) for number in numbers])

        spectra = load()
        expected = torch.stack([whole[number]['inputs'] for number in numbers])
        assert (on_the_batch(spectra, order) - expected).abs().max() < 0.02  # the cache stores half precision
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # as in a worker
        rows = [
            (
                'in the loader, 1 thread: load, angle transform, channels, normalisation',
                _seconds(lambda: [whole[number] for number in numbers]),
                expected,
            ),
            ('in the loader, 1 thread: load alone', _seconds(load), spectra),
        ]
        for count in sorted({1, threads}):
            torch.set_num_threads(count)
            rows.append(
                (
                    f"in the model's process, {count} thread{'s' * (count > 1)}: "
                    'angle transform, channels, normalisation',
                    _seconds(lambda: on_the_batch(spectra, order)),
                    None,
                )
            )
    print(f'\nWindows in batches of {_BATCH}, millimamba_light_hupr, read from a cache on disk, warm page cache\n')
    print(
        '| step, a window of 9 frames of two radars, light configuration | ms | MB that leave the loader |\n'
        '|---|---|---|'
    )
    for name, seconds, tensor in rows:
        size = '' if tensor is None else f'{tensor.nbytes / _BATCH / 1e6:.2f}'
        print(f'| {name} | {1e3 * seconds / _BATCH:.2f} | {size} |')


if __name__ == '__main__':
    main()
