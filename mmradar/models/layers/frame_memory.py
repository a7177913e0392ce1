"""Results of single frames that a stream computes once, and not again for each window that contains the frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor


class FrameMemory:
    """Results of the frames of the latest window, for a window that has moved on by some frames.

    Frames are compared by value. A window of other frames, or of the same frames cropped elsewhere, is therefore
    computed as a whole.
    """

    def __init__(self) -> None:
        self._frames: Tensor | None = None
        self._results: Tensor

    def __call__(
        self, frames: Float[Tensor, 'frames *n'], compute: Callable[[Tensor], Tensor]
    ) -> Float[Tensor, 'frames *m']:
        """Return ``compute(frames)``; only frames that the latest window did not have are computed."""
        shift = self._shift(frames)
        if shift:
            new = compute(frames[len(frames) - shift :])
            self._results = new if shift == len(frames) else torch.cat([self._results[shift:], new])
        self._frames = frames
        return self._results

    def _shift(self, frames: Tensor) -> int:
        """Return by how many frames the window has moved on, all of them if it shares none with the latest one."""
        length = len(frames)
        if self._frames is not None and self._frames.shape == frames.shape:
            for shift in range(length):
                if torch.equal(frames[0], self._frames[shift]) and torch.equal(
                    frames[: length - shift], self._frames[shift:]
                ):
                    return shift
        return length


class PerFrame:
    """Mixin of layers that compute results of single frames.

    Attributes:
        frame_memory: Memory of the latest window's results while a stream runs the model, see :func:`remembered`.
    """

    frame_memory: FrameMemory | None = None

    def each_frame(
        self, x: Float[Tensor, 'batch frames *n'], compute: Callable[[Tensor], Tensor]
    ) -> Float[Tensor, 'batch frames *m']:
        """Apply a function of (n, ...) frames to all frames of a batch of windows."""
        if self.frame_memory is not None and len(x) == 1:
            return self.frame_memory(x[0], compute)[None]
        return compute(x.flatten(0, 1)).unflatten(0, x.shape[:2])


@contextmanager
def remembered(memories: Mapping[PerFrame, FrameMemory]) -> Iterator[None]:
    """Let layers use their memories: each one's windows must be those of one stream."""
    try:
        for layer, memory in memories.items():
            layer.frame_memory = memory
        yield
    finally:
        for layer in memories:
            layer.frame_memory = None
