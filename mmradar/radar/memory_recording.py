"""Recording of frames that are in memory as an array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Complex64

from mmradar.radar.config import RadarConfig
from mmradar.radar.recording import ADCFileError, Frames, Recording


class MemoryRecording(Recording):
    """A recording of an array of complex samples.

    Args:
        cube: Complex, (frames, tx * rx, loops, samples), in ADC counts.
        config: The radar.
        name: Name of the recording, for messages.

    Raises:
        ADCFileError: The array is not complex or does not have the radar's shape.
    """

    def __init__(self, cube: np.ndarray, config: RadarConfig, name: str = 'array') -> None:
        cube = np.asarray(cube)
        if cube.ndim != 4 or cube.shape[1:] != config.frame_shape or not np.iscomplexobj(cube):
            raise ADCFileError(
                f'{name}: expected complex samples (frames, {", ".join(map(str, config.frame_shape))}) of antennas, '
                f'loops and samples, found {cube.dtype} {cube.shape}'
            )
        super().__init__(Path(name), config)
        self._cube = cube.astype(np.complex64, copy=False)

    def __len__(self) -> int:
        return len(self._cube)

    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        return self._cube[self._selection(frames)].copy()
