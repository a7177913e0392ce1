"""A recording sent as a DCA1000 sends it: real datagrams to real sockets, in time, by a good or a bad network."""

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

_BURST = 32  # datagrams between two looks at the clock


@dataclass(frozen=True)
class NetworkFaults:
    """What a network does to datagrams.

    Args:
        loss: Share of them that never come.
        reorder: Share of them that are overtaken by up to ``farthest`` later ones.
        farthest: See there.
        jitter_s: By how much a frame may be late, evenly drawn.
        seed: Of all of it.

    Raises:
        ConfigError: A share that is none, or a negative number.
    """

    loss: float = 0.0
    reorder: float = 0.0
    farthest: int = 8
    jitter_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ('loss', 'reorder'):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f'{name} is a share from 0 to below 1, found {getattr(self, name)!r}')
        if self.farthest < 1 or self.jitter_s < 0:
            raise ConfigError(
                f'farthest must be at least 1 and jitter_s not negative, found {self.farthest!r} and {self.jitter_s!r}'
            )


def datagrams_of(recording: RawRecording, repeat: bool = False) -> Iterator[list[bytes]]:
    """The datagrams of a recording, those of each frame together.

    A DCA1000 cuts its stream of samples into packets of 1,456 bytes whatever frames are in it: a frame's last samples
    wait for the next frame's first.

    Args:
        recording: Of a raw file, whose chirps have no headers of their own.
        repeat: Begin again at the end, as one long recording.
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
    """What a network with faults makes of datagrams."""
    waiting: list[tuple[int, int, bytes]] = []  # a heap by the place at which each comes
    for place, datagram in enumerate(datagrams):
        if generator.random() < faults.loss:
            continue
        late = generator.randint(1, faults.farthest) if generator.random() < faults.reorder else 0
        heapq.heappush(waiting, (place + late, place, datagram))
        while waiting and waiting[0][0] <= place:
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
    """Send recordings of boards that recorded together, each to an address of its own, frame by frame in time.

    Args:
        recordings: By view.
        addresses: (host, port) of each view.
        speed: Times the recordings' own frame rate.
        repeat: Begin again at the end, until ``stop``.
        faults: What happens on the way; nothing if ``None``.
        stop: Asked before every frame.
        on_progress: Called with (frames sent, frames in all).

    Returns:
        Datagrams sent.

    Raises:
        ConfigError: A speed that is none, or views without an address.
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
            frames = {view: next(stream, None) for view, stream in streams.items()}
            if stop() or any(packets is None for packets in frames.values()):
                return sent
            due = start + frame * period_s + generators[next(iter(generators))].uniform(0, faults.jitter_s)
            queues = [
                (addresses[view], list(faulty(packets, faults, generators[view]))) for view, packets in frames.items()
            ]
            # the boards send side by side, over half of the time that a frame has
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
