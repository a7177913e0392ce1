"""Metric of mmengine that computes PoseTrack's AP."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from glsmamba.datasets.posetrack_files import POSETRACK17_JOINTS, POSETRACK_KEYPOINTS, read_posetrack
from glsmamba.evaluation.pose_nms import kept_poses
from glsmamba.evaluation.posetrack_ap import GROUPS, FramePoses, posetrack_ap, poseval_ap
from mmradar.errors import ConfigError, DataError
from mmradar.evaluation.arrays import float64_array
from mmradar.evaluation.misses import check_predictions, check_truth
from mmradar.registry import METRICS

IMPLEMENTATIONS = ('auto', 'poseval', 'own')
SCORES = ('keypoint', 'keypoint_times_bbox')
# Replacement for a score that is not finite: such a prediction is false and ranks before all others.
_HIGHEST = np.finfo(np.float64).max


@METRICS.register_module()
class PoseTrackAP(BaseMetric):
    """AP of head, shoulder, elbow, wrist, hip, knee and ankle, and the mean over all joints, in percent.

    The definition is poseval's, see :func:`~glsmamba.evaluation.posetrack_ap.posetrack_ap`. Samples are grouped by
    ``img_id`` into frames. The metric reads ``keypoints`` (n, J, 2) and ``keypoint_scores`` (n, J) of
    ``pred_instances`` and, without ``ann_file``, ``keypoints``, ``keypoints_visible`` and ``head_size`` of
    ``gt_instances``: then only frames and people with a sample count, which suits ``SyntheticVideoPoseDataset``.
    Figures that are compared with published ones need ``ann_file``, which also contains the regions to ignore.

    A pose whose position or score is not finite counts as a false prediction; the log reports how many there are.

    Poses from detected boxes may find the same person twice. With ``nms_thr``, only the best of such poses count, see
    :func:`~glsmamba.evaluation.pose_nms.kept_poses`; PoseTrack's ears, which have no labels, do not count for it.

    Args:
        ann_file: Annotations of PoseTrack, a file or a folder.
        year: Year of the annotations.
        implementation: ``'poseval'``, ``'own'``, or ``'auto'``: poseval if it is installed.
        score: Score of a joint: ``'keypoint'``, its own, or ``'keypoint_times_bbox'``, its own times its box's.
        nms_thr: Object keypoint similarity (OKS), 0 to 1, above which the lower-ranked of two poses is left out; mmpose
            has 0.9 for detected boxes. ``None`` keeps all poses, which suits annotated boxes.
        collect_device, prefix: See mmengine's ``BaseMetric``.

    Raises:
        ConfigError: If an argument is unknown or out of its range, poseval is requested and not installed, the data
            set's joints are not PoseTrack's, or there is nothing to evaluate.
        DataError: If no prediction is finite, a label is not finite, a prediction is of an unknown image, or a person
            has no head size.
    """

    default_prefix = 'posetrack'

    def __init__(
        self,
        ann_file: str | None = None,
        year: int | None = None,
        implementation: str = 'auto',
        score: str = 'keypoint',
        nms_thr: float | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if implementation not in IMPLEMENTATIONS:
            raise ConfigError(f'implementation must be one of {", ".join(IMPLEMENTATIONS)}, found {implementation!r}')
        if score not in SCORES:
            raise ConfigError(f'score must be one of {", ".join(SCORES)}, found {score!r}')
        if nms_thr is not None and not 0 <= nms_thr <= 1:
            raise ConfigError(f'nms_thr must be an OKS from 0 to 1, or None, found {nms_thr!r}')
        if (ann_file is None) != (year is None):
            raise ConfigError(f'ann_file and year go together, found ann_file={ann_file!r}, year={year!r}')
        installed = importlib.util.find_spec('poseval') is not None
        if implementation == 'poseval' and not installed:
            raise ConfigError(
                'poseval is not installed; pip install git+https://github.com/leonid-pishchulin/poseval, '
                "or set implementation='own', which computes the same"
            )
        self.ann_file, self.year, self.score, self.nms_thr = ann_file, year, score, nms_thr
        self.uses_poseval = implementation == 'poseval' or (implementation == 'auto' and installed)

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Store one batch's predictions, and their labels if there is no annotation file."""
        for sample in data_samples:
            predicted = sample['pred_instances']
            keypoints, scores = float64_array(predicted['keypoints']), float64_array(predicted['keypoint_scores'])
            if self.score == 'keypoint_times_bbox':
                scores = scores * _box_scores(sample)[:, None]
            finite = np.isfinite(keypoints).all(axis=(1, 2)) & np.isfinite(scores).all(axis=1)
            keypoints = np.where(finite[:, None, None], keypoints, np.inf)
            scores = np.where(np.isfinite(scores), scores, _HIGHEST)
            order = self._order(keypoints.shape[1])
            result = dict(
                img_id=sample['img_id'], keypoints=keypoints[:, order, :2], scores=scores[:, order], finite=finite
            )
            if self.nms_thr is not None:
                areas = float64_array(sample['gt_instances']['bbox_scales']).prod(axis=-1)  # of the crops, as in mmpose
                result |= dict(box_scores=_box_scores(sample), areas=areas.reshape(-1))
            if self.ann_file is None:
                labels = sample['gt_instances']
                if 'head_size' not in labels:
                    raise DataError(f'image {sample["img_id"]}: gt_instances has no head_size; is it of PoseTrack?')
                result |= dict(
                    truth=float64_array(labels['keypoints'])[:, order],
                    annotated=float64_array(labels['keypoints_visible']).reshape(len(keypoints), -1)[:, order] > 0,
                    head_size=float64_array(labels['head_size']).reshape(-1),
                )
            self.results.append(result)

    def _order(self, num_keypoints: int) -> list[int]:
        """Return the indices of poseval's 15 joints among the model's."""
        numbers = (self.dataset_meta or {}).get('keypoint_name2id', {})
        if not numbers and num_keypoints == len(POSETRACK_KEYPOINTS):
            numbers = {name: index for index, name in enumerate(POSETRACK_KEYPOINTS)}
        missing = [name for name in POSETRACK17_JOINTS if name not in numbers]
        if missing:
            raise ConfigError(
                f'PoseTrackAP needs joints named as PoseTrack names them; of {num_keypoints} joints there is no '
                f'{missing[0]!r} in the meta information of the data set'
            )
        return [numbers[name] for name in POSETRACK17_JOINTS]

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute AP over all frames."""
        name = type(self).__name__
        finite = np.concatenate([np.zeros(0, bool), *(result['finite'] for result in results)])
        check_predictions(name, finite, [f'image {result["img_id"]}' for result in results for _ in result['finite']])
        by_image: dict = {}
        for result in results:
            by_image.setdefault(result['img_id'], []).append(result)
        if self.nms_thr is not None:
            by_image = {img_id: self._without_duplicates(found, self.nms_thr) for img_id, found in by_image.items()}
        if self.ann_file is None or self.year is None:  # they go together
            frames = self._frames_of_samples(by_image)
        else:
            frames = self._frames_of_file(by_image, self.ann_file, self.year)
        check_truth(
            name,
            [bool(np.isfinite(frame.truth_px[frame.annotated]).all()) for frame in frames],
            [f'frame {index}' for index in range(len(frames))],
        )
        ap = (poseval_ap if self.uses_poseval else posetrack_ap)(frames)
        with np.errstate(invalid='ignore'):
            metrics = {
                f'{name} AP': float(np.nanmean(ap[list(joints)])) if np.isfinite(ap[list(joints)]).any() else np.nan
                for name, joints in GROUPS.items()
            }
        return metrics | {'AP': float(ap[-1])}

    def _without_duplicates(self, found: list[dict], nms_thr: float) -> list[dict]:
        """Return a frame's results without the predictions that a better one resembles."""
        sigmas = (self.dataset_meta or {}).get('sigmas')
        if sigmas is None:
            raise ConfigError(
                'PoseTrackAP: nms_thr needs the sigmas of the joints in the meta information of the data set'
            )
        sigmas = np.asarray(sigmas)[self._order(len(sigmas))]
        keypoints, scores, box_scores, areas = (
            np.concatenate([result[key] for result in found]) for key in ('keypoints', 'scores', 'box_scores', 'areas')
        )
        keep = kept_poses(keypoints, scores, box_scores, areas, sigmas, nms_thr)
        parts = np.split(keep, np.cumsum([len(result['keypoints']) for result in found])[:-1])
        return [
            result | dict(keypoints=result['keypoints'][part], scores=result['scores'][part])
            for result, part in zip(found, parts)
        ]

    @staticmethod
    def _frames_of_samples(by_image: dict) -> list[FramePoses]:
        frames = []
        for img_id, found in by_image.items():
            truth, annotated, head_size, keypoints, scores = (
                np.concatenate([result[key] for result in found])
                for key in ('truth', 'annotated', 'head_size', 'keypoints', 'scores')
            )
            frames.append(FramePoses(truth, annotated, _checked(head_size, img_id), keypoints, scores))
        return frames

    @staticmethod
    def _frames_of_file(by_image: dict, ann_file: str, year: int) -> list[FramePoses]:
        frames, known, missed = [], set(), 0
        for video in read_posetrack(ann_file, year):
            for frame in video.frames:
                known.add(frame.id)
                if not frame.people:  # poseval leaves such frames out, including their false predictions
                    continue
                found = by_image.get(frame.id, [])
                missed += not found
                joints = [POSETRACK_KEYPOINTS.index(name) for name in POSETRACK17_JOINTS]
                annotated = np.stack([person.annotated[joints] for person in frame.people])
                head_size = np.array([person.head_size_px for person in frame.people])
                _checked(head_size[annotated.any(axis=1)], frame.file_name)
                poses = FramePoses(
                    np.stack([person.keypoints_px[joints] for person in frame.people]),
                    annotated,
                    head_size,
                    np.concatenate([np.zeros((0, len(joints), 2)), *(result['keypoints'] for result in found)]),
                    np.concatenate([np.zeros((0, len(joints))), *(result['scores'] for result in found)]),
                )
                frames.append(poses.without(frame.ignore_regions))
        if strangers := set(by_image) - known:
            raise DataError(
                f'PoseTrackAP: {ann_file} has no image {next(iter(strangers))!r}; are data set and metric '
                'of the same annotations?'
            )
        if missed:
            print_log(
                f'PoseTrackAP: {missed} of {len(frames)} frames with people have no prediction; these people count as '
                'missed. A part of the data set (indices=...) needs a metric without ann_file',
                'current',
                logging.WARNING,
            )
        return frames


def _box_scores(sample: dict) -> np.ndarray:
    predicted = sample['pred_instances']
    boxes = predicted if 'bbox_scores' in predicted else sample['gt_instances']
    return float64_array(boxes['bbox_scores']).reshape(-1)


def _checked(head_size: np.ndarray, where: object) -> np.ndarray:
    if not (np.isfinite(head_size) & (head_size > 0)).all():
        raise DataError(f"image {where}: a person has no head box, whose size is AP's unit")
    return head_size
