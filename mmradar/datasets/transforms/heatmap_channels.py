"""Transforms from complex heatmaps to a network's real input."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar.errors import ConfigError
from mmradar.radar import CHANNEL_MODES, heatmap_channels
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class HeatmapToChannels(BaseTransform):
    """Conversion of a complex ``heatmap`` (frames, views, angle, Doppler, range) to real channels, the new third axis.

    The paper calls its heatmap real-valued in one place and complex in another, so the conversion is an option.

    Args:
        mode: ``'real_imag'`` (two channels, as in HuPR), ``'magnitude'`` or ``'log_magnitude'`` (one channel).
    """

    per_frame = True

    def __init__(self, mode: str = 'real_imag') -> None:
        if mode not in CHANNEL_MODES:
            raise ConfigError(f'HeatmapToChannels.mode must be one of {", ".join(CHANNEL_MODES)}, found {mode!r}')
        self.mode = mode

    def transform(self, results: dict) -> dict:
        channels = heatmap_channels(results['heatmap'], self.mode, axis=2)
        results['heatmap'] = channels.astype(np.float32, copy=False)
        return results


@TRANSFORMS.register_module()
class NormalizeHeatmap(BaseTransform):
    """Standardisation of ``heatmap`` (frames, views, channels, ..., angle, Doppler, range) to mean 0 and deviation 1.

    HuPR scales each map to the range between its extremes and then standardises it; the first step cancels out. As a
    result, a Doppler bin that contains only noise looks as strong as one with echoes. If clutter was removed over the
    same loops that the Doppler transform uses, as in a 4D heatmap, the zero-Doppler bin contains only floating-point
    rounding errors, which differ between processors; such maps are set to zero.

    Args:
        over: Values that share a mean and a deviation: ``'map'`` (angle and range of one Doppler bin and channel, as in
            HuPR) or ``'frame'`` (all values of one frame and view, which keeps Doppler bins comparable).
        eps: Added to the deviation.
        rounding: Maps whose deviation is at most this fraction of the largest deviation in their frame and view are set
            to zero. Rounding errors stay below 1e-6; noise of one ADC count is above it, even next to a static echo
            that fills the converter's range. With 0, rounding errors are scaled to unit deviation, as in HuPR's code.
    """

    per_frame = True

    def __init__(self, over: str = 'map', eps: float = 1e-6, rounding: float = 2e-6) -> None:
        if over not in ('map', 'frame'):
            raise ConfigError(f"NormalizeHeatmap.over must be 'map' or 'frame', found {over!r}")
        if not 0 <= rounding < 1:
            raise ConfigError(f'NormalizeHeatmap.rounding must be a share of 0 to below 1, found {rounding!r}')
        self.over, self.eps, self.rounding = over, eps, rounding

    def transform(self, results: dict) -> dict:
        heatmap = results['heatmap']
        axes = (-3, -1) if self.over == 'map' else tuple(range(2, heatmap.ndim))
        heatmap = heatmap - heatmap.mean(axis=axes, keepdims=True)
        deviation = np.sqrt(np.square(heatmap).mean(axis=axes, keepdims=True))
        strongest = deviation.max(axis=tuple(range(2, deviation.ndim)), keepdims=True)
        heatmap /= np.where(deviation > self.rounding * strongest, deviation + self.eps, np.inf)
        results['heatmap'] = heatmap
        return results
