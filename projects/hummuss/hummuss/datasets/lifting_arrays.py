"""Arrays that the data sets of this project pass to a model: checks, packing and augmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmradar.errors import DataError


def normalise_to_screen(
    keypoints_px: Float[np.ndarray, '*n 2'], image_size: tuple[int, int]
) -> Float[np.ndarray, '*n 2']:
    """Normalise pixels as MotionBERT does: x from -1 to 1 across the image, y by the same scale, 0 in the middle.

    Args:
        keypoints_px: Pixel coordinates, x to the right and y down.
        image_size: (width, height) in px.
    """
    width, height = image_size
    return np.asarray(keypoints_px) * (2 / width) - np.array([1.0, height / width])


def check_lifting_arrays(
    keypoints: np.ndarray,
    keypoints_3d: np.ndarray,
    confidence: np.ndarray,
    weights: np.ndarray,
    num_joints: int,
    where: str,
) -> None:
    """Raise unless a sequence's arrays have matching shapes and finite values.

    A missing joint has confidence 0, and its 2D position is not checked. A joint without a 3D label has weight 0, and
    its 3D position is not checked. All other values must be finite.

    Args:
        keypoints: 2D joints, (T, J, 2).
        keypoints_3d: 3D joints, (T, J, 3).
        confidence: Confidences of the 2D joints, (T, J), in [0, 1].
        weights: Weights of the 3D labels, (T, J).
        num_joints: Number of joints J of the data set's skeleton.
        where: File and sequence, for messages.

    Raises:
        DataError: A shape does not match, a confidence or weight is negative or not finite, or a joint that counts is
            NaN or infinite.
    """
    frames = len(keypoints)
    for name, array, shape in (
        ('2D joints', keypoints, (frames, num_joints, 2)),
        ('3D joints', keypoints_3d, (frames, num_joints, 3)),
        ('confidences', confidence, (frames, num_joints)),
        ('weights', weights, (frames, num_joints)),
    ):
        if array.shape != shape:
            raise DataError(
                f'{where}: expected {name} {shape} (frames, joints of the skeleton, ...), found {array.shape}'
            )
    for name, array in (('confidence', confidence), ('weight', weights)):
        if not (np.isfinite(array).all() and (array >= 0).all()):
            raise DataError(f'{where}: a {name} is negative or not finite; expected 0 for a missing joint')
    for name, array, counts in (('2D', keypoints, confidence > 0), ('3D', keypoints_3d, weights > 0)):
        broken = np.argwhere(counts & ~np.isfinite(array).all(-1))
        if len(broken):
            frame, joint = broken[0]
            raise DataError(
                f'{where}: the {name} joint {joint} in frame {frame} is {array[frame, joint]}, as are '
                f'{len(broken) - 1} others; expected finite numbers, or confidence and weight 0 for missing joints'
            )


def lifting_inputs(
    keypoints: Float[np.ndarray, '*n 2'], confidence: Float[np.ndarray, '*n']
) -> Float[np.ndarray, '*n 3']:
    """Return the inputs of a lifter: 2D joints on screen, set to 0 where the confidence is 0, and the confidence.

    Args:
        keypoints: 2D joints, see :func:`normalise_to_screen`.
        confidence: Confidences of the joints, 0 for a missing one.
    """
    confidence = confidence[..., None]
    return np.concatenate([np.where(confidence > 0, keypoints, 0.0), confidence], axis=-1).astype(np.float32)


def inputs_from_pixels(
    keypoints_px: Float[np.ndarray, '*n 2'], scores: Float[np.ndarray, '*n'], image_size: tuple[int, int]
) -> Float[np.ndarray, '*n 3']:
    """Return the inputs of a lifter for 2D joints that a network has found, as arrays, tensors or lists.

    Args:
        keypoints_px: 2D joints, x to the right and y down. Those of missing joints are arbitrary.
        scores: Scores of the joints; 0 marks a missing joint. Any other score becomes the confidence 1, because
            training knows no other confidences; our choice.
        image_size: (width, height) in px.

    Raises:
        DataError: The arrays do not belong together, a score is NaN or infinite, or the image has no size.
    """
    keypoints_px, scores = np.asarray(keypoints_px), np.asarray(scores)
    if keypoints_px.shape != (*scores.shape, 2):
        raise DataError(
            f'2D joints are (..., joints, 2) with scores (..., joints); found {keypoints_px.shape} and {scores.shape}'
        )
    if not np.isfinite(scores).all():
        raise DataError('scores must be numbers, 0 for a missing joint; found NaN or infinity')
    if len(image_size) != 2 or min(image_size) <= 0:
        raise DataError(f'image_size is (width, height) in px, found {tuple(image_size)}')
    return lifting_inputs(normalise_to_screen(keypoints_px, image_size), (scores > 0).astype(np.float32))


def pack_lifting_sample(
    keypoints: Float[np.ndarray, 'T J 2'],
    keypoints_3d: Float[np.ndarray, 'T J 3'],
    confidence: Float[np.ndarray, 'T J'],
    weights: Float[np.ndarray, 'T J'],
    metainfo: Mapping[str, Any],
) -> dict:
    """Pack one window into ``inputs`` (T, J, 3) and ``data_samples``, as the configurations' models take them.

    Args:
        keypoints, confidence: See :func:`lifting_inputs`.
        keypoints_3d: 3D joints relative to the root, in camera axes (x right, y down, z away), in m. Set to 0 where the
            weight is 0.
        weights: Weights of the 3D labels.
        metainfo: Meta information of the sample: ``delta_scale``, ``action``, ``clip_id`` and so on.
    """
    labelled = weights > 0
    sample = PoseDataSample(metainfo=dict(metainfo))
    sample.gt_instance_labels = InstanceData(
        keypoints_3d=torch.from_numpy(np.where(labelled[..., None], keypoints_3d, 0.0).astype(np.float32)),
        keypoint_weights=torch.from_numpy(np.asarray(weights, dtype=np.float32)),
    )
    return dict(inputs=torch.from_numpy(lifting_inputs(keypoints, confidence)), data_samples=sample)


def mirrored(
    keypoints: Float[np.ndarray, 'T J 2'],
    keypoints_3d: Float[np.ndarray, 'T J 3'],
    confidence: Float[np.ndarray, 'T J'],
    weights: Float[np.ndarray, 'T J'],
    flip_indices: Sequence[int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mirror a sequence's arrays: negate x, and exchange left and right joints.

    Args:
        keypoints: 2D joints on screen, x = 0 in the middle of the image.
        keypoints_3d: 3D joints relative to the root, in camera axes.
        confidence: Confidences of the 2D joints.
        weights: Weights of the 3D labels.
        flip_indices: For each joint, the index of the joint that replaces it; see mmpose's meta information.
    """
    swap = list(flip_indices)
    return (
        keypoints[:, swap] * np.array([-1, 1], keypoints.dtype),
        keypoints_3d[:, swap] * np.array([-1, 1, 1], keypoints_3d.dtype),
        confidence[:, swap],
        weights[:, swap],
    )


