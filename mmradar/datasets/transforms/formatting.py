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
    """``inputs``, the heatmap as a tensor, and ``data_samples``, an mmpose ``PoseDataSample``.

    The sample holds ``gt_instances`` of the central frame (``keypoints`` (1, J, 2) px, ``keypoints_visible``,
    ``bboxes``, ``areas`` px^2) and ``gt_instance_labels`` of all frames (``keypoint_labels`` (T, J, 2) as shares of
    the image, ``keypoint_weights`` (T, J), ``areas`` (T,) px^2).

    Args:
        meta_keys: Entries of the results that go into the sample's meta information, where present.
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
            'adc_paths',
            'image_size',
        ),
    ) -> None:
        self.meta_keys = meta_keys

    def transform(self, results: dict) -> dict:
        keypoints, centre = results['keypoints'], len(results['keypoints']) // 2
        sample = PoseDataSample(metainfo={key: results[key] for key in self.meta_keys if key in results})
        sample.gt_instances = InstanceData(
            keypoints=keypoints[None, centre],
            keypoints_visible=results['keypoints_visible'][None, centre],
            bboxes=results['bbox'][None],
            areas=results['areas'][None, centre],
        )
        size = np.asarray(results['image_size'], np.float32)
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=torch.from_numpy(keypoints / size),
            keypoint_weights=torch.from_numpy(results['keypoints_visible']),
            areas=torch.from_numpy(results['areas']),
        )
        return dict(inputs=torch.from_numpy(np.ascontiguousarray(results['heatmap'])), data_samples=sample)
