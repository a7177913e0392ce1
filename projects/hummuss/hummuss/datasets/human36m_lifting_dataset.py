"""Human3.6M, prepared for mmpose."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from mmpose.datasets.datasets.body3d import Human36mDataset

from mmradar.errors import DataError
from mmradar.registry import DATASETS

# What arrays and their numbers are made of, in files of numpy 1 and 2
_PARTS_OF_ARRAYS = {
    *((f'numpy.{core}.multiarray', name) for core in ('core', '_core') for name in ('_reconstruct', 'scalar')),
    *((f'numpy.{core}.numeric', '_frombuffer') for core in ('core', '_core')),
    ('_codecs', 'encode'),  # of bytes in old protocols
    ('numpy', 'ndarray'),
    ('numpy', 'dtype'),
}


@DATASETS.register_module()
class Human36mLiftingDataset(Human36mDataset):
    """mmpose's ``Human36mDataset``, whose file of cameras, a pickle, is read without running code from it.

    Args:
        ann_file: Annotations (``.npz``), as mmpose's documentation of Human3.6M prepares them.
        data_root: Folder below which the files are.
        camera_param_file: Cameras (``.pkl``), by (subject, camera).
        factor_file: Factors from coordinates in the image to mm (``.npy``), for the test.
        lazy_init, **kwargs: See mmpose's ``Human36mDataset``.

    Raises:
        DataError: A file does not exist or is not of that form, that of the cameras contains something other than
            numbers, or all videos are shorter than a window.
    """

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        camera_param_file: str | None = None,
        factor_file: str | None = None,
        lazy_init: bool = False,
        **kwargs,
    ) -> None:
        for name in (ann_file, camera_param_file, factor_file):
            if name and not (path := Path(data_root, name)).is_file():
                raise DataError(
                    f'no file {path} of Human3.6M\n'
                    '  Register at vision.imar.ro/human3.6m, and prepare the files as described in mmpose\'s "3D Body '
                    'Keypoint Datasets".\n'
                    '  To start now without files: projects/hummuss/configs/hummuss_small_motion.py'
                )
        try:
            # mmpose would unpickle the cameras, which can run any code
            super().__init__(ann_file=ann_file, data_root=data_root, factor_file=factor_file, lazy_init=True, **kwargs)
            if camera_param_file:
                self.camera_param_file = str(Path(data_root, camera_param_file))
                self.camera_param = read_pickled_arrays(self.camera_param_file)
            if not self.sequence_indices:
                raise DataError(f'{ann_file}: no video is as long as a window of {self.multiple_target} frames')
            if not lazy_init:
                self.full_init()
        except (AssertionError, KeyError, TypeError, ValueError, BadZipFile) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(
                f'{Path(data_root, ann_file)}, or the files of its cameras and factors, are not in the form of '
                f"mmpose's Human3.6M ({type(error).__name__}: {error})"
            ) from error


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _PARTS_OF_ARRAYS:
            raise pickle.UnpicklingError(f'contains {module}.{name}')
        return super().find_class(module, name)


def read_pickled_arrays(path: str | Path) -> Any:
    """Read a pickle of arrays, numbers, texts and collections of them, without running code from it.

    Raises:
        DataError: The file contains anything else, or is damaged.
    """
    with Path(path).open('rb') as file:
        try:
            return _ArrayUnpickler(file, encoding='latin1').load()
        except Exception as error:  # a damaged pickle may raise nearly anything
            raise DataError(
                f'{path}: not a pickle of arrays and numbers only ({error}); it was not read, because other pickles '
                'can run code'
            ) from error
