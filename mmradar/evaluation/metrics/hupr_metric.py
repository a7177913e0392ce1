"""HuPR's evaluation protocol."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmradar.errors import ConfigError, DataError
from mmradar.evaluation.limb_motion import BodyFrame, mean_pose_of_file, motion_explained, pairs_of
from mmradar.evaluation.misses import check_predictions, check_truth
from mmradar.metainfo import FRAMES_OF_ID
from mmradar.registry import METRICS


def keypoint_average_precision(
    predictions: np.ndarray,
    truth: np.ndarray,
    visible: np.ndarray,
    areas: np.ndarray,
    sigmas: np.ndarray,
    image_ids: Sequence[int],
    num_unpredicted: int = 0,
) -> dict[str, float]:
    """COCO keypoint AP of one person an image, every prediction with score 1.

    pycocotools does the counting; its sigmas are a parameter. With equal scores it ranks predictions by image id.

    Args:
        predictions: (images, joints, 2) in px. One with a number that is not finite finds nothing: pycocotools alone
            takes NaN for a match.
        truth: (images, joints, 2) in px.
        visible: (images, joints); a joint counts where it is above 0. An image without any does not count.
        areas: (images,) in px^2, the ``s^2`` of OKS.
        sigmas: (joints,)
        image_ids: Unique numbers.
        num_unpredicted: How many images more there are, with all joints visible and without a prediction.

    Returns:
        ``AP``, ``AP50``, ``AP75`` and ``AR`` in percent; -1 if nothing is visible.

    Raises:
        DataError: A visible joint, a visibility or an area is no finite number.
    """
    labelled = np.isfinite(visible) & (np.isfinite(truth).all(axis=-1) | (visible <= 0))
    names = [f'image {image}' for image in image_ids]
    check_truth('keypoint AP', labelled.all(axis=-1) & np.isfinite(areas), names)
    seen = (visible > 0).any(axis=-1)  # to pycocotools, a prediction for an image without labels is a false one
    predictions, truth, visible, areas = (array[seen] for array in (predictions, truth, visible, areas))
    first_free = max((int(image) for image in image_ids), default=0) + 1
    image_ids = np.asarray(image_ids)[seen]
    finite = np.isfinite(predictions).all(axis=(1, 2), keepdims=True)
    predictions = np.where(finite, predictions, np.inf)  # an OKS of 0
    flags = np.where(visible > 0, 2, 0)
    annotations, detections = [], []
    for index, (image, pose, label, flag) in enumerate(zip(image_ids, predictions, truth, flags), start=1):
        shared = dict(image_id=int(image), category_id=1, area=float(areas[index - 1]), id=index, bbox=[0, 0, 1, 1])
        annotations.append(
            dict(
                shared, iscrowd=0, num_keypoints=int((flag > 0).sum()), keypoints=np.column_stack([label, flag]).ravel()
            )
        )
        detections.append(dict(shared, score=1.0, keypoints=np.column_stack([pose, np.full(len(pose), 2)]).ravel()))
    for image in range(first_free, first_free + num_unpredicted):
        keypoints = np.full((len(sigmas), 3), 2)  # that are compared with nothing
        shared = dict(image_id=image, category_id=1, area=1.0, id=len(annotations) + 1, bbox=[0, 0, 1, 1])
        annotations.append(dict(shared, iscrowd=0, num_keypoints=len(sigmas), keypoints=keypoints.ravel()))
    images = [dict(id=annotation['image_id']) for annotation in annotations]
    dataset = dict(images=images, categories=[dict(id=1, name='person')])
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth_set, detection_set = COCO(), COCO()
        for coco, entries in ((truth_set, annotations), (detection_set, detections)):
            coco.dataset = dict(dataset, annotations=entries)
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
    predictions: np.ndarray, truth: np.ndarray, visible: np.ndarray, image_ids: Sequence[int]
) -> float | None:
    """Mean distance between predicted and true movement of joints from one frame to the next.

    Args:
        predictions: (images, joints, 2) in px.
        truth: (images, joints, 2) in px.
        visible: (images, joints); a joint counts where it is above 0 in both frames.
        image_ids: Unique numbers in HuPR's counting, sequence * 100000 + frame, in any order. Frames are consecutive if
            their numbers are, within one sequence.

    Returns:
        px a frame, infinite with a prediction that is not finite; ``None`` if no joint is visible in two consecutive
        frames.
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


