"""Real datagrams over loopback: what is sent of a recording comes out as its frames."""

import queue
import random
import socket
import threading
import time

import numpy as np
import pytest

from conftest import SMALL_PLAN
from mmradar.capture import (
    BoardReceiver,
    CaptureError,
    FramePairer,
    LiveBoardFrame,
    NetworkFaults,
    datagrams_of,
    faulty,
    replay,
)
from mmradar.errors import ConfigError
from mmradar.radar import RawRecording, open_recording, read_packets

RADAR = SMALL_PLAN.radar_config
VIEWS = ('hori', 'vert')


@pytest.fixture
def recordings(simulated_root):
    return {view: open_recording(simulated_root / f'single_7/{view}/adc_data.bin', RADAR) for view in VIEWS}


def received(board, count, timeout_s=5.0):
    return [board.frames.get(timeout=timeout_s) for _ in range(count)]


def test_datagrams_are_a_dca1000_s(recordings, tmp_path):
    """Written one after another they are a dump, which the reader of dumps puts together again."""
    frames = list(datagrams_of(recordings['hori']))
    assert len(frames) == 6 and all(len(d) == 1466 for packets in frames[:-1] for d in packets) and len(frames[5]) == 1
    flat = [datagram for packets in frames for datagram in packets]
    assert sum(len(datagram) - 10 for datagram in flat) == 5 * RADAR.frame_bytes
    (tmp_path / 'dump.bin').write_bytes(b''.join(flat))
    stream = read_packets(tmp_path / 'dump.bin')
    assert not stream.lost and bytes(stream.samples) == (recordings['hori'].path).read_bytes()


def test_a_replay_arrives_whole_and_in_time(recordings):
    done = []
    with BoardReceiver('hori', RADAR, port=0) as hori, BoardReceiver('vert', RADAR, port=0) as vert:
        assert hori.address[0] == '127.0.0.1' and hori.buffer_bytes > 100_000
        start = time.monotonic()
        sent = replay(
            recordings,
            dict(hori=hori.address, vert=vert.address),
            speed=2,
            on_progress=lambda *step: done.append(step),
        )
        took = time.monotonic() - start
        for board in (hori, vert):
            frames = received(board, 5)
            assert [frame.number for frame in frames] == [0, 1, 2, 3, 4] and board.lost_bytes == 0
            for frame in frames:
                np.testing.assert_array_equal(frame.words, recordings[board.view].words([frame.number])[0])
            gaps = np.diff([frame.arrived_s for frame in frames])
            assert 0.15 < gaps.sum() < 1.0  # 4 periods of 50 ms
        assert sent == hori.packets + vert.packets == 2 * sum(map(len, datagrams_of(recordings['hori'])))
    assert done == [(n, 5) for n in range(1, 6)] and took >= 0.24


def test_what_a_bad_network_loses_is_counted(recordings):
    faults = NetworkFaults(loss=0.05, reorder=0.2, jitter_s=0.01, seed=3)
    with BoardReceiver('hori', RADAR, port=0) as board:
        stopping = iter([False] * 40 + [True])
        sent = replay(
            {'hori': recordings['hori']},
            {'hori': board.address},
            speed=10,
            repeat=True,
            faults=faults,
            stop=lambda: next(stopping),
        )
        frames = received(board, 37)
        end = time.monotonic() + 5
        while board.packets < sent and time.monotonic() < end:  # those of the last frames are still on their way
            time.sleep(0.01)
    everything = 40 * RADAR.frame_bytes / 1456
    assert 0.9 * everything < sent < 0.99 * everything and board.packets == sent
    lost = sum(frame.lost_bytes for frame in frames)
    assert 0.02 < lost / (37 * RADAR.frame_bytes) < 0.1 and lost % 8 == 0
    for frame in frames:
        expected = recordings['hori'].words([frame.number % 5])[0]
        share = (frame.words == expected).mean()
        assert (share == 1) == (frame.lost_bytes == 0) and share > 0.7  # what came is at its place


def test_faults_are_repeatable_and_do_what_they_say():
    numbers = [str(n).encode() for n in range(2000)]

    def arrived(**faults):
        return [int(n) for n in faulty(numbers, NetworkFaults(**faults), random.Random(1))]

    assert arrived() == list(range(2000)) and arrived(loss=0.1) == arrived(loss=0.1) != arrived(loss=0.2)
    assert 150 < 2000 - len(arrived(loss=0.1)) < 250
    shuffled = arrived(reorder=0.3, farthest=4)
    assert sorted(shuffled) == list(range(2000)) != shuffled
    assert max(abs(place - number) for place, number in enumerate(shuffled)) <= 4
    for wrong in (dict(loss=1.0), dict(reorder=-0.1), dict(farthest=0), dict(jitter_s=-1)):
        with pytest.raises(ConfigError):
            NetworkFaults(**wrong)


