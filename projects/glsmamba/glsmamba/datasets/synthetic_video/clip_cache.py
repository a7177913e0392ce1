"""Disk cache of rendered clips: rendering takes as long as training a small network."""

from __future__ import annotations

import functools
import hashlib
import os
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from glsmamba.datasets.synthetic_video.render import RenderedClip
from mmradar import simulation
from mmradar.atomic_write import atomic_write


@functools.cache
def _renderer() -> str:
    """Identify the renderer: a hash of the code that draws clips, and the versions of the libraries that it uses."""
    # sorted within each package: the same wherever the packages are installed
    packages = (Path(__file__).parent, Path(simulation.__file__).parent)
    sources = [file.read_bytes() for package in packages for file in sorted(package.rglob('*.py'))]
    code = hashlib.sha256(b'\n'.join(sources)).hexdigest()
    return f'{code} numpy {np.__version__} OpenCV {cv2.__version__}'


class ClipCache:
    """Cache that renders a clip once and reads it from then on.

    Clips of other settings, or of another version of the renderer, go to other folders; nothing is ever deleted.

    Args:
        folder: Folder of the cache.
        settings: Everything that clips depend on in addition to their names, as text.

    Raises:
        OSError: If the folder cannot be made.
    """

    def __init__(self, folder: str | os.PathLike, settings: str) -> None:
        key = hashlib.sha256(f'{settings}\n{_renderer()}'.encode()).hexdigest()[:16]
        self.folder = Path(folder) / key
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, render: Callable[[], RenderedClip]) -> RenderedClip:
        """Return the clip of a name; render it if it is not in the cache, or if its file is damaged.

        Raises:
            OSError: If the clip cannot be written.
        """
        path = self.folder / f'{name}.npz'
        try:
            with np.load(path, allow_pickle=False) as cached:
                return RenderedClip(**cached)
        except (FileNotFoundError, ValueError, EOFError, TypeError, zipfile.BadZipFile):
            clip = render()
        with atomic_write(path) as file:
            np.savez(file, **asdict(clip))
        return clip
