"""Models that predict all frames of a window."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from mmengine.model import BaseModel
from torch import Tensor


@runtime_checkable
class WindowPredictor(Protocol):
    """Model that may predict the poses of all frames of a window, such as ``RadarPoseEstimator``."""

    @property
    def predicts_windows(self) -> bool: ...

    def predict_window(self, inputs: Tensor, data_samples: list) -> tuple[Tensor, Tensor]: ...


def window_predictor(model: BaseModel) -> WindowPredictor | None:
    """Return a model as a predictor of whole windows, ``None`` if it predicts their key frames alone."""
    return model if isinstance(model, WindowPredictor) and model.predicts_windows else None
