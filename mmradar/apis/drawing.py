"""Pictures of predictions that a training or a test draws on its way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmradar.errors import ConfigError


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


def draw_predictions(config: Config, settings: Mapping[str, Any]) -> None:
    """Let a configuration's ``visualization`` hook draw.

    Args:
        config: Is changed.
        settings: Arguments of the hook, such as ``out_dir``, ``interval``, ``show`` and ``wait_time`` of
            :class:`~mmradar.engine.hooks.RadarPoseVisualizationHook`.

    Raises:
        ConfigError: It has no such hook, or nothing that draws.
    """
    if 'visualization' not in config.get('default_hooks', {}):
        raise ConfigError('--show and --show-dir need a `visualization` entry in default_hooks')
    check_draws(config)
    config.default_hooks.visualization.update(enable=True, **settings)
