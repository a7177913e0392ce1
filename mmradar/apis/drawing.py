"""Settings of the pictures that a training or a test draws of its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmradar.errors import ConfigError


def check_draws(config: Config) -> None:
    """Raise if a configuration has no visualizer to draw its samples.

    Raises:
        ConfigError: The configuration has no visualizer.
    """
    if not config.get('visualizer'):
        raise ConfigError(
            f'nothing draws the samples of {config.filename}: its `visualizer` must be a SampleVisualizer, such as '
            'RadarPoseVisualizer'
        )


def draw_predictions(config: Config, settings: Mapping[str, Any]) -> None:
    """Enable a configuration's ``visualization`` hook.

    Args:
        config: The configuration; changed in place.
        settings: Arguments of the hook, such as ``out_dir``, ``interval``, ``show`` and ``wait_time`` of
            :class:`~mmradar.engine.hooks.RadarPoseVisualizationHook`.

    Raises:
        ConfigError: The configuration has no such hook, or no visualizer.
    """
    if 'visualization' not in config.get('default_hooks', {}):
        raise ConfigError('--show and --show-dir need a `visualization` entry in default_hooks')
    check_draws(config)
    config.default_hooks.visualization.update(enable=True, **settings)
