"""Pairing of the frames of independently running boards by the time of recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int16

from mmradar.capture.receiver import LiveBoardFrame

_MAX_DRIFT = 2e-4  # relative drift of a board's clock against the computer's


@dataclass(frozen=True)
class PairedFrame:
    """Frames of all boards that were recorded at the same time.

    Args:
        time_s: Time at which the first of the frames was recorded, by ``time.monotonic``, plus the constant part of its
            delay on the way to this computer.
        last_arrival_s: Time at which the last of the frames arrived.
        words: Words of each view's frame; views without a frame are left out.
    """

    time_s: float
    last_arrival_s: float
    words: dict[str, Int16[np.ndarray, 'loops tx words']]


class FramePairer:
    """Pairing of the frames of several boards, each of which numbers its frames by its own clock.

    The time of a frame is its number times the period, plus the estimated start of the board's clock. The start is the
    latest one for which no frame arrived before it was recorded, so times do not jitter as arrival times do. Frames
    recorded within half a period of each other are paired. A frame without counterparts is returned alone as soon as
    none can be expected: a later frame of the missing board has arrived, or ``patience_s`` have passed since the
    frame's own arrival.

    Args:
        views: Names of the boards' views.
        period_s: Time between two frames of a board.
        patience_s: Time to wait for the other boards' frames; one period if ``None``.
    """

    def __init__(self, views: Sequence[str], period_s: float, patience_s: float | None = None) -> None:
        self.views, self.period_s = tuple(views), period_s
        self.patience_s = period_s if patience_s is None else patience_s
        self._waiting: dict[str, deque[tuple[float, LiveBoardFrame]]] = {view: deque() for view in self.views}
        self._clocks: dict[str, tuple[int, float]] = {}  # last number, and time of number 0

    def push(self, frame: LiveBoardFrame) -> list[PairedFrame]:
        """Add a frame and return the pairs that are now complete, in order; each board's frames must come in order."""
        self._waiting[frame.view].append((self._recorded_s(frame), frame))
        return self.due(frame.arrived_s)

    def _recorded_s(self, frame: LiveBoardFrame) -> float:
        start = frame.arrived_s - frame.number * self.period_s
        number, known = self._clocks.get(frame.view, (frame.number, np.inf))
        if frame.number >= number:  # else the board has restarted
            start = min(start, known + _MAX_DRIFT * self.period_s * (frame.number - number))
        self._clocks[frame.view] = frame.number, start
        return start + frame.number * self.period_s

    def due(self, now_s: float) -> list[PairedFrame]:
        """Return the pairs that need not wait any longer at time ``now_s`` (``time.monotonic``); call it when idle."""
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