@METRICS.register_module()
class HuPRMetric(BaseMetric):
    """AP, AP50, AP75, AR, the AP of every joint, errors of position and velocity, and the limb motion explained.

    HuPR's protocol: COCO keypoint AP with HuPR's sigmas, the object's area half of its box, score 1 for every
    prediction. The AP of a joint restricts OKS to it; ``AP_wrist`` and the like are the mean of left and right, as
    papers print them. ``MPJPE_px`` is the mean distance over visible joints.
    ``MPJVE_px``, in px a frame, is the mean distance between predicted and true movement from one frame to the next,
    over joints that are visible in both, of all pairs of consecutive frames of a sequence: what jitter adds. It is left
    out where there is no such pair.

    ``motion_explained_{knee,ankle,elbow,wrist}`` is 1 - squared error / squared error of the mean training pose at true
    size, both relative to the middle of the hips: what is seen of a limb, where AP mostly tells how well the body's
    place is known. See :func:`~mmradar.evaluation.motion_explained`.

    Annotated frames without a prediction are misses in AP and AR, as HuPR's own code counts them: those that the data
    set left out, of which each sample of a sequence has the number in ``frames_left_out``, and those of which the
    loader made no sample. They have no distance. A prediction that is not finite, in position or score, finds nothing,
    and ``MPJPE_px`` is infinite with it, as is ``MPJVE_px`` with one in a pair. The log tells of both.

    Args:
        per_joint: Evaluate every joint by itself too.
        train_ann_file: Annotations that the mean training pose is of, in HuPR's layout. Without it, or without such a
            file (the log tells), the limb motion explained is left out.
        collect_device, prefix: As mmengine's ``BaseMetric``.

    Raises:
        ConfigError: There is nothing to evaluate, or poses in three dimensions or of other joints.
        DataError: No prediction is finite, a label is not, or two images have one number.
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

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Keep one batch's predictions and labels."""
        for sample in data_samples:
            truth, predicted = sample['gt_instances'], sample['pred_instances']
            joints = (len(self.dataset_meta['sigmas']), 2)
            found = [np.shape(instances['keypoints'])[1:] for instances in (truth, predicted)]
            if found != [joints] * 2 or 'areas' not in truth:
                raise ConfigError(
                    f'{type(self).__name__} compares {joints[0]} joints in px, as many as the metainfo of the data set '
                    f'has sigmas, with areas; found labels of shape {found[0]}, predictions of shape {found[1]}. For '
                    "three dimensions there is 'MPJPE'"
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
                    truth=np.asarray(truth['keypoints'][0], dtype=np.float64),
                    visible=np.asarray(truth['keypoints_visible'][0]),
                    area=float(truth['areas'][0]),
                )
            )

    def evaluate(self, size: int) -> dict[str, float]:
        """The metrics, once all batches are processed.

        Args:
            size: Samples of the data set.
        """
        self._size = size
        return super().evaluate(size)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """The metrics over all images."""
        without_sample = max(self._size - len(results), 0)
        # Padding of the last batch in distributed evaluation may repeat an image
        by_image = {result['image_id']: result for result in results}
        for result in results:
            image = result['image_id']
            if not np.array_equal(result['truth'], by_image[image]['truth'], equal_nan=True):
                raise DataError(
                    f'{type(self).__name__}: two samples with different labels have the number img_id={image}, by '
                    'which images are told apart; evaluate data sets that number alike one by one'
                )
        results = list(by_image.values())
        image_ids = [result['image_id'] for result in results]
        check_predictions(
            type(self).__name__, [result['finite'] for result in results], [f'image {image}' for image in image_ids]
        )
        unpredicted = self._unpredicted(results, without_sample)
        prediction, truth, visible, areas = (
            np.stack([result[key] for result in results]) for key in ('prediction', 'truth', 'visible', 'area')
        )
        sigmas = self.dataset_meta['sigmas']
        metrics = keypoint_average_precision(prediction, truth, visible, areas, sigmas, image_ids, unpredicted)
        if self.per_joint:
            names = self.dataset_meta['keypoint_id2name']
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
        return metrics

    def _motion_explained(self, prediction: np.ndarray, truth: np.ndarray, visible: np.ndarray) -> dict[str, float]:
        names = self.dataset_meta['keypoint_id2name']
        if self.train_ann_file is None or BodyFrame.of(names) is None:
            return {}
        if not Path(self.train_ann_file).is_file():
            print_log(
                f'{type(self).__name__}: how much of the limb motion is explained is left out, for there is no '
                f'{self.train_ann_file} to take the mean training pose from',
                'current',
                logging.WARNING,
            )
            return {}
        return motion_explained(prediction, truth, visible, mean_pose_of_file(self.train_ann_file, names), names)

    def _unpredicted(self, results: list[dict], without_sample: int) -> int:
        """Annotated frames without a prediction, of which the log is told."""
        by_sequence = {result['image_id'] // FRAMES_OF_ID: result['left_out'] for result in results}
        left_out = sum(by_sequence.values())
        unpredicted = left_out + without_sample
        if unpredicted:
            print_log(
                f'{type(self).__name__}: {unpredicted:,} of {len(results) + unpredicted:,} annotated frames have no '
                f'prediction and count as misses: {left_out:,} that the data set left out, {without_sample:,} that '
                'the loader did not come to',
                'current',
                logging.WARNING,
            )
        return unpredicted
