"""3D poses of a stream of 2D poses in px."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from mmengine.config import Config
from torch import nn

from hummuss.datasets.lifting_arrays import inputs_from_pixels
from hummuss.streaming import HumMUSSStream
from mmradar.apis.data_folders import datasets_of
from mmradar.errors import ConfigError


class HumMUSSPixelStream:
    """Causal lifter of 2D poses in px, one at a time: the ``LiftingStream`` of ``mmradar live --lift``.

    Poses are prepared as this project's data sets prepare them; the rest is :class:`~hummuss.streaming.HumMUSSStream`.

    Args:
        model: Lifter with a causal ``HumMUSS`` backbone, from :func:`mmradar.apis.init_model`, whose configuration has
            the frame rate of the training, see :func:`training_rate_hz`.
        image_size: (width, height) of the image that the 2D poses refer to, px.

    Raises:
        ConfigError: The model is not causal, or its configuration has no frame rate.
    """

    def __init__(self, model: nn.Module, image_size: tuple[int, int]) -> None:
        self.image_size = image_size
        self._stream = HumMUSSStream(model, training_rate_hz(getattr(model, 'cfg', Config())))

    def reset(self) -> None:
        """Forget all poses, to start with another person or recording."""
        self._stream.reset()

    def step(
        self, keypoints_px: Float[np.ndarray, 'joints 2'], scores: Float[np.ndarray, 'joints'], time_s: float
    ) -> Float[np.ndarray, 'joints 3']:
        """Return the 3D pose of the next 2D pose.

        Args:
            keypoints_px, scores: See :func:`~hummuss.datasets.lifting_arrays.inputs_from_pixels`.
            time_s: Time of the pose in s, later than that of the pose before.

        Returns:
            Joints in m relative to the root as in training, in camera axes: x to the right, y down, z away.

        Raises:
            DataError: See :func:`~hummuss.datasets.lifting_arrays.inputs_from_pixels` and
                :meth:`~hummuss.streaming.HumMUSSStream.step`.
        """
        return self._stream.step(inputs_from_pixels(keypoints_px, scores, self.image_size), time_s).cpu().numpy()


def training_rate_hz(config: Config) -> float:
    """Return the frame rate at which a lifter is trained: ``frame_rate_hz`` of its test set.

    Raises:
        ConfigError: The configuration has no test set with a frame rate.
    """
    rate_hz = next(datasets_of(config.get('test_dataloader', {}))).get('frame_rate_hz')
    if rate_hz is None:
        raise ConfigError(
            'needs the frame rate of the training: frame_rate_hz of the test set in the configuration with which '
            'mmradar.apis.init_model built the lifter; there is none'
        )
    return rate_hz
