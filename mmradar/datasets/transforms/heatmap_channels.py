"""From complex heatmaps to a network's real input."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar.errors import ConfigError
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class HeatmapToChannels(BaseTransform):
    """Complex ``heatmap`` (frames, views, angle, Doppler, range) to real channels, the third axis.

    The paper calls its heatmap real-valued in one place and complex in another: open, an option.

    Args:
        mode: ``'real_imag'`` (two channels, as HuPR), ``'magnitude'`` or ``'log_magnitude'`` (one).
    """

    MODES = ('real_imag', 'magnitude', 'log_magnitude')

    def __init__(self, mode: str = 'real_imag') -> None:
        if mode not in self.MODES:
            raise ConfigError(f'HeatmapToChannels.mode must be one of {", ".join(self.MODES)}, found {mode!r}')
        self.mode = mode

    def transform(self, results: dict) -> dict:
        heatmap = results['heatmap']
        if self.mode == 'real_imag':
            channels = np.stack([heatmap.real, heatmap.imag], axis=2)
        else:
            channels = np.abs(heatmap)[:, :, None]
            if self.mode == 'log_magnitude':
                channels = np.log1p(channels)
        results['heatmap'] = channels.astype(np.float32, copy=False)
        return results


@TRANSFORMS.register_module()
class NormalizeHeatmap(BaseTransform):
    """Zero mean and unit deviation of ``heatmap`` (frames, views, channels, angle, Doppler, range).

    HuPR scales each map between its extremes and then standardises it; the first step cancels out.

    Args:
        over: What shares a mean and a deviation: ``'map'`` (angle and range of one Doppler bin and channel, HuPR's),
            or ``'frame'`` (everything of one frame and view, which keeps Doppler bins comparable).
        eps: Added to the deviation.
    """

    AXES = {'map': (3, 5), 'frame': (2, 3, 4, 5)}

    def __init__(self, over: str = 'map', eps: float = 1e-6) -> None:
        if over not in self.AXES:
            raise ConfigError(f'NormalizeHeatmap.over must be one of {", ".join(self.AXES)}, found {over!r}')
        self.over, self.eps = over, eps

    def transform(self, results: dict) -> dict:
        heatmap, axes = results['heatmap'], self.AXES[self.over]
        heatmap = heatmap - heatmap.mean(axis=axes, keepdims=True)
        deviation = np.sqrt(np.square(heatmap).mean(axis=axes, keepdims=True))
        results['heatmap'] = heatmap / (deviation + self.eps)
        return results
