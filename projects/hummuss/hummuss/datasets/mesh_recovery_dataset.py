"""Data set of bodies that perform motions, seen by a virtual camera: 2D joints as input, body parameters as labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from hummuss.body_models import LinearBody
from hummuss.datasets.body_motion import BodyMotion
from hummuss.datasets.motion_lifting_dataset import MotionLiftingDataset
from hummuss.datasets.motion_sources import MotionClip
from hummuss.datasets.virtual_camera import VirtualCamera
from mmradar.errors import ConfigError
from mmradar.registry import DATASETS, MODELS


@DATASETS.register_module()
class MeshRecoveryDataset(MotionLiftingDataset):
    """Data set for mesh recovery from any motion source of ``mmradar.simulation``; by default procedural motions.

    Each clip's motion is performed by a body of random shape, see :class:`~hummuss.datasets.body_motion.BodyMotion`,
    and filmed by one random camera. The samples are those of :class:`~hummuss.datasets.MotionLiftingDataset` with the
    body's joints in place of the recorded person's, and three more fields in ``gt_instance_labels``, for J joints:

    - ``rotations`` (T, J, 3, 3): each joint's rotation relative to its parent; the pelvis's leads to camera axes.
    - ``betas`` (T, S): the shape, the same in all frames.
    - ``joints`` (T, J, 3) in m, relative to the pelvis, in camera axes.

    Vertices follow from rotations and shape by the body model, so they are not stored.

    Args:
        body_model: Configuration of the body model, such as ``dict(type='AnnyBody')``.
        **kwargs: See :class:`~hummuss.datasets.MotionLiftingDataset`.

    Raises:
        ConfigError: An argument is out of its range, or asks for mirrored or padded windows, which this class cannot
            label.
        DataError: Motion files are missing, damaged or too short.
    """

    def __init__(self, body_model: Mapping[str, Any], **kwargs: Any) -> None:
        if kwargs.get('flip_prob') or kwargs.get('short') == 'pad':
            raise ConfigError(
                "MeshRecoveryDataset has no mirrored and no padded windows: set flip_prob=0, short='drop'"
            )
        self.body: LinearBody = MODELS.build(dict(body_model))
        super().__init__(**kwargs)

    def _clip(self, number: int, epoch: int) -> MotionClip:
        clip = super()._clip(number, epoch)
        rng = np.random.default_rng([*self._seeds(epoch), number, 4])
        return dataclasses.replace(clip, motion=BodyMotion(clip.motion, self.body, self.body.random_betas(rng)))

    def labels_of(
        self, clip: MotionClip, camera: VirtualCamera, times_s: Float[np.ndarray, 'T']
    ) -> dict[str, np.ndarray]:
        """Return rotations, shape and joints in the camera's axes."""
        assert isinstance(clip.motion, BodyMotion)  # as _clip makes it
        rotations = clip.motion.rotations(clip.times_within_s(times_s))
        rotations[:, 0] = camera.rotation @ rotations[:, 0]
        rotations = torch.from_numpy(rotations.astype(np.float32))
        betas = torch.from_numpy(clip.motion.betas).expand(len(times_s), -1)
        joints = self.body.joints(rotations, betas)
        return dict(rotations=rotations.numpy(), betas=betas.numpy().copy(), joints=joints.numpy())
