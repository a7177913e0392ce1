"""Motion of a person as a body model performs it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float

from hummuss.body_models import LinearBody, rotations_from_keypoints
from mmradar.simulation.skeleton import JOINTS

if TYPE_CHECKING:
    from hummuss.datasets.motion_sources import Motion


@dataclass(frozen=True, eq=False)
class BodyMotion:
    """Motion of another person, performed by a body: it takes the same poses with the mid of its hips where theirs is.

    Its legs may be longer or shorter, so that its feet are not on the floor.

    Args:
        motion: The motion to perform.
        body: Body model.
        betas: Shape of the body.
    """

    motion: Motion
    body: LinearBody
    betas: Float[np.ndarray, 'betas']

    @cached_property
    def rest_joints_m(self) -> Float[np.ndarray, 'joints 3']:
        """Joints of this person's rest pose, in m."""
        return self.body.rest_joints(torch.from_numpy(self.betas)).numpy().astype(np.float64)

    def rotations(self, time_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time joints 3 3']:
        """Return the joint rotations in world axes, see :func:`~hummuss.body_models.rotations_from_keypoints`."""
        return rotations_from_keypoints(self.body, self.rest_joints_m, self.motion.joints_m(time_s))

    def joints_m(self, time_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time 14 3']:
        """Return the positions of HuPR's joints of the body in world axes, in m."""
        performed = self.motion.joints_m(time_s)
        rotations = torch.from_numpy(rotations_from_keypoints(self.body, self.rest_joints_m, performed)).float()
        joints = self.body.joints(rotations, torch.from_numpy(self.betas).expand(len(rotations), -1))
        keypoints = joints.numpy().astype(np.float64)[:, self.body.keypoint_joints]
        return keypoints + _mid_hips(performed) - _mid_hips(keypoints)


def _mid_hips(keypoints_m: Float[np.ndarray, 'time 14 3']) -> Float[np.ndarray, 'time 1 3']:
    return keypoints_m[:, [JOINTS['R_Hip'], JOINTS['L_Hip']]].mean(axis=1, keepdims=True)
