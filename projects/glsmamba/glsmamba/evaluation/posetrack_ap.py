"""PoseTrack's average precision of joints, frame by frame, in poseval's definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

# A joint is found within this share of the head's size.
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
        truth_px: (G, 15, 2).
        annotated: (G, 15), which joints are.
        head_size_px: (G,), 0.6 times the diagonal of the head's box.
        predicted_px: (P, 15, 2). A joint that is predicted at no finite place is right nowhere.
        scores: (P, 15); NaN for a joint that is not predicted.
    """

    truth_px: Float[np.ndarray, 'G 15 2']
    annotated: Bool[np.ndarray, 'G 15']
    head_size_px: Float[np.ndarray, 'G']
    predicted_px: Float[np.ndarray, 'P 15 2']
    scores: Float[np.ndarray, 'P 15']

    def without(self, regions: Sequence[Float[np.ndarray, 'corners 2']]) -> FramePoses:
        """Without annotated and predicted joints inside polygons, and people that are left without any."""
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
    """Average precision of each of the 15 joints, and their mean, in percent.

    In each frame a prediction goes to the person of whom it finds the largest share of annotated joints, and of those
    that go to one person only the best stays; the others, and those that find none, count as false. A joint of the one
    that stays is right within half the head's size. Over all frames, a joint's predictions are sorted by score, and
    the area under precision, made monotone, over recall is its AP, as in Pascal VOC from 2010 on.

    Differences from poseval, in cases that PoseTrack does not have: a joint that is nowhere annotated has no AP and
    is left out of means (poseval counts 0 if it is nowhere predicted either), and equal scores keep their order.

    Args:
        frames: All frames with annotated people.

    Returns:
        (16,), NaN for joints that are nowhere annotated.
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
    """Which predicted joints of a frame are right; see :func:`posetrack_ap`."""
    right = np.zeros(frame.scores.shape, bool)
    if not len(frame.scores) or not len(frame.annotated):
        return right
    distance = np.linalg.norm(frame.predicted_px[:, None] - frame.truth_px[None], axis=-1)
    both = np.isfinite(frame.scores)[:, None] & frame.annotated[None]
    match = both & (distance <= THRESHOLD * frame.head_size_px[:, None])
    share = match.sum(axis=-1) / np.maximum(frame.annotated.sum(axis=-1), 1)
    # each prediction keeps its best person, then each person their best prediction; the first of equals
    best = share.argmax(axis=1)
    share[np.arange(share.shape[1])[None] != best[:, None]] = 0
    for person in range(share.shape[1]):
        guess = share[:, person].argmax()
        if share[guess, person] > 0:
            right[guess] = match[guess, person]
    return right


def average_precision(scores: Float[np.ndarray, 'n'], right: Bool[np.ndarray, 'n'], positives: int) -> float:
    """Area under monotone precision over recall, 0 to 1.

    Args:
        scores: Of predictions.
        right: Which of them are.
        positives: How many there are to find, at least 1.
    """
    order = np.argsort(scores, kind='stable')[::-1]
    hits = np.cumsum(right[order])
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0.0], hits / positives])
    return float((np.diff(recall) * precision).sum())


def poseval_ap(frames: Sequence[FramePoses]) -> Float[np.ndarray, '16']:
    """The same, computed by the package poseval (github.com/leonid-pishchulin/poseval).

    Raises:
        ImportError: poseval is not installed.
    """
    from poseval.evaluateAP import evaluateAP

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
    """People as in PoseTrack's files of 2017."""
    people = []
    for number, (joints, has) in enumerate(zip(points_px, there)):
        points = [
            dict(id=[int(i)], x=[float(joints[i, 0])], y=[float(joints[i, 1])])
            | ({} if scores is None else dict(score=[float(scores[number, i])]))
            for i in np.flatnonzero(has)
        ]
        people.append(dict(track_id=[number], annopoints=[dict(point=points)]))
    return people
