"""Average precision of joints in PoseTrack's frames, as poseval defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

# A joint is correct within this share of the head's size.
THRESHOLD = 0.5
# poseval's groups of its joints, see ``glsmamba.datasets.posetrack_files.POSETRACK17_JOINTS``.
GROUPS = {
    'Head': (12, 13, 14),
    'Shou': (8, 9),
    'Elb': (7, 10),
    'Wri': (6, 11),
    'Hip': (2, 3),
    'Knee': (1, 4),
    'Ankl': (0, 5),
}
NUM_JOINTS = 15


@dataclass(frozen=True, eq=False)
class FramePoses:
    """People annotated and predicted in one frame; coordinates in px of the image.

    Args:
        truth_px: Annotated joints, (G, 15, 2).
        annotated: Mask of the joints that are annotated, (G, 15).
        head_size_px: 0.6 times the diagonal of the head's box, (G,).
        predicted_px: Predicted joints, (P, 15, 2). A joint at a position that is not finite is never correct.
        scores: Scores of the predicted joints, (P, 15); NaN for a joint that is not predicted.
    """

    truth_px: Float[np.ndarray, 'G 15 2']
    annotated: Bool[np.ndarray, 'G 15']
    head_size_px: Float[np.ndarray, 'G']
    predicted_px: Float[np.ndarray, 'P 15 2']
    scores: Float[np.ndarray, 'P 15']

    def without(self, regions: Sequence[Float[np.ndarray, 'corners 2']]) -> FramePoses:
        """Return the poses without joints inside polygons, and without people who have no joints left."""
        if not regions:
            return self
        annotated = self.annotated & ~_inside(self.truth_px, regions)
        scores = np.where(_inside(self.predicted_px, regions), np.nan, self.scores)
        people, guesses = annotated.any(axis=1), np.isfinite(scores).any(axis=1)
        return FramePoses(
            self.truth_px[people],
            annotated[people],
            self.head_size_px[people],
            self.predicted_px[guesses],
            scores[guesses],
        )


def _inside(points: Float[np.ndarray, '*n 2'], regions: Sequence[np.ndarray]) -> Bool[np.ndarray, '*n']:
    flat = points.reshape(-1, 2).astype(float)
    found = [
        any(cv2.pointPolygonTest(np.asarray(region, np.float32), (x, y), False) > 0 for region in regions)
        for x, y in flat
    ]
    return np.array(found, bool).reshape(points.shape[:-1])


def posetrack_ap(frames: Sequence[FramePoses]) -> Float[np.ndarray, '16']:
    """Compute the average precision of each of the 15 joints, and their mean, in percent.

    In each frame, a prediction is matched to the person of whom it finds the largest share of annotated joints. Of the
    predictions matched to the same person, only the best remains; the others, and those that find no joint, count as
    false. A joint of a remaining prediction is correct within half the head's size. Over all frames, a joint's
    predictions are sorted by score; the area under precision, made monotone, over recall is its AP, as in Pascal VOC
    since 2010.

    Differences from poseval, in cases that do not occur in PoseTrack: a joint that is never annotated has no AP and is
    left out of means (poseval counts 0 if it is never predicted either), and predictions with equal scores keep their
    order.

    Args:
        frames: All frames with annotated people.

    Returns:
        (16,), NaN for joints that are never annotated.
    """
    found = [assign(frame) for frame in frames]
    ap = np.full(NUM_JOINTS + 1, np.nan)
    for joint in range(NUM_JOINTS):
        positives = sum(int(frame.annotated[:, joint].sum()) for frame in frames)
        scores = np.concatenate([np.zeros(0), *(frame.scores[:, joint] for frame in frames)])
        right = np.concatenate([np.zeros(0, bool), *(matches[:, joint] for matches in found)])
        predicted = np.isfinite(scores)
        if positives:
            ap[joint] = 100 * average_precision(scores[predicted], right[predicted], positives)
    if np.isfinite(ap[:NUM_JOINTS]).any():
        ap[NUM_JOINTS] = np.nanmean(ap[:NUM_JOINTS])
    return ap


def assign(frame: FramePoses) -> Bool[np.ndarray, 'P 15']:
    """Return the mask of the predicted joints of a frame that are correct; see :func:`posetrack_ap`."""
    right = np.zeros(frame.scores.shape, bool)
    if not len(frame.scores) or not len(frame.annotated):
        return right
    distance = np.linalg.norm(frame.predicted_px[:, None] - frame.truth_px[None], axis=-1)
    both = np.isfinite(frame.scores)[:, None] & frame.annotated[None]
    match = both & (distance <= THRESHOLD * frame.head_size_px[:, None])
    share = match.sum(axis=-1) / np.maximum(frame.annotated.sum(axis=-1), 1)
    # each prediction keeps its best person, then each person the best prediction; ties go to the first
    best = share.argmax(axis=1)
    share[np.arange(share.shape[1])[None] != best[:, None]] = 0
    for person in range(share.shape[1]):
        guess = share[:, person].argmax()
        if share[guess, person] > 0:
            right[guess] = match[guess, person]
    return right


def average_precision(scores: Float[np.ndarray, 'n'], right: Bool[np.ndarray, 'n'], positives: int) -> float:
    """Compute the area under monotone precision over recall, 0 to 1.

    Args:
        scores: Scores of the predictions.
        right: Mask of the correct predictions.
        positives: Number of annotated joints, at least 1.
    """
    order = np.argsort(scores, kind='stable')[::-1]
    hits = np.cumsum(right[order])
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0.0], hits / positives])
    return float((np.diff(recall) * precision).sum())


def poseval_ap(frames: Sequence[FramePoses]) -> Float[np.ndarray, '16']:
    """Compute the same as :func:`posetrack_ap` with the package poseval (github.com/leonid-pishchulin/poseval).

    Raises:
        ImportError: If poseval is not installed.
    """
    from poseval.evaluateAP import evaluateAP  # pyright: ignore[reportMissingImports]

    truth, predicted = [], []
    for frame in frames:
        truth.append(dict(seq_id=0, seq_name='all', annorect=_people(frame.truth_px, frame.annotated)))
        for person, head_size in zip(truth[-1]['annorect'], frame.head_size_px):
            person.update(x1=[0.0], y1=[0.0], x2=[float(head_size) / 0.6], y2=[0.0])
        people = _people(frame.predicted_px, np.isfinite(frame.scores), frame.scores)
        predicted.append(dict(seq_id=0, seq_name='all', annorect=people))
    with np.errstate(invalid='ignore'):
        ap, _, _ = evaluateAP(truth, predicted, None, False, False)
    return ap[:, 0]


def _people(points_px: np.ndarray, there: np.ndarray, scores: np.ndarray | None = None) -> list[dict]:
    """Return people in the form of PoseTrack's files of 2017."""
    people = []
    for number, (joints, has) in enumerate(zip(points_px, there)):
        points = [
            dict(id=[int(i)], x=[float(joints[i, 0])], y=[float(joints[i, 1])])
            | ({} if scores is None else dict(score=[float(scores[number, i])]))
            for i in np.flatnonzero(has)
        ]
        people.append(dict(track_id=[number], annopoints=[dict(point=points)]))
    return people
