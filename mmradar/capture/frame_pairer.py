"""Frames of boards that run by themselves, put together by the time at which they were recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int16

from mmradar.capture.receiver import LiveBoardFrame

_MOST_DRIFT = 2e-4  # of a board's clock against the computer's


@dataclass(frozen=True)
class PairedFrame:
    """What all boards saw at a time.

    Args:
        time_s: When the first of them was recorded, by ``time.monotonic``, but for the constant part of the way here.
        last_arrival_s: When the last of them came.
        words: By view; a view of which nothing came is left out.
    """

    time_s: float
    last_arrival_s: float
    words: dict[str, Int16[np.ndarray, 'loops tx words']]


class FramePairer:
    """Puts together frames of several boards, each of which counts by a clock of its own.

    A frame's time is its number times the period, from where the board's clock is taken to have begun: such that no
    frame came before it was recorded. Unlike times of arrival that does not jitter. Frames belong together that are
    recorded within half a period of each other. A frame whose others do not come is handed out alone, as soon as that
    is clear: a later one of the missing board has come, or ``patience_s`` have passed since it came.

    Args:
        views: Names of the boards.
        period_s: Between two frames of a board.
        patience_s: How long to wait for the others; one period if ``None``.
    """

    def __init__(self, views: Sequence[str], period_s: float, patience_s: float | None = None) -> None:
        self.views, self.period_s = tuple(views), period_s
        self.patience_s = period_s if patience_s is None else patience_s
        self._waiting: dict[str, deque[tuple[float, LiveBoardFrame]]] = {view: deque() for view in self.views}
        self._clocks: dict[str, tuple[int, float]] = {}  # last number, and when number 0 was recorded

    def push(self, frame: LiveBoardFrame) -> list[PairedFrame]:
        """Take a frame; frames of one board come in order. Returns what is complete, in order."""
        self._waiting[frame.view].append((self._recorded_s(frame), frame))
        return self.due(frame.arrived_s)

    def _recorded_s(self, frame: LiveBoardFrame) -> float:
        start = frame.arrived_s - frame.number * self.period_s
        number, known = self._clocks.get(frame.view, (frame.number, np.inf))
        if frame.number >= number:  # else the board began anew
            start = min(start, known + _MOST_DRIFT * self.period_s * (frame.number - number))
        self._clocks[frame.view] = frame.number, start
        return start + frame.number * self.period_s

    def due(self, now_s: float) -> list[PairedFrame]:
        """What need not wait any longer, at a time by ``time.monotonic``; to be asked when nothing comes."""
        found = []
        while heads := [waiting[0] for waiting in self._waiting.values() if waiting]:
            first_s, first = min(heads, key=lambda head: head[0])
            if len(heads) < len(self.views) and now_s - first.arrived_s < self.patience_s:
                break
            together = [frame for time_s, frame in heads if time_s - first_s <= self.period_s / 2]
            for frame in together:
                self._waiting[frame.view].popleft()
            last_s = max(frame.arrived_s for frame in together)
            found.append(PairedFrame(first_s, last_s, {frame.view: frame.words for frame in together}))
        return found
