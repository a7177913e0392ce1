"""Frames of boards that run by themselves, put together by the time at which they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int16

from mmradar.capture.receiver import LiveBoardFrame


@dataclass(frozen=True)
class PairedFrame:
    """What all boards saw at a time.

    Args:
        time_s: Of the first of them, by ``time.monotonic``.
        words: By view; a view of which nothing came is left out.
    """

    time_s: float
    words: dict[str, Int16[np.ndarray, 'loops tx words']]


class FramePairer:
    """Puts together frames of several boards, each of which counts by a clock of its own.

    Frames belong together that come within half a period of each other. A frame whose others do not come is handed out
    alone, as soon as that is clear: a later one of the missing board has come, or ``patience_s`` have passed.

    Args:
        views: Names of the boards.
        period_s: Between two frames of a board.
        patience_s: How long to wait for the others; one period if ``None``.
    """

    def __init__(self, views: Sequence[str], period_s: float, patience_s: float | None = None) -> None:
        self.views, self.period_s = tuple(views), period_s
        self.patience_s = period_s if patience_s is None else patience_s
        self._waiting: dict[str, deque[LiveBoardFrame]] = {view: deque() for view in self.views}

    def push(self, frame: LiveBoardFrame) -> list[PairedFrame]:
        """Take a frame; frames of one board come in order. Returns what is complete, in order."""
        self._waiting[frame.view].append(frame)
        return self.due(frame.arrived_s)

    def due(self, now_s: float) -> list[PairedFrame]:
        """What need not wait any longer, at a time by ``time.monotonic``; to be asked when nothing comes."""
        found = []
        while heads := [waiting[0] for waiting in self._waiting.values() if waiting]:
            first = min(heads, key=lambda frame: frame.arrived_s)
            together = [frame for frame in heads if frame.arrived_s - first.arrived_s <= self.period_s / 2]
            if len(heads) < len(self.views) and now_s - first.arrived_s < self.patience_s:
                break
            for frame in together:
                self._waiting[frame.view].popleft()
            found.append(PairedFrame(first.arrived_s, {frame.view: frame.words for frame in together}))
        return found
