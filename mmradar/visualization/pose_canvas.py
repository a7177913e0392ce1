"""Pictures of skeletons and heatmaps, drawn fast enough for videos and live pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, UInt8

_BACKGROUND = (28, 20, 16)  # OpenCV's order: blue, green, red
_TEXT = (200, 190, 180)
_TRUTH = (150, 150, 150)


class PoseCanvas:
    """Canvas for frame after frame, with skeletons on the left and a column of heatmaps on the right.

    Args:
        dataset_meta: Metainfo as in mmpose's data sets, with ``skeleton_links`` and ``skeleton_link_colors``.
        image_size: (width, height) in px of the image that keypoints refer to.
        views: Names of the radars. A view named ``vert`` is drawn from the side, with range to the right and height
            upwards; others are drawn from above, with range upwards.
        height_px: Height of the picture; an even number, as video encoders require.
    """

    def __init__(
        self,
        dataset_meta: Mapping[str, Any] | None,
        image_size: tuple[float, float] = (256, 256),
        views: Sequence[str] = (),
        height_px: int = 512,
    ) -> None:
        meta = dataset_meta or {}
        self._links = [tuple(link) for link in meta.get('skeleton_links', [])]
        colours = np.asarray(meta.get('skeleton_link_colors', np.full((len(self._links), 3), 255)))
        self._colours = [tuple(int(value) for value in colour[::-1]) for colour in colours]
        self.views = tuple(views)
        self._scale = height_px / image_size[1]
        self._height, self._width = height_px, _even(image_size[0] * self._scale)
        self._panel = _even(height_px / max(2, len(self.views))) if self.views else 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the pictures, in px."""
        return self._width + self._panel, self._height

    def draw(
        self,
        poses: Iterable[Float[np.ndarray, 'joints 2']],
        heatmaps: Sequence[Float[np.ndarray, 'channels angle doppler range']] = (),
        truth: Iterable[Float[np.ndarray, 'joints 2']] = (),
        caption: str = '',
        scores: Iterable[Float[np.ndarray, 'joints']] = (),
    ) -> UInt8[np.ndarray, 'height width 3']:
        """Draw one picture and return it as RGB.

        Args:
            poses: Keypoints of each person, in px.
            heatmaps: Heatmap of each view, as a network takes it.
            truth: Keypoints of the true poses, in px; drawn thin and grey.
            caption: Text at the bottom of the picture.
            scores: Scores of the keypoints of each person, 0 to 1: the lower the score of its less certain joint, the
                dimmer is a bone. All are bright if there are none.
        """
        picture = np.full((self._height, self._width + self._panel, 3), _BACKGROUND, np.uint8)
        for keypoints in truth:
            self._skeleton(picture, keypoints, [_TRUTH] * len(self._links), 1)
        for keypoints, certain in zip_longest(poses, scores):
            self._skeleton(picture, keypoints, self._colours, max(2, self._height // 128), certain)
        for number, (view, heatmap) in enumerate(zip(self.views, heatmaps)):
            top = number * self._panel
            panel = picture[top : top + self._panel, self._width :]
            panel[:] = _coloured(heatmap, view, panel.shape[1], panel.shape[0])
            _write(panel, view, (6, 16))
        if caption:
            _write(picture, caption, (8, self._height - 10))
        return picture[..., ::-1].copy()

    def _skeleton(
        self,
        picture: np.ndarray,
        keypoints: np.ndarray,
        colours: Sequence[tuple],
        thickness: int,
        scores: np.ndarray | None = None,
    ) -> None:
        scores = np.ones(len(keypoints)) if scores is None else np.asarray(scores)
        points = np.asarray(keypoints, float) * self._scale
        finite = np.isfinite(points).all(axis=-1)
        # clipped, as coordinates far outside would overflow in OpenCV
        pixels = [tuple(int(value) for value in np.clip(np.nan_to_num(point), -1e4, 1e4).round()) for point in points]
        panel = picture[:, : self._width]
        for (start, stop), colour in zip(self._links, colours):
            if finite[start] and finite[stop]:
                colour = _dimmed(colour, min(scores[start], scores[stop]))
                cv2.line(panel, pixels[start], pixels[stop], colour, thickness, cv2.LINE_AA)
        for joint in np.flatnonzero(finite):
            colour = _dimmed(_brighter(colours), scores[joint])
            cv2.circle(panel, pixels[joint], thickness, colour, -1, cv2.LINE_AA)


def heatmap_level(
    heatmap: Float[np.ndarray, 'channels angle doppler range'],
) -> Float[np.ndarray, 'angle range']:
    """Return the strength of each cell in its strongest Doppler bin, from 0 (median and below) to 1 (peak).

    A single channel is taken as the strength, a magnitude or its logarithm; of several channels, the logarithm of their
    magnitude is taken.
    """
    heatmap = np.asarray(heatmap, np.float32)
    level = heatmap[0] if len(heatmap) == 1 else np.log(np.square(heatmap).sum(axis=0) + 1e-12)
    level = level.max(axis=1)
    floor, peak = np.median(level), level.max()
    return np.clip((level - floor) / max(peak - floor, 1e-6), 0, 1)


def _coloured(heatmap: np.ndarray, view: str, width: int, height: int) -> np.ndarray:
    # a target on the side of the last antenna, to the right or above, is in the low angle bins
    level = heatmap_level(heatmap)
    level = level if view == 'vert' else level[::-1, ::-1].T
    grey = (255 * level).astype(np.uint8)
    return cv2.applyColorMap(cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR), cv2.COLORMAP_INFERNO)


def _write(picture: np.ndarray, text: str, place: tuple[int, int]) -> None:
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _TEXT, 1, cv2.LINE_AA)


def _dimmed(colour: Sequence[int], score: float) -> tuple[int, ...]:
    """Return a colour as it is at score 1, a fifth of it over the background at score 0."""
    share = 0.2 + 0.8 * float(np.clip(np.nan_to_num(score), 0, 1))
    return tuple(round(share * value + (1 - share) * behind) for value, behind in zip(colour, _BACKGROUND))


def _brighter(colours: Sequence[tuple]) -> tuple[int, int, int]:
    return (255, 255, 255) if not colours or colours[0] != _TRUTH else _TRUTH


def _even(value: float) -> int:
    return 2 * round(value / 2)
