"""Estimator of 3D poses from 2D poses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement, InstanceData
from torch import Tensor, nn

from hummuss.datasets.lifting_arrays import inputs_from_pixels
from hummuss.models.backbones.hummuss import delta_scale_from_timestamps
from hummuss.models.estimators.inputs import clips, features_of, sample_scale, takes_scale
from hummuss.models.estimators.windows import mean_over_windows, overlapping_windows
from hummuss.pixel_stream import HumMUSSPixelStream, training_rate_hz
from mmradar.errors import ConfigError, DataError
from mmradar.registry import MODELS

_DEFAULT_LOSSES = dict(
    mpjpe=dict(type='PositionLoss'),
    nmpjpe=dict(type='ScaledPositionLoss', loss_weight=0.5),
    velocity=dict(type='Velocity3DLoss', loss_weight=20.0),
)


@MODELS.register_module()
class HumMUSSLifter(BaseModel):
    """Estimator of 3D poses from clips of 2D poses (HumMUSS, section on 3D pose estimation).

    Clips of a batch may differ in length. Frame rates come from ``delta_scale`` in the data samples' metainfo: the
    elapsed time divided by the training period, as one number or one for each frame.

    Args:
        backbone: Configuration of the backbone, of type ``HumMUSS`` by default. Other backbones, such as mmpose's
            ``DSTFormer``, do not receive frame rates.
        head: Configuration of the head; a ``LiftingHead`` by default. ``in_channels`` is filled in if the backbone has
            ``embed_dims`` or ``feat_size``.
        losses: Configurations of losses of (output, target, target_weight), by name. MPJPE + 0.5 N-MPJPE + 20 velocity
            by default.
        test_cfg: With ``dict(flip_test=True)``, average the prediction of a clip and the mirrored prediction of its
            mirror image. Needs ``flip_indices`` in the data samples' metainfo, as this project's data sets provide it,
            and inputs with x as the first channel, 0 in the middle of the image. With ``dict(window=81)``, predict
            longer clips in windows of that number of frames, that of training, with states that start from zero;
            neighbouring windows share ``overlap`` frames (``window // 2`` by default) and are averaged. It is for
            bidirectional models that were trained on windows only and without a bound of their memory.
        data_preprocessor: See mmengine's ``BaseModel``.

    Raises:
        ConfigError: ``test_cfg`` has an unknown entry, or one out of its range.
    """

    def __init__(
        self,
        backbone: dict,
        losses: dict[str, dict] | None = None,
        head: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
        test_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = MODELS.build({'type': 'HumMUSS', **backbone})
        width = getattr(self.backbone, 'embed_dims', None) or getattr(self.backbone, 'feat_size', None)
        head = {'type': 'LiftingHead', **(head or {})}
        if width is not None:
            head.setdefault('in_channels', width)
        self.head = MODELS.build(head)
        losses = _DEFAULT_LOSSES if losses is None else losses
        self.losses = nn.ModuleDict({name: MODELS.build(loss) for name, loss in losses.items()})
        self.test_cfg = {'flip_test': False, 'window': None, 'overlap': None, **(test_cfg or {})}
        if unknown := set(self.test_cfg) - {'flip_test', 'window', 'overlap'}:
            raise ConfigError(f'HumMUSSLifter.test_cfg has no {min(unknown)!r}; it has flip_test, window and overlap')
        window, overlap = self.test_cfg['window'], self.test_cfg['overlap']
        if window is None and overlap is not None:
            raise ConfigError('HumMUSSLifter.test_cfg has an overlap, but no window that could overlap')
        if window is not None:
            overlap = self.test_cfg['overlap'] = window // 2 if overlap is None else overlap
            if not 0 <= overlap < window:
                raise ConfigError(
                    'HumMUSSLifter.test_cfg needs a window of at least 1 frame and an overlap of 0 to window - 1; '
                    f'found window={window}, overlap={overlap}'
                )

    def forward(
        self,
        inputs: Tensor | Sequence[Tensor],
        data_samples: Sequence | None = None,
        mode: str = 'tensor',
    ) -> dict[str, Tensor] | list | Tensor | list[Tensor]:
        """Compute losses, predictions or plain 3D poses.

        Args:
            inputs: (batch, frames, joints, channels), or a list of (frames, joints, channels).
            data_samples: One data sample for each clip. Losses need ``gt_instance_labels.keypoints_3d`` (frames,
                joints, 3) in m, root-relative; ``keypoint_weights`` (frames, joints) are 1 if absent.
            mode: ``'loss'``, ``'predict'`` (samples with ``pred_instances.keypoints_3d``) or ``'tensor'``, which
                returns a tensor for a tensor and a list for a list.

        Raises:
            ValueError: The mode is unknown, or the shapes do not match.
            DataError: Joints are NaN or infinite, a scale does not fit its clip, or samples lack targets, or
                ``flip_indices`` for the flip test.
        """
        if mode not in ('loss', 'predict', 'tensor'):
            raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', found {mode!r}")
        found = clips(inputs)
        estimate = self._windowed_poses if mode == 'predict' and self.test_cfg['window'] else self._poses
        poses = estimate(found, data_samples)
        if mode == 'tensor':
            return torch.stack(poses) if isinstance(inputs, Tensor) else poses
        if data_samples is None:
            raise ValueError(f'HumMUSSLifter: mode {mode!r} needs data_samples')
        if mode == 'loss':
            return self._loss(poses, data_samples)
        if self.test_cfg['flip_test']:
            turned = [_mirrored(clip, sample) for clip, sample in zip(found, data_samples, strict=True)]
            back = [
                _mirrored(pose, sample)
                for pose, sample in zip(estimate(turned, data_samples), data_samples, strict=True)
            ]
            poses = [(pose + other) / 2 for pose, other in zip(poses, back, strict=True)]
        for sample, pose in zip(data_samples, poses, strict=True):
            # One entry per frame, as InstanceData requires the same length of all its fields
            sample.pred_instances = InstanceData(keypoints_3d=pose.detach())
        return list(data_samples)

    @torch.no_grad()
    def lift(
        self,
        keypoints_px: Float[np.ndarray, 'frames joints 2'],
        scores: Float[np.ndarray, 'frames joints'],
        image_size: tuple[int, int],
        times_s: Sequence[float] | None = None,
    ) -> Float[np.ndarray, 'frames joints 3']:
        """Return the 3D poses of a whole clip of 2D poses in px, such as a network's poses in a video.

        A model in training mode is used as it is: call ``eval()`` first, as :func:`mmradar.apis.init_model` does.

        Args:
            keypoints_px, scores: The joints of the training in its order, see
                :func:`~hummuss.datasets.lifting_arrays.inputs_from_pixels`.
            image_size: (width, height) in px of the image that the 2D poses refer to.
            times_s: Ascending times of the frames in s. By default the frames have the rate of the training.

        Returns:
            Joints in m relative to the root as in training, in camera axes: x to the right, y down, z away.

        Raises:
            DataError: The arrays do not belong together, joints that are not missing are NaN or infinite, or the times
                do not ascend.
            ConfigError: There are times, and the model's configuration has no frame rate, or its backbone takes none.
        """
        inputs = torch.from_numpy(inputs_from_pixels(keypoints_px, scores, image_size))
        if inputs.ndim != 3 or not len(inputs):
            raise DataError(
                'HumMUSSLifter.lift takes keypoints (frames, joints, 2) of at least one frame; found '
                f'{np.shape(keypoints_px)}'
            )
        sample = BaseDataElement(metainfo=dict(delta_scale=1.0))
        if times_s is not None:
            sample.set_metainfo(dict(delta_scale=self._scale(times_s, len(inputs))))
        if 'flip_indices' in (meta := getattr(self, 'dataset_meta', None) or {}):
            sample.set_metainfo(dict(flip_indices=meta['flip_indices']))
        (found,) = self([inputs.to(next(self.parameters()))], [sample], mode='predict')
        return found.pred_instances.keypoints_3d.float().cpu().numpy()

    def _scale(self, times_s: Sequence[float], frames: int) -> np.ndarray:
        """Return ``delta_scale`` of each frame; that of the first is the mean, as in :class:`FrameTimes`."""
        times = torch.as_tensor(np.asarray(times_s, dtype=np.float64))
        if times.shape != (frames,):
            raise DataError(f'HumMUSSLifter.lift takes a time for each of {frames} frames; found {tuple(times.shape)}')
        if not takes_scale(self.backbone):
            raise ConfigError(
                f'HumMUSSLifter.lift: a {type(self.backbone).__name__} does not know the times of frames; leave '
                'times_s out if they have the rate of the training'
            )
        rate_hz = training_rate_hz(getattr(self, 'cfg', Config()))
        try:
            scale = delta_scale_from_timestamps(times, rate_hz)
        except ValueError as error:
            raise DataError(f'HumMUSSLifter.lift: {error}') from None
        scale[0] = scale[1:].mean() if frames > 1 else 1.0
        return scale.double().numpy().round(6)  # so that a steady rate is one number

    def lifting_stream(self, image_size: tuple[int, int]) -> HumMUSSPixelStream:
        """Begin a stream of poses that are lifted frame by frame; see :class:`~mmradar.apis.pose_lifting.PoseLifter`.

        Args:
            image_size: (width, height) in px of the image that the 2D poses refer to.

        Raises:
            ConfigError: The model is not causal, or its configuration has no frame rate.
        """
        return HumMUSSPixelStream(self, image_size)

    def _poses(self, inputs: Sequence[Tensor], data_samples: Sequence | None) -> list[Tensor]:
        return [self.head(feature) for feature in features_of(self.backbone, inputs, data_samples)]

    def _windowed_poses(self, inputs: Sequence[Tensor], data_samples: Sequence | None) -> list[Tensor]:
        """Return the poses of each clip as means over overlapping windows."""
        poses = []
        for clip, sample in zip(inputs, data_samples or [None] * len(inputs), strict=True):
            windows = overlapping_windows(len(clip), self.test_cfg['window'], self.test_cfg['overlap'])
            scale = sample_scale(sample, len(clip))
            scales = [scale[window] if scale is not None and scale.ndim else scale for window in windows]
            parts = [BaseDataElement(metainfo=dict(delta_scale=part)) for part in scales]
            poses.append(mean_over_windows(self._poses([clip[window] for window in windows], parts), windows))
        return poses

    def _loss(self, poses: list[Tensor], data_samples: Sequence) -> dict[str, Tensor]:
        targets, weights = zip(*(_target(sample, pose) for sample, pose in zip(data_samples, poses, strict=True)))
        frames = max(map(len, poses))
        # Frames after the end of shorter clips have weight 0
        output, target, weight = (
            torch.stack([torch.cat([x, x.new_zeros(frames - len(x), *x.shape[1:])]) for x in values])
            for values in (poses, targets, weights)
        )
        # mmengine's parse_losses sums the entries whose names contain "loss"
        return {
            name if 'loss' in name else f'loss_{name}': loss(output, target, weight)
            for name, loss in self.losses.items()
        }


def _mirrored(joints: Tensor, sample: object) -> Tensor:
    """Mirror 2D inputs or 3D poses, whose first channel is x."""
    swap = getattr(sample, 'metainfo', {}).get('flip_indices')
    if swap is None or sorted(swap) != list(range(joints.shape[-2])):
        raise DataError(
            'HumMUSSLifter: the flip test needs flip_indices, the joint that takes the place of each of '
            f'{joints.shape[-2]}, in the metainfo of every data sample; found {swap}'
        )
    return torch.cat([-joints[..., list(swap), :1], joints[..., list(swap), 1:]], dim=-1)


def _target(sample: object, pose: Tensor) -> tuple[Tensor, Tensor]:
    labels = getattr(sample, 'gt_instance_labels', None)
    if labels is None or 'keypoints_3d' not in labels:
        raise DataError('HumMUSSLifter: a data sample has no gt_instance_labels.keypoints_3d to train on')

    def tensor(value: Tensor | np.ndarray) -> Tensor:
        return torch.as_tensor(value).to(pose)

    target = tensor(labels.keypoints_3d)
    weight = tensor(labels.keypoint_weights) if 'keypoint_weights' in labels else torch.ones_like(target[..., 0])
    if target.shape != pose.shape or weight.shape != pose.shape[:-1]:
        raise DataError(
            f'HumMUSSLifter: the clip gives poses {tuple(pose.shape)}, but keypoints_3d is {tuple(target.shape)} and '
            f'keypoint_weights {tuple(weight.shape)}'
        )
    return target, weight
