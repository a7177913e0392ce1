"""Estimator of human meshes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from torch import Tensor

from hummuss.models.estimators.inputs import clips, features_of
from mmradar.errors import ConfigError, DataError
from mmradar.registry import MODELS

FIELDS = ('joints', 'rotations', 'betas')


@MODELS.register_module()
class HumMUSSMeshRecoverer(BaseModel):
    """Estimator of a body model's parameters from clips of 2D poses (HumMUSS, section on mesh recovery).

    The losses are the mean distance of joints, the mean squared errors of rotation matrices and shape parameters, and
    the mean distance of some vertices. All weights are our choice.

    Args:
        backbone: Configuration of the ``HumMUSS`` backbone.
        head: Configuration of the ``MeshHead`` with its body model; ``in_channels`` and ``num_joints`` are filled in.
        joint_weight: Factor on the joint error, which is in m.
        rotation_weight: Factor on the rotation error.
        shape_weight: Factor on the shape error.
        vertex_weight: Factor on the vertex error, which is in m. It needs rotations and shape as labels.
        num_vertices: Number of vertices of the vertex error, evenly spaced in the body's list of them: all would take
            most of the time of a training.
        data_preprocessor: See mmengine's ``BaseModel``.

    Raises:
        ConfigError: ``num_vertices`` is not between 1 and the number of the body's vertices.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        joint_weight: float = 5.0,
        rotation_weight: float = 1.0,
        shape_weight: float = 1e-3,
        vertex_weight: float = 0.0,
        num_vertices: int = 400,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = MODELS.build({'type': 'HumMUSS', **backbone})
        sizes = dict(in_channels=self.backbone.embed_dims, num_joints=self.backbone.num_joints)
        self.head = MODELS.build({'type': 'MeshHead', **sizes, **head})
        self.weights = dict(zip(FIELDS, (joint_weight, rotation_weight, shape_weight)))
        self.vertex_weight = vertex_weight
        total = len(self.head.body.mean_vertices)
        if vertex_weight and not 1 <= num_vertices <= total:
            raise ConfigError(f'HumMUSSMeshRecoverer.num_vertices must be 1 to {total}, found {num_vertices}')
        self.register_buffer('chosen', torch.linspace(0, total - 1, num_vertices).long(), persistent=False)

    def forward(
        self, inputs: Tensor | Sequence[Tensor], data_samples: Sequence | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list:
        """Compute losses, predictions, or the head's outputs.

        Args:
            inputs: A batch or list of (frames, joints, channels).
            data_samples: One data sample for each clip. Losses use those of the following that are present in
                ``gt_instance_labels``, for a body of J joints: ``rotations`` (frames, J, 3, 3), ``joints`` (frames, J,
                3) in m relative to the root, and ``betas`` (frames, S).
            mode: ``'loss'``, ``'predict'`` (samples with ``pred_instances`` of the same fields) or ``'tensor'`` (the
                head's dictionary; for clips of one length).

        Raises:
            ValueError: The mode is unknown, or clips differ in length in mode ``'tensor'``.
            DataError: Joints are NaN or infinite, a label's shape does not match, or no sample has a label.
        """
        if mode not in ('loss', 'predict', 'tensor'):
            raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', found {mode!r}")
        features = features_of(self.backbone, clips(inputs), data_samples)
        if mode == 'tensor':
            if len({len(feature) for feature in features}) > 1:
                raise ValueError("HumMUSSMeshRecoverer: mode 'tensor' needs clips of one length")
            return self.head(torch.stack(features))
        if data_samples is None:
            raise ValueError(f'HumMUSSMeshRecoverer: mode {mode!r} needs data_samples')
        outputs = [{name: value[0] for name, value in self.head(feature[None]).items()} for feature in features]
        if mode == 'loss':
            return self._loss(outputs, data_samples)
        for sample, output in zip(data_samples, outputs, strict=True):
            sample.pred_instances = InstanceData(**{name: value.detach() for name, value in output.items()})
        return list(data_samples)

    def _loss(self, outputs: list[dict[str, Tensor]], data_samples: Sequence) -> dict[str, Tensor]:
        labels = [_labels(output, sample) for output, sample in zip(outputs, data_samples, strict=True)]
        losses: dict[str, Tensor] = {}
        for name, weight in self.weights.items():
            pairs = [(output[name], label[name]) for output, label in zip(outputs, labels) if name in label]
            if pairs:
                difference = torch.cat([found - target for found, target in pairs])
                error = torch.linalg.vector_norm(difference, dim=-1) if name == 'joints' else difference.square()
                losses[f'loss_{name}'] = weight * error.mean()
        if not losses:
            raise DataError(
                f'HumMUSSMeshRecoverer: no data sample has one of {", ".join(FIELDS)} in gt_instance_labels'
            )
        if self.vertex_weight:
            if missing := {name for label in labels for name in {'rotations', 'betas'} - set(label)}:
                raise DataError(f'HumMUSSMeshRecoverer: the vertex error needs {min(missing)} in gt_instance_labels')
            found, target = (
                self.head.body(
                    *(torch.cat([part[name] for part in parts]) for name in ('rotations', 'betas')), self.chosen
                )
                for parts in (outputs, labels)
            )
            losses['loss_vertices'] = self.vertex_weight * torch.linalg.vector_norm(found - target, dim=-1).mean()
        return losses


def _labels(output: dict[str, Tensor], sample: object) -> dict[str, Tensor]:
    """Return the labels of a sample that the losses use, as tensors like the outputs."""
    labels = getattr(sample, 'gt_instance_labels', {})
    found = {name: torch.as_tensor(labels[name]).to(output[name]) for name in FIELDS if name in labels}
    for name, target in found.items():
        if target.shape != output[name].shape:
            raise DataError(
                f'HumMUSSMeshRecoverer: {name} must be {tuple(output[name].shape)}, found {tuple(target.shape)}'
            )
    return found
