"""Estimator that joins a backbone and a head."""

from __future__ import annotations

from jaxtyping import Float
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.interpolation import check_resolved
from mmradar.registry import MODELS


@MODELS.register_module()
class RadarPoseEstimator(BasePoseEstimator):
    """Estimator of poses from windows of radar heatmaps.

    Args:
        backbone: Encoder of (batch, frames, views, channels, angle, Doppler, range).
        head: Decoder with losses.
        neck, train_cfg, test_cfg, data_preprocessor, metainfo, init_cfg: See mmpose's ``BasePoseEstimator``.

    Raises:
        ConfigError: References ``${...}`` are left in the configuration.
    """

    def __init__(self, **settings) -> None:
        check_resolved(settings, 'model')
        super().__init__(**settings)

    def loss(self, inputs: Tensor, data_samples: list) -> dict[str, Tensor]:
        """Return the losses of a batch."""
        return self.head.loss(self.extract_feat(inputs), data_samples, train_cfg=self.train_cfg)

    def predict(self, inputs: Tensor, data_samples: list) -> list:
        """Return the samples, each with ``pred_instances`` of its key frame, in px or m."""
        predictions = self.head.predict(self.extract_feat(inputs), data_samples, test_cfg=self.test_cfg)
        for sample, prediction in zip(data_samples, predictions, strict=True):
            sample.pred_instances = prediction
        return data_samples

    @property
    def predicts_windows(self) -> bool:
        """True if the head predicts all frames of a window, not its key frame alone."""
        return hasattr(self.head, 'predict_window') and not self.head.key_frame_only

    def predict_window(
        self, inputs: Tensor, data_samples: list
    ) -> tuple[Float[Tensor, 'batch frames joints dims'], Float[Tensor, 'batch frames joints']]:
        """Return keypoints of all frames of each window, in px or m, and their scores.

        :meth:`predict` returns the key frame's.

        Raises:
            ConfigError: The head decodes the key frame alone.
        """
        if not self.predicts_windows:
            raise ConfigError(f'{type(self.head).__name__} predicts the key frame alone, not all frames of a window')
        return self.head.predict_window(self.extract_feat(inputs), data_samples)
