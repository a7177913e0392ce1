"""Time of a model's inference, measured by running it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config

from mmradar.apis.complexity import heatmap_shape
from mmradar.apis.models import init_model


def synchronise(device: torch.device) -> None:
    """Wait until a GPU has finished its work."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def shortest_time(call: Callable[[], object], runs: int, device: torch.device) -> float:
    """Return the time of the fastest of several runs after a warm-up run, in s."""
    times = []
    for _ in range(runs + 1):
        synchronise(device)
        start = time.perf_counter()
        call()
        synchronise(device)
        times.append(time.perf_counter() - start)
    return min(times[1:])


def inference_time(config: Config, device: torch.device, checkpoint: str | Path | None = None, runs: int = 10) -> float:
    """Measure the time of a configuration's model on one window of noise, radar processing excluded, in s.

    The model runs in evaluation mode, without gradients, with batch size 1, in the precision of the weights.

    Args:
        config: The configuration, with its references resolved.
        device: Where the model runs.
        checkpoint: See :func:`~mmradar.apis.complexity.model_complexity`; random weights if ``None``.
        runs: Number of runs after a warm-up run, of which the fastest counts.

    Raises:
        CheckpointError: The checkpoint is missing, damaged or another model's.
    """
    model = init_model(config, checkpoint, str(device))
    inputs = torch.randn(1, *heatmap_shape(config), device=device)
    with torch.no_grad():
        return shortest_time(lambda: model(inputs, None, mode='tensor'), runs, device)
