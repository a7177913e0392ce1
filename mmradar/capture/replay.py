"""Replay of recordings as a DCA1000 sends them: UDP datagrams in real time, with optional network faults."""

from __future__ import annotations

import heapq
import itertools
import random
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mmradar.errors import ConfigError
from mmradar.radar import RawRecording
from mmradar.radar.packets import PACKET_BYTES

_BURST = 32  # datagrams sent between two checks of the clock


@dataclass(frozen=True)
class NetworkFaults:
    """Faults of a simulated network.

    Args:
        loss: Share of datagrams that are lost.
        reorder: Share of datagrams that are overtaken by up to ``farthest`` later ones.
        farthest: Maximum number of datagrams by which one is delayed.
        jitter_s: Maximum delay of a frame; delays are drawn uniformly.
        seed: Seed of the random numbers.

    Raises:
        ConfigError: A value is out of range.
    """

    loss: float = 0.0
    reorder: float = 0.0
    farthest: int = 8
    jitter_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ('loss', 'reorder'):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f'{name} must be at least 0 and below 1, found {getattr(self, name)!r}')
        if self.farthest < 1 or self.jitter_s < 0:
            raise ConfigError(
                f'farthest must be at least 1 and jitter_s not negative, found {self.farthest!r} and {self.jitter_s!r}'
            )


def datagrams_of(recording: RawRecording, repeat: bool = False) -> Iterator[list[bytes]]:
    """Yield the datagrams of a recording, one list for each frame.

    A DCA1000 cuts its stream of samples into packets of 1,456 bytes regardless of frames: the last samples of a frame
    are sent with the first of the next frame.

    Args:
        recording: Recording of a raw file without chirp headers.
        repeat: Repeat the frames endlessly, as one long recording.
    """
    number, sent, rest = 0, 0, b''
    rounds = itertools.count() if repeat else range(1)
    for frame in (frame for _ in rounds for frame in range(len(recording))):
        stream = rest + np.ascontiguousarray(recording.words([frame])[0]).tobytes()
        whole = len(stream) // PACKET_BYTES * PACKET_BYTES
        packets = [
            _packet(number + index, sent + start, stream[start : start + PACKET_BYTES])
            for index, start in enumerate(range(0, whole, PACKET_BYTES))
        ]
        number, sent, rest = number + len(packets), sent + whole, stream[whole:]
        yield packets
    if rest:
        yield [_packet(number, sent, rest)]


def _packet(number: int, start: int, samples: bytes) -> bytes:
    return struct.pack('<IIH', number & 0xFFFFFFFF, start & 0xFFFFFFFF, start >> 32) + samples


def faulty(datagrams: Iterable[bytes], faults: NetworkFaults, generator: random.Random) -> Iterator[bytes]:
    """Yield datagrams as they arrive over a network with faults."""
    waiting: list[tuple[int, int, bytes]] = []  # heap, ordered by the position at which each arrives
    for position, datagram in enumerate(datagrams):
        if generator.random() < faults.loss:
            continue
        delay = generator.randint(1, faults.farthest) if generator.random() < faults.reorder else 0
        heapq.heappush(waiting, (position + delay, position, datagram))
        while waiting and waiting[0][0] <= position:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def replay(
    recordings: Mapping[str, RawRecording],
    addresses: Mapping[str, tuple[str, int]],
    *,
    speed: float = 1.0,
    repeat: bool = False,
    faults: NetworkFaults | None = None,
    stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Send recordings of boards that recorded together, each to its own address, frame by frame in real time.

    Args:
        recordings: Recordings by view.
        addresses: Address (host, port) of each view.
        speed: Factor on the recordings' frame rate.
        repeat: Start again at the end, until ``stop`` returns true.
        faults: Faults of the network; none if ``None``.
        stop: Called before every frame; sending ends if it returns true.
        on_progress: Called with (frames sent, total frames).

    Returns:
        Number of datagrams sent.

    Raises:
        ConfigError: ``speed`` is not positive, or recordings and addresses are not of the same views.
    """
    if not speed > 0:
        raise ConfigError(f'speed must be positive, found {speed!r}')
    if set(recordings) != set(addresses):
        raise ConfigError(f'addresses are for {", ".join(addresses)}, recordings of {", ".join(recordings)}')
    faults = faults or NetworkFaults()
    generators = {view: random.Random(f'{faults.seed} {view}') for view in recordings}
    streams = {view: datagrams_of(recording, repeat) for view, recording in recordings.items()}
    period_s = 1 / (next(iter(recordings.values())).config.frame_rate_hz * speed)
    total, sent = min(map(len, recordings.values())), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        start = time.perf_counter()
        for frame in itertools.count():
            packets_by_view = {
                view: packets for view, stream in streams.items() if (packets := next(stream, None)) is not None
            }
            if stop() or len(packets_by_view) < len(streams):
                return sent
            due = start + frame * period_s + generators[next(iter(generators))].uniform(0, faults.jitter_s)
            queues = [
                (addresses[view], list(faulty(packets, faults, generators[view])))
                for view, packets in packets_by_view.items()
            ]
            # the boards send at the same time, during the first half of the frame period
            longest = max((len(queue) for _, queue in queues), default=0)
            for first in range(0, longest, _BURST):
                pause = due + 0.5 * period_s * first / longest - time.perf_counter()
                if pause > 0:
                    time.sleep(pause)
                for address, queue in queues:
                    for datagram in queue[first : first + _BURST]:
                        out.sendto(datagram, address)
                        sent += 1
            if on_progress and frame < total:
                on_progress(frame + 1, total)
    return sent
