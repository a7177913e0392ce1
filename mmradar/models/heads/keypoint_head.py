"""Base class of heads whose outputs a codec turns into keypoints."""

from __future__ import annotations

from abc import abstractmethod

import torch
from jaxtyping import Float
from mmengine.structures import InstanceData
from mmpose.models.heads import BaseHead
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.heads.pose_instances import pose_instances
from mmradar.models.losses import weighted_mean
from mmradar.registry import KEYPOINT_CODECS, MODELS
from mmradar.structures import CoordinateBounds, PoseLabels, key_indices


class KeypointHead(BaseHead):
    """Base class of heads that predict raw outputs for each joint, which a codec turns into keypoints.

    Subclasses define ``forward`` and set ``key_frame_only``, whether they decode the key frame alone or all frames. The
    prediction is the key frame's. The samples state which frame that is, the size of the image or the volume, and the
    joints' sigmas.

    Args:
        num_keypoints: Joints J.
        num_frames: Frames T of a window, which the labels must have too; not checked by default.
        codec: Configuration of a codec of :mod:`mmradar.codecs`, which defines what an output means. Two coordinates by
            default.
        losses: Configuration of each loss of decoded keypoints, by name; ``oks`` is logged as ``loss_oks``. ``None``
            removes an inherited loss.
        target_losses: Configuration of each loss in the codec's space, by name. These losses take raw outputs, targets
            and the joints' weights, like mmpose's.

    Raises:
        ConfigError: Losses of keypoints with a codec that has no gradient.
    """

    key_frame_only: bool = False

    def __init__(
        self,
        num_keypoints: int,
        num_frames: int | None = None,
        codec: dict | None = None,
        losses: dict[str, dict | None] | None = None,
        target_losses: dict[str, dict | None] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if losses is None:
            losses = dict(oks=dict(type='OKSLoss'), velocity=dict(type='VelocityLoss', loss_weight=0.05))
        self.num_keypoints, self.num_frames = num_keypoints, num_frames
        self.score_loss: nn.Module | None = None  # set by heads whose outputs_and_scores returns scores
        self.codec = KEYPOINT_CODECS.build({'type': 'CoordinateCodec', **(codec or {})})
        self.losses, self.target_losses = (
            nn.ModuleDict({name: MODELS.build(loss) for name, loss in group.items() if loss is not None})
            for group in (losses, target_losses or {})
        )
        if self.losses and not self.codec.differentiable:
            raise ConfigError(
                f'{type(self).__name__}.losses are of decoded keypoints, to which {type(self.codec).__name__} has no '
                'gradient: set losses=dict(), and train with target_losses'
            )

    @abstractmethod
    def forward(self, feats: tuple[Tensor, ...]) -> Float[Tensor, 'batch frames joints *shape']:
        """Return the raw outputs for every joint of every decoded frame, which the codec interprets."""

    def outputs_and_scores(
        self, feats: tuple[Tensor, ...]
    ) -> tuple[Float[Tensor, 'batch frames joints *shape'], Float[Tensor, 'batch frames joints'] | None]:
        """Return the raw outputs and the logits of the joints' scores; ``None`` if the codec defines the scores."""
        return self.forward(feats), None

    def predict(
        self, feats: tuple[Tensor, ...], batch_data_samples: list, test_cfg: dict | None = None
    ) -> list[InstanceData]:
        """Return the key frame's keypoints of each sample, in px or m, in the format of mmpose's heads."""
        keypoints, scores = self.predict_window(feats, batch_data_samples)
        keys = 0 if self.key_frame_only else key_indices(batch_data_samples, keypoints.device)
        samples = torch.arange(len(keypoints), device=keypoints.device)
        return pose_instances(keypoints[samples, keys], scores[samples, keys])

    def predict_window(
        self, feats: tuple[Tensor, ...], batch_data_samples: list
    ) -> tuple[Float[Tensor, 'batch frames joints dims'], Float[Tensor, 'batch frames joints']]:
        """Return the keypoints of all decoded frames, in px or m, and their scores."""
        outputs, score_logits = self.outputs_and_scores(feats)
        encoded = self.codec.activate(outputs.float())
        keypoints, scores = self.codec.decode(encoded, CoordinateBounds.of(batch_data_samples, encoded))
        return keypoints, scores if score_logits is None else score_logits.float().sigmoid()

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: list, train_cfg: dict | None = None
    ) -> dict[str, Tensor]:
        """Return the configured losses over the decoded frames, and the error in px or m for the log."""
        outputs, score_logits = self.outputs_and_scores(feats)
        outputs = outputs.float()
        labels = PoseLabels.of(batch_data_samples, outputs, self.num_keypoints, self.num_frames)
        if self.key_frame_only:
            labels = labels.of_key_frame()
        keypoints, _ = self.codec.decode(self.codec.activate(outputs), labels.bounds)
        losses = {f'loss_{name}': loss(keypoints, labels) for name, loss in self.losses.items()}
        if self.target_losses:
            target, weight = self.codec.encode(labels)
            losses |= {f'loss_{name}': loss(outputs, target, weight) for name, loss in self.target_losses.items()}
        if self.score_loss is not None and score_logits is not None:
            losses['loss_score'] = self.score_loss(score_logits.float(), keypoints, labels)
        with torch.no_grad():
            error = (keypoints - labels.keypoints).norm(dim=-1)
            losses[f'mpjpe_{labels.bounds.unit}'] = weighted_mean(error, labels.weight)
        return losses
