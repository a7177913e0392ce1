"""Poses of recordings as means over neighbouring windows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import DataLoader

from mmradar.apis.evaluation import evaluation_mode
from mmradar.apis.window_predictor import window_predictor
from mmradar.errors import ConfigError
from mmradar.models.heads.pose_instances import pose_instances


class _Window(NamedTuple):
    """Prediction of one window: its first frame, and keypoints and scores of its frames."""

    first: int
    keypoints: Tensor
    scores: Tensor


def averaged_predictions(
    model: BaseModel, loader: DataLoader, key_index: int, windows: int
) -> Iterator[tuple[dict[str, list[Tensor]], list[Any]]]:
    """Yield the key frames of a loader, each with the mean of its poses over the windows around it.

    A model that predicts all frames of a window predicts each frame as often as windows contain it. The mean over
    several windows is more accurate and calmer than the prediction of the window with the frame as its key frame.

    Args:
        model: A model that predicts all frames of a window.
        loader: Windows whose key frames ascend by one within a sequence. Where they do not, another sequence begins.
        key_index: Number of the key frame in a window.
        windows: Number of windows around a frame, at most those that contain it. A frame near an end of its sequence
            has fewer.

    Yields:
        The key frame's window as a batch of one (``inputs``), and a list with its ``PoseDataSample``, whose
        ``pred_instances`` hold the mean.

    Raises:
        ConfigError: The model predicts the key frame alone, or ``windows`` is not positive.
    """
    if windows < 1:
        raise ConfigError(f'average must be at least 1 window, found {windows}')
    predictor = window_predictor(model)
    if predictor is None:
        raise ConfigError('the model predicts the key frame of a window alone, so that there is nothing to average')
    after = (windows - 1) // 2  # windows whose key frame is a later frame
    before = windows - 1 - after
    found: deque[_Window] = deque(maxlen=windows)
    waiting: deque[tuple[Tensor, Any]] = deque()  # frames whose later windows are not yet predicted

    def mean_of(inputs: Tensor, sample: Any) -> tuple[dict[str, list[Tensor]], list[Any]]:
        around = [window for window in found if window.first + key_index >= sample.frame - before]
        inside = [
            (window, sample.frame - window.first)
            for window in around
            if 0 <= sample.frame - window.first < len(window.keypoints)
        ]
        keypoints = torch.stack([window.keypoints[place] for window, place in inside])
        scores = torch.stack([window.scores[place] for window, place in inside])
        (sample.pred_instances,) = pose_instances(keypoints.mean(0, keepdim=True), scores.mean(0, keepdim=True))
        return dict(inputs=[inputs]), [sample]

    last = None
    for batch in loader:
        with torch.no_grad(), evaluation_mode(model):
            data = model.data_preprocessor(batch, False)
            keypoints, scores = predictor.predict_window(**data)
        for heatmaps, sample, *prediction in zip(batch['inputs'], data['data_samples'], keypoints, scores):
            if last is not None and sample.frame != last + 1:
                while waiting:
                    yield mean_of(*waiting.popleft())
                found.clear()
            last = sample.frame
            found.append(_Window(sample.frame - key_index, *prediction))
            waiting.append((heatmaps, sample))
            if len(waiting) > after:
                yield mean_of(*waiting.popleft())
    while waiting:
        yield mean_of(*waiting.popleft())
