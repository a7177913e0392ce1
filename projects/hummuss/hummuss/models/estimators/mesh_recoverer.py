"""Estimator of human meshes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from torch import Tensor

from hummuss.models.estimators.inputs import clips, features_of
from mmradar.errors import DataError
from mmradar.registry import MODELS


@MODELS.register_module()
class HumMUSSMeshRecoverer(BaseModel):
    """Estimator of SMPL's parameters from clips of 2D poses (HumMUSS, section on mesh recovery).

    The losses are the mean distance of joints and the mean squared errors of rotation matrices and shape parameters.
    Their weights are our choice, close to those of MotionBERT's mesh training.

    Args:
        backbone: Configuration of the ``HumMUSS`` backbone.
        head: Configuration of the ``MeshHead``; ``in_channels`` and ``num_joints`` are filled in.
        joint_weight: Factor on the joint error, which is in m.
        rotation_weight: Factor on the rotation error.
        shape_weight: Factor on the shape error.
        data_preprocessor: See mmengine's ``BaseModel``.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict | None = None,
        joint_weight: float = 5.0,
        rotation_weight: float = 1.0,
        shape_weight: float = 1e-3,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = MODELS.build({'type': 'HumMUSS', **backbone})
        sizes = dict(in_channels=self.backbone.embed_dims, num_joints=self.backbone.num_joints)
        self.head = MODELS.build({'type': 'MeshHead', **sizes, **(head or {})})
        self.weights = dict(joints=joint_weight, rotations=rotation_weight, betas=shape_weight)

    def forward(
        self, inputs: Tensor | Sequence[Tensor], data_samples: Sequence | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list:
        """Compute losses, predictions, or the head's outputs.

        Args:
            inputs: A batch or list of (frames, joints, channels).
            data_samples: One data sample for each clip. Losses use those of the following that are present in
                ``gt_instance_labels``: ``rotations`` (frames, 24, 3, 3), ``joints`` (frames, 24, 3) in m relative to
                the root, and ``betas`` (frames, 10).
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
        outputs = [self.head(feature[None]) for feature in features]
        for output in outputs:  # a clip has one shape, repeated for each frame
            frames = output['rotations'].shape[1]
            output['betas'] = output['betas'][:, None].expand(-1, frames, -1)
        if mode == 'loss':
            return self._loss(outputs, data_samples)
        for sample, output in zip(data_samples, outputs, strict=True):
            sample.pred_instances = InstanceData(**{name: value[0].detach() for name, value in output.items()})
        return list(data_samples)

    def _loss(self, outputs: list[dict[str, Tensor]], data_samples: Sequence) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = {}
        for name, weight in self.weights.items():
            errors = []
            for output, sample in zip(outputs, data_samples, strict=True):
                labels = getattr(sample, 'gt_instance_labels', {})
                if name not in labels:
                    continue
                found = output[name][0]
                target = torch.as_tensor(labels[name]).to(found)
                if target.shape != found.shape:
                    raise DataError(f'HumMUSSMeshRecoverer: {name} must be {tuple(found.shape)}, found {target.shape}')
                difference = found - target
                error = torch.linalg.vector_norm(difference, dim=-1) if name == 'joints' else difference.square()
                errors.append(error.flatten())
            if errors:
                losses[f'loss_{name}'] = weight * torch.cat(errors).mean()
        if not losses:
            raise DataError(
                f'HumMUSSMeshRecoverer: no data sample has one of {", ".join(self.weights)} in gt_instance_labels'
            )
        return losses
