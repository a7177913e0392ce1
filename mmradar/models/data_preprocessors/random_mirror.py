"""Augmentation of whole batches: the room seen in a mirror."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.registry import MODELS


@MODELS.register_module()
class RandomMirror(nn.Module):
    """Random mirroring of windows at the vertical plane through the radars: left becomes right.

    A radar whose row of antennas lies horizontally sees the mirrored room with its antennas in the reverse order; one
    whose row stands upright sees no difference. Joints are mirrored in the image and change sides.

    This is exact for targets at rest. Transmitters fire in turn, so a moving target's angle is wrong by an amount that
    a mirror does not change: the faster a limb, the less is a mirrored window what the radars would have measured
    (:class:`~mmradar.datasets.transforms.RangeDopplerMap`, ``tdm_compensation``).

    Inputs are magnitudes or logarithms of magnitudes; real and imaginary parts of reversed antennas differ in phase.
    Used as ``RadarPoseDataPreprocessor(batch_augments=[dict(type='RandomMirror')])``. Labels are in px.

    Args:
        prob: Share of the windows that are mirrored.
        views: Numbers of the views whose row of antennas lies horizontally.
        axis_px: Column of the image that the plane of the mirror is seen at; the middle if ``None``. For a camera
            beside the radars it depends on the distance; take that of the people.

    Raises:
        ConfigError: ``prob`` is not a share.
    """

    def __init__(self, prob: float = 0.5, views: Sequence[int] = (0,), axis_px: float | None = None) -> None:
        super().__init__()
        if not 0 <= prob <= 1:
            raise ConfigError(f'RandomMirror.prob must be a share of 0 to 1, found {prob!r}')
        self.prob, self.views, self.axis_px = prob, tuple(views), axis_px

    def forward(
        self,
        inputs: Float[Tensor, 'batch frames views channels angle doppler range'],
        data_samples: Sequence[BaseDataElement],
    ) -> tuple[Float[Tensor, 'batch frames views channels angle doppler range'], list[BaseDataElement]]:
        """Mirror some of the windows; the given ones are not changed.

        Of the labels only ``gt_instance_labels`` are mirrored, which losses take; metrics see no augmented windows.

        Raises:
            ConfigError: The views are not the batch's, or a sample has no image or does not say which joints are of
                opposite sides.
        """
        if max(self.views, default=0) >= inputs.shape[2]:
            raise ConfigError(f'RandomMirror.views are {self.views}, and the windows have {inputs.shape[2]} views')
        chosen = (torch.rand(len(inputs)) < self.prob).tolist()  # on the processor: equal on all devices
        windows = [self._window(window) if mirrored else window for window, mirrored in zip(inputs, chosen)]
        samples = [self._sample(sample) if mirrored else sample for sample, mirrored in zip(data_samples, chosen)]
        return torch.stack(windows), samples

    def _window(self, window: Tensor) -> Tensor:
        window = window.clone()
        for view in self.views:
            # bins are signed frequencies, from the lowest on
            flipped = window[:, view].flip(-3)
            window[:, view] = flipped if flipped.shape[-3] % 2 else flipped.roll(1, -3)
        return window

    def _sample(self, sample: BaseDataElement) -> BaseDataElement:
        sides, image_size = (sample.metainfo.get(key) for key in ('flip_indices', 'image_size'))
        if sides is None or image_size is None:
            raise ConfigError(
                "RandomMirror needs samples in an image, with 'image_size' and 'flip_indices' among "
                'PackRadarInputs.meta_keys, which the data set states'
            )
        axis_px = image_size[0] / 2 if self.axis_px is None else self.axis_px
        mirrored, labels = sample.clone(), sample.get('gt_instance_labels').clone()
        order = torch.as_tensor(np.asarray(sides), device=labels.keypoints.device)
        keypoints, weights = labels.keypoints[:, order], labels.keypoint_weights[:, order]
        # a joint that does not count stays at zero
        keypoints[..., 0] = torch.where(weights > 0, 2 * axis_px - keypoints[..., 0], keypoints[..., 0])
        labels.keypoints, labels.keypoint_weights = keypoints, weights
        mirrored.set_data(dict(gt_instance_labels=labels))
        return mirrored
