"""Transform that loads the images of a clip."""

from __future__ import annotations

from pathlib import Path

import mmcv
import numpy as np
from jaxtyping import UInt8
from mmcv.transforms import BaseTransform

from mmradar.errors import ConfigError, DataError
from mmradar.registry import TRANSFORMS

MISSING = ('error', 'nearest')


@TRANSFORMS.register_module()
class LoadClip(BaseTransform):
    """Transform that reads the frames of a clip, or takes them from ``img``, and checks the person's box.

    A box partly outside the image is accepted: the crop is black there.

    Required keys: ``clip_paths`` (T file names, the key frame in the middle) or ``img`` (T arrays (H, W, 3) uint8,
    RGB); ``bbox`` (1, 4) in px, optional; ``id``, for messages.

    Added keys: ``img``, a list of T arrays (H, W, 3) uint8, RGB; ``img_shape``, ``ori_shape`` (H, W); ``img_path`` of
    the key frame.

    Args:
        missing: Handling of a support frame without a file: ``'error'`` raises, ``'nearest'`` takes the nearest frame
            of the clip that has a file; of two equally near ones, the one nearer to the key frame. The key frame must
            exist.
        repeat_key: Replace all frames by the key frame, to measure how much a model gains from the others.

    Raises:
        ConfigError: If ``missing`` is unknown.
        DataError: If a frame is missing, unreadable or of another size than the key frame, or the box is empty or
            completely outside the image.
    """

    def __init__(self, missing: str = 'error', repeat_key: bool = False) -> None:
        if missing not in MISSING:
            raise ConfigError(f'LoadClip.missing must be one of {", ".join(MISSING)}, found {missing!r}')
        self.missing, self.repeat_key = missing, repeat_key

    def transform(self, results: dict) -> dict:
        where = f'annotation {results.get("id", "?")}'
        if 'img' in results:
            images = [np.asarray(image) for image in results['img']]
            names = [f'frame {index}' for index in range(len(images))]
            results.setdefault('img_path', None)
        else:
            names = existing_frames(results['clip_paths'], self.missing, where)
            # at the ends of a video the same frame occurs several times
            loaded = {name: read_rgb(name, where) for name in dict.fromkeys(names)}
            images = [loaded[name] for name in names]
            results['img_path'] = str(results['clip_paths'][len(names) // 2])
        check_images(images, names, where)
        if self.repeat_key:
            images = [images[len(images) // 2]] * len(images)
        results['img'] = images
        height, width = images[0].shape[:2]
        results['img_shape'] = results['ori_shape'] = (height, width)
        if results.get('bbox') is not None:
            check_box(results['bbox'], (height, width), f'{where}, {results["img_path"]}')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(missing={self.missing!r}, repeat_key={self.repeat_key})'


def existing_frames(paths: list[str], missing: str, where: str) -> list[str]:
    """Return the names of a clip's files, with missing ones replaced by others; see :class:`LoadClip`."""
    key = len(paths) // 2
    exist = [index for index, path in enumerate(paths) if Path(path).is_file()]
    absent = sorted(set(range(len(paths))) - set(exist))
    if absent and (missing == 'error' or key not in exist):
        kind = 'key frame' if key in absent else 'support frame'
        path = paths[key if key in absent else absent[0]]
        advice = '' if key in absent else "; LoadClip(missing='nearest') takes the nearest frame of the clip instead"
        raise DataError(f'{where}: the {kind} {path} is missing{advice}')
    # nearest first; of equally near ones, the one nearer to the key frame
    return [paths[min(exist, key=lambda other: (abs(other - index), abs(other - key)))] for index in range(len(paths))]


def read_rgb(path: str, where: str) -> UInt8[np.ndarray, 'H W 3']:
    """Read one image.

    Raises:
        DataError: If the image cannot be decoded.
    """
    image = mmcv.imread(path)
    if image is None:
        raise DataError(f'{where}: {path} is no image that can be read; is the download complete?')
    return mmcv.bgr2rgb(image)


def check_images(images: list[np.ndarray], names: list[str], where: str) -> None:
    """Raise a ``DataError`` unless all are colour images of one size."""
    if not images:
        raise DataError(f'{where}: a clip without frames')
    expected = images[len(images) // 2].shape
    for image, name in zip(images, names):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise DataError(f'{where}: expected (H, W, 3) uint8, found {image.shape} {image.dtype} in {name}')
        if image.shape != expected:
            raise DataError(f"{where}: {name} has size {image.shape[:2]}, the clip's key frame {expected[:2]}")


def check_box(bbox: np.ndarray, img_shape: tuple[int, int], where: str) -> None:
    """Raise a ``DataError`` if a box [x1, y1, x2, y2] is empty, or completely outside the image (H, W)."""
    x1, y1, x2, y2 = np.asarray(bbox, dtype=np.float64).reshape(4)
    height, width = img_shape
    if not (np.isfinite([x1, y1, x2, y2]).all() and x2 > x1 and y2 > y1):
        raise DataError(f'{where}: the box [{x1:g}, {y1:g}, {x2:g}, {y2:g}] is empty')
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        raise DataError(
            f'{where}: the box [{x1:g}, {y1:g}, {x2:g}, {y2:g}] is wholly outside the image of {width} x {height} px'
        )
