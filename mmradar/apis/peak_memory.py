"""Peak memory of a model's inference, measured by running it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import torch
from mmengine.config import Config
from torch.profiler import ProfilerActivity, profile

from mmradar.apis.complexity import heatmap_shape
from mmradar.apis.models import init_model


@dataclass(frozen=True)
class PeakMemory:
    """Peak bytes of live tensors during the forward pass of one window.

    Args:
        total: Weights, input and the tensors that the forward pass allocates.
        weights: Parameters and buffers.
        inputs: The window of heatmaps.
    """

    total: int
    weights: int
    inputs: int


def peak_of(call: Callable[[], object], device: torch.device) -> int:
    """Return the peak bytes of live tensors during a call, above those alive before it.

    Counts the memory of torch's allocator: on a GPU by the allocator's own counter, on a CPU by the allocations and
    frees that torch's profiler records. Memory that kernels allocate themselves, such as a few kilobytes of scratch per
    thread in the native ones, is not counted.
    """
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        result = call()
    del result
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / 'trace.json'
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text())['traceEvents']
    changes = sorted((event for event in events if event['name'] == '[memory]'), key=lambda event: event['ts'])
    return max(accumulate((event['args']['Bytes'] for event in changes), initial=0))


def peak_memory(config: Config, device: torch.device, checkpoint: str | Path | None = None) -> PeakMemory:
    """Measure the peak memory of a configuration's model on one window of noise, radar processing excluded.

    The model runs in evaluation mode, without gradients, with batch size 1, in the precision of the weights.

    Args:
        config: A configuration.
        device: Device to run on.
        checkpoint: See :func:`~mmradar.apis.complexity.model_complexity`; random weights if ``None``.

    Raises:
        CheckpointError: The checkpoint is missing, damaged or another model's.
    """
    model = init_model(config, checkpoint, str(device))
    inputs = torch.randn(1, *heatmap_shape(config), device=device)
    weights = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
    with torch.no_grad():
        forward = peak_of(lambda: model(inputs, None, mode='tensor'), device)
    return PeakMemory(weights + inputs.nbytes + forward, weights, inputs.nbytes)
