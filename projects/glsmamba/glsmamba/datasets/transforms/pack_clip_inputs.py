"""Transform that packs a clip for a model."""

from __future__ import annotations

from mmpose.datasets.transforms import PackPoseInputs

from mmradar.errors import DataError
from mmradar.registry import TRANSFORMS

META_KEYS = (
    'id',
    'img_id',
    'img_path',
    'category_id',
    'ori_shape',
    'img_shape',
    'input_size',
    'input_center',
    'input_scale',
    'bbox_rotation',
    'flip',
    'flip_direction',
    'flip_indices',
    'dataset_name',
    'video',
    'frame_indices',
)


@TRANSFORMS.register_module()
class PackClipInputs(PackPoseInputs):
    """mmpose's ``PackPoseInputs`` for a list of images.

    Its results are ``inputs``, (T, 3, H, W) uint8, RGB, and ``data_samples`` of the key frame, packed as mmpose does.
    In addition, ``gt_instances`` have ``bbox_centers``, and the meta information has ``video`` and ``frame_indices``
    (T,), the numbers of the frames in the video.

    Args:
        meta_keys: Keys that become meta information if they exist.
        pack_transformed: See ``PackPoseInputs``.

    Raises:
        DataError: If ``img`` is not a list of images, because ``LoadClip`` is missing in the pipeline.
    """

    instance_mapping_table = {**PackPoseInputs.instance_mapping_table, 'bbox_center': 'bbox_centers'}

    def __init__(self, meta_keys: tuple[str, ...] = META_KEYS, pack_transformed: bool = False) -> None:
        super().__init__(meta_keys=tuple(meta_keys), pack_transformed=pack_transformed)

    def transform(self, results: dict) -> dict:
        if not isinstance(results.get('img'), list):
            raise DataError(
                f'PackClipInputs expects a list of images in "img", found {type(results.get("img")).__name__}; '
                'the pipeline of a clip starts with LoadClip'
            )
        return super().transform(results)
