"""Lifting of a stream of 2D poses to 3D, by a model of an installed plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from mmengine.model import BaseModel

from mmradar.errors import ConfigError


@runtime_checkable
class LiftingStream(Protocol):
    """3D poses of one person, computed from 2D poses that arrive one at a time."""

    def reset(self) -> None:
        """Forget all poses, to start with another person or recording."""
        ...

    def step(
        self, keypoints_px: Float[np.ndarray, 'joints 2'], scores: Float[np.ndarray, 'joints'], time_s: float
    ) -> Float[np.ndarray, 'joints 3']:
        """Return the 3D pose of the next 2D pose.

        Args:
            keypoints_px: Keypoints in px, x to the right and y down. Those of missing joints are arbitrary.
            scores: Scores of the keypoints; 0 marks a missing joint.
            time_s: Time of the pose in s, later than that of the pose before. Intervals may differ.

        Returns:
            Joints in m relative to the root, in camera axes: x to the right, y down, z away from the camera.
        """
        ...


@runtime_checkable
class PoseLifter(Protocol):
    """Model that can lift a stream of poses, such as a causal ``HumMUSSLifter`` of the plugin ``hummuss``."""

    def lifting_stream(self, image_size: tuple[int, int]) -> LiftingStream:
        """Begin a stream of poses in an image of ``image_size``, (width, height) in px."""
        ...


class PoseLifting:
    """Lifter of the poses that a radar model predicts, frame by frame.

    Only the first person of a frame is lifted; the models of this package predict one.

    Args:
        lifter: Model from :func:`~mmradar.apis.init_model` that is a :class:`PoseLifter`.
        dataset_meta: Meta information of the joints of the 2D poses.
        image_size: (width, height) of the image that the 2D poses refer to, px.
        min_score: Joints with a lower score count as missing. By default all joints are used; our choice.

    Raises:
        ConfigError: The model cannot lift a stream, or was trained on other joints.
    """

    def __init__(
        self,
        lifter: BaseModel,
        dataset_meta: Mapping[str, Any] | None,
        image_size: tuple[int, ...],
        min_score: float = 0.0,
    ) -> None:
        if not isinstance(lifter, PoseLifter):
            raise ConfigError(
                f'a {type(lifter).__name__} cannot lift poses to 3D frame by frame: it has no method lifting_stream; '
                'hummuss-causal-small, of projects/hummuss, can'
            )
        found, expected = (joint_names(meta) for meta in (dataset_meta, getattr(lifter, 'dataset_meta', None)))
        if found and expected and found != expected:
            raise ConfigError(
                f'the lifter was trained on the joints {", ".join(expected)}, in this order; the radar model predicts '
                f'{", ".join(found)}'
            )
        width, height = image_size
        self._stream, self.min_score = lifter.lifting_stream((width, height)), min_score
        self._last_s = -np.inf

    def reset(self) -> None:
        """Forget all poses; the next one is the first of a new recording."""
        self._stream.reset()
        self._last_s = -np.inf

    def lift(
        self,
        keypoints_px: Float[np.ndarray, 'people joints 2'],
        scores: Float[np.ndarray, 'people joints'],
        time_s: float,
    ) -> Float[np.ndarray, 'joints 3'] | None:
        """Return the 3D pose of a frame in m, see :meth:`LiftingStream.step`; ``None`` if the frame has none.

        A frame has none if nobody was found, all joints are missing, or its time is that of the frame before. It is
        then left out of the stream: for the lifter, the interval to the next frame is longer. A time before that of the
        last frame begins a new recording.

        Args:
            keypoints_px: Keypoints in px.
            scores: Scores of the keypoints.
            time_s: Time of the frame in s.

        Raises:
            ConfigError: The keypoints are not 2D.
        """
        if keypoints_px.shape[-1] != 2:
            raise ConfigError(f'only 2D poses can be lifted, and the model predicts {keypoints_px.shape[-1]}D poses')
        if time_s < self._last_s:
            self.reset()
        seen = (scores[:1] >= self.min_score) & np.isfinite(keypoints_px[:1]).all(axis=-1)
        if time_s == self._last_s or not seen.any():
            return None
        self._last_s = time_s
        return self._stream.step(keypoints_px[0], np.where(seen[0], scores[0], 0), time_s)


def joint_names(dataset_meta: Mapping[str, Any] | None) -> list[str]:
    """Return the names of the joints in the order of their numbers; none if the meta information has no names."""
    names = (dataset_meta or {}).get('keypoint_id2name', {})
    return [names[number] for number in sorted(names)]
