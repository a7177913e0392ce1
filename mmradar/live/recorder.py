"""Recorder of live frames in HuPR's layout, for training or for later inspection."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Int16


class LiveRecorder:
    """Recorder of raw frames of all views to ``FOLDER/VIEW/adc_data.bin``, which ``mmradar infer FOLDER`` reads.

    A view that is missing from a frame is written as zeros, so that frames of all views stay aligned.

    Args:
        root: Folder for recordings. Each recording is a subfolder, named by the time of its start.
        views: Names of the views.
        frame_shape: Shape (loops, tx, words) of a frame.

    Attributes:
        folder: Folder of the current or last recording; ``None`` before the first.
        num_frames: Frames written to it.
    """

    def __init__(self, root: Path, views: Sequence[str], frame_shape: tuple[int, int, int]) -> None:
        self.root, self.views, self._shape = Path(root), tuple(views), frame_shape
        self.folder: Path | None = None
        self.num_frames = 0
        self._files: dict[str, BinaryIO] = {}

    @property
    def running(self) -> bool:
        """Whether a recording is running."""
        return bool(self._files)

    def start(self) -> Path:
        """Start a recording in a new folder, and return the folder."""
        self.stop()
        name = time.strftime('%Y%m%d_%H%M%S')
        number = sum(1 for _ in self.root.glob(f'{name}*'))
        self.folder = self.root / (f'{name}_{number}' if number else name)
        self.num_frames = 0
        for view in self.views:
            (self.folder / view).mkdir(parents=True)
            self._files[view] = open(self.folder / view / 'adc_data.bin', 'wb')  # noqa: SIM115 - open until stop()
        return self.folder

    def write(self, words: Mapping[str, Int16[np.ndarray, 'loops tx words']]) -> None:
        """Append a frame; do nothing if no recording is running."""
        if not self._files:
            return
        for view, file in self._files.items():
            file.write(np.ascontiguousarray(words.get(view, np.zeros(self._shape, np.int16)), '<i2').data)
        self.num_frames += 1

    def stop(self) -> None:
        """End the running recording, if any."""
        for file in self._files.values():
            file.close()
        self._files = {}
