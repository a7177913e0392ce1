"""Estimator of actions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from mmengine.model import BaseModel
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from hummuss.models.estimators.inputs import clips, features_of
from mmradar.errors import ConfigError, DataError
from mmradar.registry import MODELS


def nearest_exemplar(
    embeddings: Float[Tensor, 'batch dims'], exemplars: Float[Tensor, 'classes dims'], labels: Int[Tensor, 'classes']
) -> Int[Tensor, 'batch']:
    """Return the label of the exemplar with the largest cosine similarity, for one-shot recognition."""
    return labels[(normalize(embeddings, dim=-1) @ normalize(exemplars, dim=-1).T).argmax(-1)]


@MODELS.register_module()
class HumMUSSActionRecognizer(BaseModel):
    """Estimator of actions from clips of one or more persons (HumMUSS, section on action recognition).

    Args:
        backbone: Configuration of the ``HumMUSS`` backbone.
        head: Configuration of an ``ActionHead`` (logits, trained by cross-entropy) or an ``EmbeddingHead`` (one-shot
            recognition, trained by ``loss``).
        loss: Configuration of a loss of (embeddings, labels), such as ``SupConLoss``. Cross-entropy by default.
        label_smoothing: Label smoothing of the cross-entropy.
        data_preprocessor: See mmengine's ``BaseModel``.

    Raises:
        ConfigError: A head without classes has no loss, or one with classes has.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        loss: dict | None = None,
        label_smoothing: float = 0.0,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = MODELS.build({'type': 'HumMUSS', **backbone})
        sizes = dict(in_channels=self.backbone.embed_dims, num_joints=self.backbone.num_joints)
        self.head = MODELS.build({**sizes, **head})
        self.loss_module = None if loss is None else MODELS.build(loss)
        self.label_smoothing = label_smoothing
        if hasattr(self.head, 'num_classes') == (self.loss_module is not None):
            raise ConfigError(
                'HumMUSSActionRecognizer takes an ActionHead, which is trained by cross-entropy, or an EmbeddingHead '
                f"and a loss such as dict(type='SupConLoss'); found head {head.get('type')} and loss {loss}"
            )

    def _outputs(self, inputs: Tensor | Sequence[Tensor], data_samples: Sequence | None) -> Tensor:
        found = clips(inputs)
        samples = data_samples or [None] * len(found)
        persons = [clip if clip.ndim == 4 else clip[None] for clip in found]  # persons, frames, joints, channels
        flat = [person for clip in persons for person in clip]
        owners = [sample for clip, sample in zip(persons, samples, strict=True) for _ in clip]
        features = iter(features_of(self.backbone, flat, owners))
        clip_features = [torch.stack([next(features) for _ in clip]) for clip in persons]
        return torch.cat([self.head(feature[None]) for feature in clip_features])

    def forward(
        self, inputs: Tensor | Sequence[Tensor], data_samples: Sequence | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list | Tensor:
        """Compute losses, predictions or the head's outputs.

        Args:
            inputs: A batch or list of (frames, joints, channels) or (persons, frames, joints, channels).
            data_samples: One data sample for each clip; losses need an integer ``gt_label`` in each.
            mode: ``'loss'``, ``'predict'`` (samples with ``pred_score`` and ``pred_label``, or ``pred_embedding``) or
                ``'tensor'`` (logits or embeddings).

        Raises:
            ValueError: The mode is unknown, or the shapes do not match.
            DataError: Joints are NaN or infinite, or a sample's label is missing or out of range.
        """
        if mode not in ('loss', 'predict', 'tensor'):
            raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', found {mode!r}")
        outputs = self._outputs(inputs, data_samples)
        if mode == 'tensor':
            return outputs
        if data_samples is None:
            raise ValueError(f'HumMUSSActionRecognizer: mode {mode!r} needs data_samples')
        classes = getattr(self.head, 'num_classes', None)
        if mode == 'loss':
            labels = torch.tensor([_label(sample, classes) for sample in data_samples], device=outputs.device)
            if self.loss_module is not None:
                return dict(loss_action=self.loss_module(outputs, labels))
            loss = cross_entropy(outputs, labels, label_smoothing=self.label_smoothing)
            return dict(loss_action=loss, accuracy=(outputs.argmax(-1) == labels).float().mean())
        for sample, output in zip(data_samples, outputs.detach(), strict=True):
            if classes is None:
                sample.set_field(output, 'pred_embedding')
            else:
                sample.set_field(output.softmax(-1), 'pred_score')
                sample.set_field(int(output.argmax()), 'pred_label')
        return list(data_samples)


def _label(sample: object, classes: int | None) -> int:
    label = getattr(sample, 'gt_label', None)
    if label is None:
        raise DataError('HumMUSSActionRecognizer: a data sample has no gt_label to train on')
    label = int(label)
    if classes is not None and not 0 <= label < classes:
        raise DataError(f'HumMUSSActionRecognizer: label {label} is not one of the {classes} classes of the head')
    return label
