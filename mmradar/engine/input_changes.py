"""Comparison of what a model was trained on with what a configuration gives it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config

from mmradar.engine.checkpoint import config_text

_LOADERS = ('test_dataloader', 'val_dataloader', 'train_dataloader')
_ABSENT = 'left out'
_KEYS = ('views', 'radar', 'frame_rate_hz')  # of a data set


def input_changes(config: Config, checkpoint: Mapping[str, Any]) -> list[str]:
    """List settings of the input that differ between a checkpoint's configuration and another one.

    Weights fit whatever the order of views or the steps of the pipeline, so nothing else would tell.

    Args:
        config: The configuration, with references resolved.
        checkpoint: Content of a checkpoint.

    Returns:
        One text for each setting of views, radar, frame rate and pipeline of the first data set, such as
        ``'NormalizeHeatmap.over = map, not frame'``: the saved value comes last. Empty if the checkpoint has no
        configuration, or either has no data set.
    """
    text = (checkpoint.get('meta') or {}).get('config_json')
    if text is None:
        return []
    own, saved = (_data_set(settings) for settings in (json.loads(config_text(config)), json.loads(text)))
    if own is None or saved is None:
        return []
    now, then = dict(_input_settings(own)), dict(_input_settings(saved))
    return [
        f'{name} = {now.get(name, _ABSENT)}, not {then.get(name, _ABSENT)}'
        for name in {**then, **now}
        if now.get(name) != then.get(name)
    ]


def _data_set(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the first data set of the first loader that has one; wrappers have others within."""
    for loader in (config.get(name) for name in _LOADERS):
        node = (loader or {}).get('dataset')
        while isinstance(node, dict) and (inner := node.get('dataset') or node.get('datasets')):
            node = inner if isinstance(inner, dict) else inner[0]
        if isinstance(node, dict):
            return node
    return None


def _input_settings(dataset: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((key, dataset[key]) for key in _KEYS if key in dataset)
    for step in dataset.get('pipeline') or ():
        kind = str(step.get('type'))
        yield kind, 'in the pipeline'
        yield from ((f'{kind}.{key}', value) for key, value in step.items() if key != 'type')
