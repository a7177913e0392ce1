"""Hook that draws predictions during validation and testing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmengine.hooks import Hook

from mmradar.errors import ConfigError
from mmradar.registry import HOOKS
from mmradar.visualization.sample_visualizer import picture_name


@HOOKS.register_module()
class RadarPoseVisualizationHook(Hook):
    """Hook that draws the network's input with predicted and true poses; mmpose's ``PoseVisualizationHook`` for radar.

    The configuration's visualizer, a :class:`~mmradar.visualization.sample_visualizer.SampleVisualizer`, decides what
    a picture shows. ``tools/train.py`` and ``tools/test.py`` configure the hook with ``--show-dir``, ``--show`` and
    ``--interval``.

    Args:
        enable: Draw at all.
        interval: Draw one of every ``interval`` samples.
        show: Show the pictures in a window.
        wait_time: Seconds that a window stays open.
        out_dir: Folder for the pictures, below the run's time-stamped work directory unless absolute.
    """

    def __init__(
        self,
        enable: bool = False,
        interval: int = 50,
        show: bool = False,
        wait_time: float = 0.0,
        out_dir: str | None = None,
    ) -> None:
        if interval < 1:
            raise ConfigError(f'RadarPoseVisualizationHook.interval must be at least 1, found {interval}')
        self.enable, self.interval, self.show, self.wait_time, self.out_dir = enable, interval, show, wait_time, out_dir
        self._count = 0

    def before_val_epoch(self, runner) -> None:
        self._count = 0

    def before_test_epoch(self, runner) -> None:
        self._count = 0

    def after_val_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: Sequence | None = None
    ) -> None:
        self._draw(runner, data_batch, outputs, 'val', runner.val_evaluator.dataset_meta if self.enable else None)

    def after_test_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: Sequence | None = None
    ) -> None:
        self._draw(runner, data_batch, outputs, 'test', runner.test_evaluator.dataset_meta if self.enable else None)

    def _draw(
        self, runner, data_batch: dict | None, outputs: Sequence | None, name: str, dataset_meta: dict | None
    ) -> None:
        if not self.enable or data_batch is None or outputs is None:
            return
        visualizer = runner.visualizer  # mmengine's current instance may belong to another runner of this process
        visualizer.dataset_meta = dataset_meta
        folder = None if self.out_dir is None else Path(runner.work_dir, runner.timestamp, self.out_dir)
        for inputs, sample in zip(data_batch['inputs'], outputs):
            if self._count % self.interval == 0:
                title = f'{name}_{picture_name(sample)}'
                visualizer.add_datasample(
                    title,
                    inputs.cpu().numpy(),
                    sample,
                    show=self.show,
                    wait_time=self.wait_time,
                    out_file=None if folder is None else str(folder / f'{title}.png'),
                    step=runner.iter,
                )
            self._count += 1
