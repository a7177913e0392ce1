"""Share of the limbs' motion that a prediction explains, compared with a mean pose at the true position and size.

Average precision does not show whether limbs are seen: a mean pose at the true position reaches half of it. Relative to
the hips and the size of the trunk, only the pose is left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64

from mmradar.errors import DataError

LIMBS = ('knee', 'ankle', 'elbow', 'wrist')


@dataclass(frozen=True)
class BodyFrame:
    """Joints that define a body's position (the root, the middle of the hips) and size (from the root to the neck).

    Args:
        hips: Joint numbers of the two hips.
        neck: Joint number of the neck.
    """

    hips: tuple[int, int]
    neck: int

    @classmethod
    def of(cls, names: Mapping[int, str]) -> BodyFrame | None:
        """Build the body frame from joint names by number; return ``None`` if two hips or a neck are missing."""
        pairs = pairs_of(names)
        neck = next((joint for joint, name in names.items() if name.lower() == 'neck'), None)
        return None if neck is None or 'hip' not in pairs else cls(pairs['hip'], neck)

    def root(self, keypoints: Float[np.ndarray, '*n joints d']) -> Float[np.ndarray, '*n 1 d']:
        """Return the middle of the hips."""
        return keypoints[..., list(self.hips), :].mean(-2, keepdims=True)

    def size(self, keypoints: Float[np.ndarray, '*n joints d']) -> Float[np.ndarray, '*n 1 1']:
        """Return the distance from the root to the neck."""
        trunk = keypoints[..., [self.neck], :] - self.root(keypoints)
        return np.linalg.norm(trunk, axis=-1, keepdims=True)

    def complete(self, visible: Float[np.ndarray, '*n joints']) -> np.ndarray:
        """Return whether hips and neck are all visible, (...)."""
        return (visible[..., [*self.hips, self.neck]] > 0).all(-1)

    def mean_pose(
        self, keypoints: Float[np.ndarray, 'n joints d'], visible: Float[np.ndarray, 'n joints']
    ) -> Float[np.ndarray, 'joints d']:
        """Compute the mean of the joint positions over poses, relative to the root and divided by the size.

        Raises:
            DataError: A joint is never visible together with hips and neck.
        """
        seen = (visible > 0) & self.complete(visible)[:, None]
        if not seen.any(0).all():
            raise DataError('there is no mean pose: a joint is nowhere visible together with hips and neck')
        size = self.size(keypoints)
        with np.errstate(invalid='ignore', divide='ignore'):
            relative = (keypoints - self.root(keypoints)) / size
        return relative.mean(0, where=(seen & (size[..., 0] > 0))[..., None])

    def placed(
        self, mean_pose: Float[np.ndarray, 'joints d'], keypoints: Float[np.ndarray, 'n joints d']
    ) -> Float[np.ndarray, 'n joints d']:
        """Place a mean pose at the position and size of other poses: an oracle that knows everything but the pose."""
        return self.root(keypoints) + self.size(keypoints) * mean_pose


def mean_positions(
    keypoints: Float[np.ndarray, 'n joints d'], visible: Float[np.ndarray, 'n joints']
) -> Float64[np.ndarray, 'joints d']:
    """Compute the mean position of each joint over poses, wherever the people are.

    Args:
        keypoints: Joint positions in any unit.
        visible: Visibility; joints with a value above 0 count, others may have any position, also NaN.

    Raises:
        DataError: A joint is nowhere visible.
    """
    if not (visible > 0).any(0).all():
        joint = int((visible > 0).any(0).argmin())
        raise DataError(f'there is no mean pose: joint {joint} is nowhere visible, in none of {len(visible)} poses')
    return keypoints.mean(axis=0, where=(visible > 0)[..., None], dtype=np.float64)


def pairs_of(names: Mapping[int, str]) -> dict[str, tuple[int, int]]:
    """Return the numbers of the right and left joint by their common name in lower case, e.g. ``wrist``."""
    numbers: dict[str, dict[str, int]] = {}
    for joint, name in names.items():
        side, _, common = name.lower().partition('_')
        if side in ('r', 'right', 'l', 'left') and common:
            numbers.setdefault(common, {})[side[0]] = joint
    return {common: (sides['r'], sides['l']) for common, sides in numbers.items() if len(sides) == 2}


def motion_explained(
    predictions: Float[np.ndarray, 'n joints d'],
    truth: Float[np.ndarray, 'n joints d'],
    visible: Float[np.ndarray, 'n joints'],
    mean_pose: Float[np.ndarray, 'joints d'],
    names: Mapping[int, str],
) -> dict[str, float]:
    """Compute 1 - squared error / squared error of the mean pose at true size, both relative to the root, by limb.

    The value is 1 for a perfect prediction and 0 for one that knows no more of the limb than the mean pose placed by
    :meth:`BodyFrame.placed`. Left and right are summed before the division.

    Args:
        predictions, truth: Joint positions in any unit, (n, joints, d).
        visible: Visibility, (n, joints); joints with a value above 0 count. Poses without visible hips or neck do not.
        mean_pose: See :meth:`BodyFrame.mean_pose`.
        names: Joint names by number.

    Returns:
        Share of the motion that is explained, by limb; minus infinity if a prediction that counts is not finite. Limbs
        whose joints are missing or that never move are left out.
    """
    frame, pairs = BodyFrame.of(names), pairs_of(names)
    if frame is None:
        return {}
    counted = frame.complete(visible)
    predictions, truth, visible = predictions[counted], truth[counted], visible[counted] > 0
    with np.errstate(invalid='ignore'):
        error = (predictions - frame.root(predictions)) - (truth - frame.root(truth))
    reference = frame.placed(mean_pose, truth) - truth
    found = {}
    for limb in LIMBS:
        if limb in pairs:
            joints, counts = list(pairs[limb]), visible[:, list(pairs[limb])]
            predicted, mean = (np.square(x[:, joints]).sum(-1)[counts].sum() for x in (error, reference))
            if mean > 0:
                found[limb] = float(1 - predicted / mean) if np.isfinite(predicted) else -np.inf
    return found


def mean_pose_of_file(ann_file: str | Path, names: Mapping[int, str]) -> Float[np.ndarray, 'joints 2'] | None:
    """Compute the mean pose of an annotation file in HuPR's layout; see :meth:`BodyFrame.mean_pose`.

    Returns:
        The mean pose; ``None`` if the file does not exist or has no frames, as that of a set made only to test on.

    Raises:
        DataError: It contains other joints.
    """
    path = Path(ann_file)
    if not path.is_file():
        return None
    return _mean_pose_of_file(str(path.absolute()), path.stat().st_mtime_ns, tuple(names.items()))


@lru_cache(maxsize=8)  # HuPR's file takes seconds to read
def _mean_pose_of_file(path: str, changed_ns: int, names: tuple[tuple[int, str], ...]) -> np.ndarray | None:
    poses = [frame['joints'] for sequence in json.loads(Path(path).read_text()) for frame in sequence]
    if not poses:
        return None
    try:
        found = np.asarray([[(*joint, 2)[:3] for joint in pose] for pose in poses], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f'{path}: joints are not numbers, or their number differs between frames ({error})') from error
    if found.shape[1:] != (len(names), 3):
        raise DataError(f'{path}: expected {len(names)} joints of two or three numbers a frame, found {found.shape}')
    frame = BodyFrame.of(dict(names))
    if frame is None:
        raise DataError('a mean pose needs joints named as right hip, left hip and neck')
    return frame.mean_pose(np.nan_to_num(found[..., :2]), found[..., 2])
