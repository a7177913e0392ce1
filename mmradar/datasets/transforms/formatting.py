"""The last step of a pipeline: tensors and data samples."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackRadarInputs(BaseTransform):
    """Transform to ``inputs``, the heatmap as a tensor, and ``data_samples``, an mmpose ``PoseDataSample``.

    Required keys: ``heatmap``; and, for windows with labels, ``keypoints`` (T, J, D) in px or m, ``keypoints_visible``
    (T, J), which is 0 where a joint does not count, ``key_index``, and in two dimensions ``areas`` (T,) in px^2 and
    ``bbox`` (4,) in px. Windows of a bare recording have no labels; their samples contain only meta information.

    The sample of a window with labels holds ``gt_instances`` of the key frame, for metrics and pictures (``keypoints``
    (1, J, D) as annotated, ``keypoints_visible``, ``areas``, ``bboxes``), and ``gt_instance_labels`` of all frames, for
    losses (``keypoints`` (T, J, D), zero where a joint does not count, so that no NaN gets into a loss;
    ``keypoint_weights`` (T, J); ``areas`` (T,)).

    Args:
        meta_keys: Entries of the results that go into the sample's meta information if present. Heads need
            ``key_index`` and ``image_size`` or ``volume_m``; the OKS loss also needs ``sigmas``.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = (
            'id',
            'img_id',
            'sequence',
            'frame',
            'frames_left_out',
            'frame_indices',
            'key_index',
            'image_size',
            'volume_m',
            'sigmas',
        ),
    ) -> None:
        self.meta_keys = meta_keys

    def transform(self, results: dict) -> dict:
        sample = PoseDataSample(metainfo={key: results[key] for key in self.meta_keys if key in results})
        if 'keypoints' in results:
            sample.gt_instances, sample.gt_instance_labels = self._key_frame(results), self._window(results)
        return dict(inputs=torch.from_numpy(np.ascontiguousarray(results['heatmap'])), data_samples=sample)

    @staticmethod
    def _key_frame(results: dict) -> InstanceData:
        key = results['key_index']
        labels = [name for name in ('keypoints', 'keypoints_visible', 'areas') if name in results]
        found = {name: results[name][None, key] for name in labels}
        if 'bbox' in results:
            found['bboxes'] = results['bbox'][None]
        return InstanceData(**found)

    @staticmethod
    def _window(results: dict) -> InstanceData:
        visible = results['keypoints_visible']
        keypoints = np.where(visible[..., None] > 0, results['keypoints'], 0).astype(np.float32)
        labels = InstanceData(keypoints=torch.from_numpy(keypoints), keypoint_weights=torch.from_numpy(visible))
        if 'areas' in results:
            labels.areas = torch.from_numpy(results['areas'])
        return labels
