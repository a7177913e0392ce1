"""Conversion of a data loader's batch to the network's input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmradar.errors import ConfigError, DataError
from mmradar.registry import MODELS


@MODELS.register_module()
class VideoPoseDataPreprocessor(BaseDataPreprocessor):
    """Data preprocessor that moves clips to the device, stacks and normalises them: (B, T, 3, H, W) in float32.

    Args:
        mean: Mean of each channel on the scale 0 to 255; ImageNet's in the order RGB by default.
        std: Standard deviation of each channel, likewise.
        num_frames: Number of frames T that every clip must have; by default any number, the same for all clips.
        bgr_to_rgb: Clips are BGR; those of this project's data sets are RGB.
        non_blocking: Make the transfer to the device asynchronous.

    Raises:
        ConfigError: If mean or std do not fit.
        DataError: If a clip has another shape or number of frames, or NaN or infinite values. The message names the
            sample.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Sequence[float] = (123.675, 116.28, 103.53),
        std: Sequence[float] = (58.395, 57.12, 57.375),
        num_frames: int | None = None,
        bgr_to_rgb: bool = False,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise ConfigError(
                'VideoPoseDataPreprocessor: mean and std are three numbers each, std positive; found '
                f'mean={tuple(mean)}, std={tuple(std)}'
            )
        self.num_frames, self.bgr_to_rgb = num_frames, bgr_to_rgb
        self.register_buffer('mean', torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std).view(3, 1, 1), persistent=False)

    def _check(self, clips: Sequence[Tensor], samples: Sequence | None) -> None:
        frames = 'T' if self.num_frames is None else self.num_frames
        for i, clip in enumerate(clips):
            name = samples[i].metainfo.get('img_id', i) if samples else i
            wrong = clip.ndim != 4 or clip.shape[1] != 3 or 0 in clip.shape
            if wrong or (self.num_frames is not None and len(clip) != self.num_frames):
                raise DataError(
                    f'VideoPoseDataPreprocessor takes clips of ({frames}, 3, H, W); that of sample {name} is '
                    f'{tuple(clip.shape)}. Set the same number of frames in data set, data_preprocessor and model.'
                )
            if clip.shape != clips[0].shape:
                raise DataError(
                    f'VideoPoseDataPreprocessor: clips of one batch differ: the first is {tuple(clips[0].shape)}, that '
                    f'of sample {name} is {tuple(clip.shape)}. Crop all to the same input_size.'
                )
            if clip.is_floating_point() and not torch.isfinite(clip).all():
                raise DataError(f'VideoPoseDataPreprocessor: the clip of sample {name} holds NaN or infinite values')

    def forward(self, data: dict, training: bool = False) -> dict:
        data = cast(dict, self.cast_data(data))  # of a dictionary it makes one
        clips, samples = data['inputs'], data.get('data_samples')
        self._check(clips, samples)
        inputs = clips if torch.is_tensor(clips) else torch.stack(tuple(clips))
        if self.bgr_to_rgb:
            inputs = inputs.flip(2)
        return {'inputs': (inputs.float() - self.mean) / self.std, 'data_samples': samples}
