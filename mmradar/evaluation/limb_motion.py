"""How much of the limbs' motion a prediction explains, beyond a mean pose that is put at the true place and size.

Average precision hides whether limbs are seen: a mean pose at the true place reaches half of it. Relative to the hips
and the size of the trunk nothing is left but the pose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from mmradar.errors import DataError

LIMBS = ('knee', 'ankle', 'elbow', 'wrist')


@dataclass(frozen=True)
class BodyFrame:
    """Which joints say where a body is and how large: root, the middle of the hips; size, from the root to the neck.

    Args:
        hips: Numbers of both hips.
        neck: Number of the neck.
    """

    hips: tuple[int, int]
    neck: int

    @classmethod
    def of(cls, names: Mapping[int, str]) -> BodyFrame | None:
        """That of joints of such names; ``None`` if they have no two hips or no neck."""
        pairs = pairs_of(names)
        neck = next((joint for joint, name in names.items() if name.lower() == 'neck'), None)
        return None if neck is None or 'hip' not in pairs else cls(pairs['hip'], neck)

    def root(self, keypoints: Float[np.ndarray, '*n joints d']) -> Float[np.ndarray, '*n 1 d']:
        """The middle of the hips."""
        return keypoints[..., list(self.hips), :].mean(-2, keepdims=True)

    def size(self, keypoints: Float[np.ndarray, '*n joints d']) -> Float[np.ndarray, '*n 1 1']:
        """From the root to the neck."""
        reach = keypoints[..., [self.neck], :] - self.root(keypoints)
        return np.linalg.norm(reach, axis=-1, keepdims=True)

    def complete(self, visible: Float[np.ndarray, '*n joints']) -> np.ndarray:
        """Where hips and neck are all visible, (...)."""
        return (visible[..., [*self.hips, self.neck]] > 0).all(-1)

    def mean_pose(
        self, keypoints: Float[np.ndarray, 'n joints d'], visible: Float[np.ndarray, 'n joints']
    ) -> Float[np.ndarray, 'joints d']:
        """Mean over poses of the joints' places, relative to the root, in sizes.

        Raises:
            DataError: A joint is never seen together with hips and neck.
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
        """A mean pose at the place and in the size of others: the oracle that knows everything but the pose."""
        return self.root(keypoints) + self.size(keypoints) * mean_pose


def pairs_of(names: Mapping[int, str]) -> dict[str, tuple[int, int]]:
    """Numbers of the right and left joint by their common name in lower case, e.g. ``wrist``."""
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
    """One minus the squared error over that of the mean pose at true size, both relative to the root, for each limb.

    1 is a perfect prediction, 0 one that knows no more of the limb than the mean pose does; the oracle has 0. Left and
    right are summed before the division.

    Args:
        predictions, truth: In any unit.
        visible: Joints that count are above 0; poses without visible hips or neck do not.
        mean_pose: Of :meth:`BodyFrame.mean_pose`.
        names: Joint names by number.

    Returns:
        By limb; those whose joints these are not, or that never move, are left out. Minus infinity with a prediction
        that is not finite.
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
            joints, at = list(pairs[limb]), visible[:, list(pairs[limb])]
            of_limb, of_mean = (np.square(x[:, joints]).sum(-1)[at].sum() for x in (error, reference))
            if of_mean > 0:
                found[limb] = float(1 - of_limb / of_mean) if np.isfinite(of_limb) else -np.inf
    return found


def mean_pose_of_file(ann_file: str | Path, names: Mapping[int, str]) -> Float[np.ndarray, 'joints 2']:
    """The mean pose of an annotation file in HuPR's layout, see :meth:`BodyFrame.mean_pose`.

    Raises:
        FileNotFoundError: No such file.
        DataError: It holds other joints.
    """
    path = Path(ann_file)
    return _mean_pose_of_file(str(path.absolute()), path.stat().st_mtime_ns, tuple(names.items()))


@lru_cache(maxsize=8)  # HuPR's takes seconds to read
def _mean_pose_of_file(path: str, changed_ns: int, names: tuple[tuple[int, str], ...]) -> np.ndarray:
    poses = [frame['joints'] for sequence in json.loads(Path(path).read_text()) for frame in sequence]
    try:
        found = np.asarray([[(*joint, 2)[:3] for joint in pose] for pose in poses], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f'{path}: joints that are no numbers, or not alike in all frames ({error})') from error
    if found.shape[1:] != (len(names), 3):
        raise DataError(f'{path}: expected {len(names)} joints of two or three numbers a frame, found {found.shape}')
    frame = BodyFrame.of(dict(names))
    if frame is None:
        raise DataError('a mean pose needs joints that are called hips and neck')
    return frame.mean_pose(np.nan_to_num(found[..., :2]), found[..., 2])