def correlated_in_time(
    noise: Float[np.ndarray, 'T *n'], times_s: Float[np.ndarray, 'T'], correlation_s: float
) -> Float[np.ndarray, 'T *n']:
    """Turn independent noise into first-order autoregressive noise (Ornstein-Uhlenbeck) of the same deviation.

    The noise is a process in time, so its statistics are the same at every frame rate. It is our choice.

    Args:
        noise: Noise that is independent in each frame.
        times_s: Times of the frames in s, ascending.
        correlation_s: Time in s after which the correlation has fallen to 1 / e; 0 leaves the noise unchanged.
    """
    if not correlation_s:
        return noise
    kept = np.exp(-np.diff(times_s) / correlation_s)
    found = noise.copy()
    for frame in range(1, len(noise)):
        found[frame] = kept[frame - 1] * found[frame - 1] + np.sqrt(1 - kept[frame - 1] ** 2) * noise[frame]
    return found


def missing_joints(
    times_s: Float[np.ndarray, 'T'], num_joints: int, share: float, mean_s: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw which joints are missing in which frames: an independent two-state Markov process for each joint.

    The occlusion is a process in time, so its statistics are the same at every frame rate.

    Args:
        times_s: Times of the frames in s, ascending.
        num_joints: Number of joints J.
        share: Expected share of joints that are missing at any time, in [0, 1].
        mean_s: Mean time in s for which a joint is missing; 0 for independent frames.
        rng: Random generator.

    Returns:
        Boolean array (T, J), ``True`` where a joint is missing.
    """
    draws, renewals = rng.random((2, len(times_s), num_joints))
    missing = draws < share
    if mean_s > 0 and 0 < share < 1:
        # Each renewal makes a joint missing with probability `share`: it takes 1 / (1 - share) renewals to return.
        rate_hz = 1 / (mean_s * (1 - share))
        renewed = renewals < 1 - np.exp(-rate_hz * np.diff(times_s, prepend=-np.inf))[:, None]
        last = np.maximum.accumulate(np.where(renewed, np.arange(len(times_s))[:, None], 0), axis=0)
        missing = np.take_along_axis(missing, last, axis=0)
    return missing