def test_mistakes_are_told_and_sockets_closed(recordings):
    with BoardReceiver('hori', RADAR, port=0) as board:
        port = board.address[1]
        with pytest.raises(CaptureError, match=rf'vert: cannot listen on 127.0.0.1:{port}: '):
            BoardReceiver('vert', RADAR, port=port)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b'no packet', board.address)
        with pytest.raises(queue.Empty):
            board.frames.get(timeout=0.3)
        with pytest.raises(ConfigError, match='speed must be positive'):
            replay({'hori': recordings['hori']}, {'hori': board.address}, speed=0)
        with pytest.raises(ConfigError, match='addresses are for hori, recordings of hori, vert'):
            replay(recordings, {'hori': board.address})
    assert not any('receiver' in thread.name for thread in threading.enumerate())
    with BoardReceiver('vert', RADAR, port=port):
        pass  # the port is free again


def frame(view, arrived_s, number=0):
    return LiveBoardFrame(view, number, arrived_s, np.full((8, 3, 4), number, np.int16), 0)


def paired(pairer, *frames):
    return [(round(f.time_s, 3), sorted(f.words)) for each in frames for f in pairer.push(each)]


def test_frames_that_come_together_belong_together():
    pairer = FramePairer(VIEWS, 0.1)
    frames = [frame(view, n / 10 + (0.03 if view == 'vert' else 0), n) for n in range(4) for view in VIEWS]
    assert paired(pairer, *frames) == [(n / 10, ['hori', 'vert']) for n in range(4)]
    # whichever comes first
    frames = [frame(view, n / 10 + (0.03 if view == 'hori' else 0), n) for n in range(4, 8) for view in VIEWS[::-1]]
    assert paired(pairer, *frames) == [(n / 10, ['hori', 'vert']) for n in range(4, 8)]


def test_a_frame_whose_others_do_not_come_is_alone():
    pairer = FramePairer(VIEWS, 0.1)
    first = paired(pairer, frame('hori', 0, 0), frame('vert', 0.01, 0), frame('hori', 0.1, 1), frame('hori', 0.2, 2))
    assert first == [(0.0, ['hori', 'vert']), (0.1, ['hori'])]  # a period has passed
    assert paired(pairer, frame('vert', 0.21, 2)) == [(0.2, ['hori', 'vert'])]
    # a later one of the other board says that none will come
    assert paired(pairer, frame('hori', 0.3, 3), frame('vert', 0.41, 4)) == [(0.3, ['hori'])]
    assert pairer.due(0.5) == [] and [sorted(f.words) for f in pairer.due(0.52)] == [['vert']]


def test_frames_that_come_late_are_of_the_time_at_which_they_were_recorded():
    """A network that holds frames up by as long as a period confuses nobody."""
    generator = np.random.default_rng(0)
    arrivals = [
        (n / 10 + (0.02 if view == 'vert' else 0) + generator.uniform(0, 0.095), view, n)
        for n in range(200)
        for view in VIEWS
    ]
    pairer, found = FramePairer(VIEWS, 0.1, patience_s=0.3), []
    for arrived_s, view, number in sorted(arrivals):
        found += pairer.push(frame(view, arrived_s, number))
    assert all(len({int(words[0, 0, 0]) for words in f.words.values()}) == 1 for f in found[20:])
    assert sum(len(f.words) == 2 for f in found) > 190
    steps = np.diff([f.time_s for f in found[50:]])
    assert (
        abs(steps - 0.1).max()
        < 0.02
        < np.abs(np.diff(sorted(a for a, view, _ in arrivals if view == 'hori')) - 0.1).max()
    )


def test_a_board_that_begins_anew_is_followed():
    pairer = FramePairer(VIEWS, 0.1)
    for n in range(50):
        paired(pairer, frame('hori', n / 10, n), frame('vert', n / 10 + 0.01, n))
    again = [frame(view, 7 + n / 10 + (0.01 if view == 'vert' else 0), n) for n in range(5) for view in VIEWS]
    assert paired(pairer, *again) == [(7 + n / 10, ['hori', 'vert']) for n in range(5)]


def test_boards_whose_clocks_run_apart_stay_together():
    """50 parts in a million, for half an hour: the frames slide past each other by a period."""
    pairer, found = FramePairer(VIEWS, 0.1), []
    times = sorted(
        [(n * 0.1, 'hori', n) for n in range(18_000)]
        + [(0.02 + n * 0.1 * (1 + 50e-6), 'vert', n) for n in range(18_000)]
    )
    for arrived_s, view, number in times:
        found += pairer.push(frame(view, arrived_s, number))
    both = [f for f in found if len(f.words) == 2]
    assert len(both) > 17_990 and len(found) < 18_010
    assert all(abs(int(f.words['hori'][0, 0, 0]) - int(f.words['vert'][0, 0, 0])) <= 1 for f in both)


def test_memory_does_not_grow_while_nobody_comes(recordings):
    """The other board is silent: frames are handed out alone, none is kept."""
    pairer = FramePairer(VIEWS, 0.1)
    for number in range(100):
        pairer.push(frame('hori', number / 10, number))
    assert sum(map(len, pairer._waiting.values())) <= 2


def test_words_of_a_live_frame_are_a_recording_s(recordings):
    words = recordings['hori'].words([0])
    np.testing.assert_array_equal(RawRecording(words, 'live', RADAR).cube(), recordings['hori'].cube([0]))
