"""HuPR's evaluation protocol."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmradar.errors import ConfigError, DataError
from mmradar.evaluation.limb_motion import BodyFrame, mean_pose_of_file, motion_explained, pairs_of
from mmradar.evaluation.misses import check_predictions, check_truth
from mmradar.metainfo import FRAMES_OF_ID
from mmradar.registry import METRICS
from mmradar.structures import scaled_squared_distance


def keypoint_average_precision(
    predictions: np.ndarray,
    truth: np.ndarray,
    visible: np.ndarray,
    areas: np.ndarray,
    sigmas: Sequence[float] | np.ndarray,
    image_ids: Sequence[int] | np.ndarray,
    num_unpredicted: int = 0,
) -> dict[str, float]:
    """Compute COCO keypoint AP for one person per image, with score 1 for all predictions.

    Uses pycocotools with the given sigmas. As all scores are equal, it ranks predictions by image id.

    Args:
        predictions: Predicted joints in px, (images, joints, 2). A pose with a number that is not finite matches
            nothing; pycocotools alone would treat NaN as a match.
        truth: True joints in px, (images, joints, 2).
        visible: Visibility, (images, joints); joints with a value above 0 count. Images without such joints are
            ignored.
        areas: Object areas in px^2, (images,), the ``s^2`` of OKS.
        sigmas: COCO's sigma of each joint, (joints,).
        image_ids: Unique image numbers.
        num_unpredicted: Number of further images, with all joints visible and without a prediction.

    Returns:
        ``AP``, ``AP50``, ``AP75`` and ``AR`` in percent; -1 if nothing is visible.

    Raises:
        DataError: A visible joint, a visibility or an area is not finite.
    """
    labelled = np.isfinite(visible) & (np.isfinite(truth).all(axis=-1) | (visible <= 0))
    names = [f'image {image}' for image in image_ids]
    check_truth('keypoint AP', labelled.all(axis=-1) & np.isfinite(areas), names)
    seen = (visible > 0).any(axis=-1)  # pycocotools counts a prediction for an image without labels as a false positive
    predictions, truth, visible, areas = (array[seen] for array in (predictions, truth, visible, areas))
    first_free = max((int(image) for image in image_ids), default=0) + 1
    seen_ids = np.asarray(image_ids)[seen]
    finite = np.isfinite(predictions).all(axis=(1, 2), keepdims=True)
    predictions = np.where(finite, predictions, np.inf)  # gives an OKS of 0
    flags = np.where(visible > 0, 2, 0)
    annotations, detections = [], []
    for index, (image, pose, label, flag) in enumerate(zip(seen_ids, predictions, truth, flags), start=1):
        shared = dict(image_id=int(image), category_id=1, area=float(areas[index - 1]), id=index, bbox=[0, 0, 1, 1])
        annotations.append(
            dict(
                shared, iscrowd=0, num_keypoints=int((flag > 0).sum()), keypoints=np.column_stack([label, flag]).ravel()
            )
        )
        detections.append(dict(shared, score=1.0, keypoints=np.column_stack([pose, np.full(len(pose), 2)]).ravel()))
    for image in range(first_free, first_free + num_unpredicted):
        keypoints = np.full((len(sigmas), 3), 2)  # visible joints; without a prediction, their positions do not matter
        shared = dict(image_id=image, category_id=1, area=1.0, id=len(annotations) + 1, bbox=[0, 0, 1, 1])
        annotations.append(dict(shared, iscrowd=0, num_keypoints=len(sigmas), keypoints=keypoints.ravel()))
    images = [dict(id=annotation['image_id']) for annotation in annotations]
    dataset = dict(images=images, categories=[dict(id=1, name='person')])
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth_set, detection_set = COCO(), COCO()
        for coco, entries in ((truth_set, annotations), (detection_set, detections)):
            coco.dataset = dict(dataset, annotations=entries)  # pyright: ignore[reportAttributeAccessIssue]
            coco.createIndex()
        evaluation = COCOeval(truth_set, detection_set, 'keypoints')
        evaluation.params.kpt_oks_sigmas = np.asarray(sigmas, dtype=np.float64)
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ['all']
        evaluation.evaluate()
        evaluation.accumulate()
    precision, recall = evaluation.eval['precision'], evaluation.eval['recall']
    thresholds = evaluation.params.iouThrs

    def mean(values: np.ndarray) -> float:
        counted = values[values > -1]
        return 100 * float(counted.mean()) if counted.size else -1.0

    at = {
        name: int(np.flatnonzero(np.isclose(thresholds, value))[0]) for name, value in (('AP50', 0.5), ('AP75', 0.75))
    }
    return dict(AP=mean(precision), **{name: mean(precision[index]) for name, index in at.items()}, AR=mean(recall))


def mean_velocity_error(
    predictions: np.ndarray, truth: np.ndarray, visible: np.ndarray, image_ids: Sequence[int] | np.ndarray
) -> float | None:
    """Compute the mean distance between predicted and true movement of joints from one frame to the next.

    Args:
        predictions: Predicted joints in px, (images, joints, 2).
        truth: True joints in px, (images, joints, 2).
        visible: Visibility, (images, joints); a joint counts if it is above 0 in both frames.
        image_ids: Unique numbers in any order, sequence * 100000 + frame as in HuPR. Two frames are consecutive if they
            are of one sequence and their numbers are consecutive.

    Returns:
        Error in px per frame, infinite if a prediction that counts is not finite; ``None`` if no joint is visible in
        two consecutive frames.
    """
    ids = np.asarray(image_ids, dtype=np.int64)
    order = np.argsort(ids)
    ids = ids[order]
    pairs = (np.diff(ids) == 1) & (ids[1:] // FRAMES_OF_ID == ids[:-1] // FRAMES_OF_ID)
    before, after = order[:-1][pairs], order[1:][pairs]
    counted = (visible[before] > 0) & (visible[after] > 0)
    if not counted.any():
        return None
    error = predictions - truth
    with np.errstate(invalid='ignore'):
        distance = np.linalg.norm(error[after] - error[before], axis=-1)[counted]
    return float(np.where(np.isfinite(distance), distance, np.inf).mean())


def score_quality(
    predictions: np.ndarray,
    truth: np.ndarray,
    visible: np.ndarray,
    areas: np.ndarray,
    sigmas: Sequence[float] | np.ndarray,
    scores: np.ndarray,
) -> dict[str, float]:
    """Compute how well the scores of keypoints tell how good the keypoints are.

    Args:
        predictions, truth: Predicted and true joints in px, (images, joints, 2).
        visible: Visibility, (images, joints); joints with a value above 0 count.
        areas: Object areas in px^2, (images,).
        sigmas: COCO's sigma of each joint, (joints,).
        scores: Scores of the predicted joints, (images, joints).

    Returns:
        ``score_correlation``, the correlation between scores and OKS over all joints; 0 if all OKS are equal. And
        ``score_bias``, the mean score minus the mean OKS. Empty if all scores are equal, as those of a model without
        scores are, or no joint counts.
    """
    counted = (visible > 0) & np.isfinite(predictions).all(axis=-1)
    if not counted.any() or np.ptp(scores[counted]) == 0:
        return {}
    tensors = [torch.as_tensor(np.asarray(each), dtype=torch.float64) for each in (predictions, truth, areas, sigmas)]
    oks = torch.exp(-scaled_squared_distance(*tensors)).numpy()[counted]
    correlation = float(np.corrcoef(scores[counted], oks)[0, 1]) if np.ptp(oks) > 0 else 0.0
    return dict(score_correlation=correlation, score_bias=float(scores[counted].mean() - oks.mean()))


@METRICS.register_module()
class HuPRMetric(BaseMetric):
    """AP, AP50, AP75, AR, AP of each joint, errors of position and velocity, and the limb motion explained.

    AP follows HuPR's protocol: COCO keypoint AP with HuPR's sigmas, half of the box area as object area, and score 1
    for all predictions. The AP of a joint restricts OKS to that joint; ``AP_wrist`` and the like are the mean of left
    and right, as reported in papers. ``MPJPE_px`` is the mean distance over visible joints. ``MPJVE_px``, in px per
    frame, is the mean distance between predicted and true movement from one frame to the next, over joints visible in
    both frames and all pairs of consecutive frames of a sequence; jitter increases it. It is left out if there is no
    such pair.

    ``motion_explained_{knee,ankle,elbow,wrist}`` is 1 - squared error / squared error of the mean training pose at true
    size, both relative to the middle of the hips. It measures how much is seen of a limb, whereas AP mostly measures
    how well the body is located. See :func:`~mmradar.evaluation.motion_explained`.

    If the joints of a prediction have scores of their own, ``score_correlation`` and ``score_bias`` tell how well these
    tell good joints from bad ones; see :func:`score_quality`. AP does not use them.

    Annotated frames without a prediction are misses in AP and AR, as in HuPR's own code. These are frames that the data
    set left out (each sample of a sequence has their number in ``frames_left_out``) and frames for which the loader
    made no sample. They do not enter the distances. A prediction whose position or score is not finite matches nothing
    and makes ``MPJPE_px`` infinite, and also ``MPJVE_px`` if it is in a pair. Both kinds of misses are logged.

    Args:
        per_joint: Also evaluate each joint separately.
        train_ann_file: Annotation file in HuPR's layout, from which the mean training pose is computed. If it is
            ``None``, does not exist or has no frames (which is logged), the limb motion explained is left out.
        collect_device, prefix: See mmengine's ``BaseMetric``.

    Raises:
        ConfigError: There is nothing to evaluate, or poses are in three dimensions or have other joints.
        DataError: No prediction is finite, a label is not finite, two images have the same number, or
            ``train_ann_file`` is not such a file.
    """

    default_prefix = 'coco'

    def __init__(
        self,
        per_joint: bool = True,
        train_ann_file: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.per_joint, self.train_ann_file, self._size = per_joint, train_ann_file, 0

    @property
    def _metainfo(self) -> dict:
        """The data set's metainfo, which the evaluator sets.

        Raises:
            ConfigError: It is not set.
        """
        if self.dataset_meta is None:
            raise ConfigError(f"{type(self).__name__}.dataset_meta is not set; it must be the data set's metainfo")
        return self.dataset_meta

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Store the predictions and labels of one batch."""
        if not self.results:
            self._mean_pose()  # a flaw of its file is told before the test, not after it
        for sample in data_samples:
            truth, predicted = sample['gt_instances'], sample['pred_instances']
            joints = (len(self._metainfo['sigmas']), 2)
            found = [np.shape(instances['keypoints'])[1:] for instances in (truth, predicted)]
            if found != [joints] * 2 or 'areas' not in truth:
                raise ConfigError(
                    f'{type(self).__name__} compares {joints[0]} joints in px (one per sigma of the metainfo), with '
                    f'areas; found labels of shape {found[0]}, predictions of shape {found[1]}. For three dimensions '
                    "use 'MPJPE'"
                )
            prediction = np.asarray(predicted['keypoints'][0], dtype=np.float64)
            scores = np.asarray(predicted.get('keypoint_scores', 1.0), dtype=np.float64)
            finite = bool(np.isfinite(prediction).all() and np.isfinite(scores).all())
            self.results.append(
                dict(
                    image_id=int(sample['img_id']),
                    left_out=int(sample.get('frames_left_out', 0)),
                    finite=finite,
                    prediction=prediction if finite else np.full_like(prediction, np.inf),
                    scores=np.broadcast_to(scores if finite else 0.0, (1, joints[0]))[0],
                    truth=np.asarray(truth['keypoints'][0], dtype=np.float64),
                    visible=np.asarray(truth['keypoints_visible'][0]),
                    area=float(truth['areas'][0]),
                )
            )

    def evaluate(self, size: int) -> dict[str, float]:
        """Compute the metrics after all batches have been processed.

        Args:
            size: Number of samples of the data set.
        """
        self._size = size
        return super().evaluate(size)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute the metrics over all images."""
        without_sample = max(self._size - len(results), 0)
        # distributed evaluation may repeat an image to pad the last batch
        by_image = {result['image_id']: result for result in results}
        for result in results:
            image = result['image_id']
            if not np.array_equal(result['truth'], by_image[image]['truth'], equal_nan=True):
                raise DataError(
                    f'{type(self).__name__}: two samples with different labels have the number img_id={image}, which '
                    'must be unique; evaluate data sets that use the same numbers separately'
                )
        results = list(by_image.values())
        image_ids = [result['image_id'] for result in results]
        check_predictions(
            type(self).__name__, [result['finite'] for result in results], [f'image {image}' for image in image_ids]
        )
        unpredicted = self._unpredicted(results, without_sample)
        prediction, truth, visible, areas, scores = (
            np.stack([result[key] for result in results])
            for key in ('prediction', 'truth', 'visible', 'area', 'scores')
        )
        sigmas = self._metainfo['sigmas']
        metrics = keypoint_average_precision(prediction, truth, visible, areas, sigmas, image_ids, unpredicted)
        if self.per_joint:
            names = self._metainfo['keypoint_id2name']
            for joint, name in names.items():
                one = np.zeros_like(visible)
                one[:, joint] = visible[:, joint]
                metrics[f'AP_{name}'] = keypoint_average_precision(
                    prediction, truth, one, areas, sigmas, image_ids, unpredicted
                )['AP']
            for pair, joints in pairs_of(names).items():
                found = [value for joint in joints if (value := metrics[f'AP_{names[joint]}']) >= 0]
                metrics[f'AP_{pair}'] = float(np.mean(found)) if found else -1.0
        for limb, share in self._motion_explained(prediction, truth, visible).items():
            metrics[f'motion_explained_{limb}'] = share
        error_px = np.where(visible > 0, np.linalg.norm(prediction - truth, axis=-1), 0)
        metrics['MPJPE_px'] = float((error_px * visible).sum() / max(visible.sum(), 1))
        if (velocity_error := mean_velocity_error(prediction, truth, visible, image_ids)) is not None:
            metrics['MPJVE_px'] = velocity_error
        return metrics | score_quality(prediction, truth, visible, areas, sigmas, scores)

    def _mean_pose(self) -> np.ndarray | None:
        """Return the mean training pose; ``None`` without a file that has one, or if the joints have no limbs."""
        names = self._metainfo['keypoint_id2name']
        if self.train_ann_file is None or BodyFrame.of(names) is None:
            return None
        return mean_pose_of_file(self.train_ann_file, names)

    def _motion_explained(self, prediction: np.ndarray, truth: np.ndarray, visible: np.ndarray) -> dict[str, float]:
        names, mean_pose = self._metainfo['keypoint_id2name'], self._mean_pose()
        if mean_pose is not None:
            return motion_explained(prediction, truth, visible, mean_pose, names)
        if self.train_ann_file is not None and BodyFrame.of(names) is not None:
            print_log(
                f'{type(self).__name__}: the limb motion explained is left out: {self.train_ann_file}, from which the '
                'mean training pose is taken, does not exist or has no frames',
                'current',
                logging.WARNING,
            )
        return {}

    def _unpredicted(self, results: list[dict], without_sample: int) -> int:
        """Count the annotated frames without a prediction, and log a warning if there are any."""
        by_sequence = {result['image_id'] // FRAMES_OF_ID: result['left_out'] for result in results}
        left_out = sum(by_sequence.values())
        unpredicted = left_out + without_sample
        if unpredicted:
            print_log(
                f'{type(self).__name__}: {unpredicted:,} of {len(results) + unpredicted:,} annotated frames have no '
                f'prediction and count as misses: {left_out:,} that the data set left out, {without_sample:,} that '
                'the loader did not reach',
                'current',
                logging.WARNING,
            )
        return unpredicted
