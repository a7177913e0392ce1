import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_radar.test_packet_dumps import CONFIG, FRAMES, OTHER_SAMPLES, SAMPLES, datagram, dump, other_packets, packets

from mmradar.radar import FrameAssembler, read_packets
from mmradar.radar.packets import MOST_DELAY, PACKET_BYTES

SIZE = CONFIG.frame_bytes


def push_all(assembler, content):
    return [frame for packet in content for frame in assembler.push(datagram(*packet))]


def frames_with_gaps(samples, lost):
    """Every frame of which something is there, as (number, bytes with zeros, gaps)."""
    content, there = bytearray(samples), bytearray(b'\1' * len(samples))
    for start in lost:
        content[start : start + PACKET_BYTES] = bytes(len(content[start : start + PACKET_BYTES]))
        there[start : start + PACKET_BYTES] = bytes(len(there[start : start + PACKET_BYTES]))
    found = []
    for number in range(len(samples) // SIZE):
        marks = there[number * SIZE : (number + 1) * SIZE]
        gaps, place = [], marks.find(0)
        while place >= 0:
            end = marks.find(1, place) if 1 in marks[place:] else SIZE
            gaps.append((place, end - place))
            place = marks.find(0, end)
        if any(marks):
            found.append((number, bytes(content[number * SIZE : (number + 1) * SIZE]), gaps))
    return found


def as_tuples(frames, recording=0):
    return [(frame.number, frame.samples.tobytes(), frame.lost) for frame in frames if frame.recording == recording]


def test_a_frame_comes_with_its_last_packet():
    assembler = FrameAssembler(SIZE)
    ends = [number * SIZE for number in range(1, FRAMES + 1)]
    for number, count, data in packets():
        found = assembler.push(datagram(number, count, data))
        assert [frame.number for frame in found] == [
            place for place, end in enumerate(ends) if count < end <= count + len(data)
        ]
        assert all(frame.samples.tobytes() == SAMPLES[frame.number * SIZE :][:SIZE] for frame in found)
    assert assembler.finish() == []
    assert assembler.counts.packets == len(packets())


streams = st.fixed_dictionaries(
    dict(
        delays=st.lists(st.floats(0, 1, exclude_max=True), min_size=22, max_size=22),
        bound=st.integers(1, 22),
        lost=st.sets(st.integers(0, 21), max_size=8),
        again=st.lists(st.tuples(st.integers(0, 21), st.integers(1, 3)), max_size=4),
    )
)


def arrivals(delays, bound, lost, again):
    """Packets as they come: each at most ``bound`` numbers late, some not at all, some twice."""
    late = [place + bound * delay for place, delay in enumerate(delays)]
    content = [packets()[place] for place in sorted(range(22), key=late.__getitem__) if place not in lost]
    for place, behind in again:
        place = min(place, len(content) - 1)
        content.insert(place + behind, content[place])
    return content


@settings(max_examples=200, deadline=None)
@given(stream=streams)
def test_whatever_the_network_does_within_its_bound_frames_are_right(stream):
    assembler = FrameAssembler(SIZE, max_delay=stream['bound'])
    content = arrivals(**stream)
    frames = push_all(assembler, content) + assembler.finish()
    lost = [packets()[place][1] for place in stream['lost']]
    assert as_tuples(frames) == frames_with_gaps(SAMPLES, lost) and len({frame.recording for frame in frames}) == 1
    counts = assembler.counts
    assert (counts.packets, counts.late) == (22 - len(lost), 0)
    assert counts.duplicates == len(stream['again']) and assembler.strays == assembler.ignored == 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=streams, second=st.booleans())
def test_pushing_and_reading_a_dump_agree(tmp_path, stream, second):
    content = arrivals(**stream) + (other_packets() if second else [])
    assembler = FrameAssembler(SIZE, max_delay=MOST_DELAY)
    frames = push_all(assembler, content) + assembler.finish()
    for recording in range(1 + second):
        found = read_packets(dump(tmp_path, content), recording=recording)
        received = bytearray(FRAMES * SIZE)
        for frame in frames:
            if frame.recording == recording:
                received[frame.number * SIZE : (frame.number + 1) * SIZE] = frame.samples.tobytes()
        end = found.first_byte + len(found.samples)
        assert received[found.first_byte : end] == found.samples.tobytes()
        assert not any(received[: found.first_byte]) and not any(received[end:])
    assert {frame.recording for frame in frames} == set(range(1 + second))
    counts = assembler.counts
    assert (counts.packets, counts.out_of_order, counts.duplicates) == (
        found.packets,
        found.out_of_order,
        found.duplicates,
    )


def test_what_comes_too_late_is_lost_and_counted():
    assembler = FrameAssembler(SIZE, max_delay=4)
    content = packets()
    late = content.pop(4)  # of frames 1 and 2
    content.insert(12, late)
    frames = push_all(assembler, content) + assembler.finish()
    assert as_tuples(frames) == frames_with_gaps(SAMPLES, [late[1]])
    assert assembler.counts.late == 1


def test_frames_wait_for_a_missing_packet_as_long_as_they_were_told():
    content = packets()
    content[5:6] = []
    assembler = FrameAssembler(SIZE, max_delay=6)
    found = [len(assembler.push(datagram(*packet))) for packet in content]
    assert sum(found[:11]) == 2  # 0 and 1; frames 2 and on wait for packet number 6
    assert found[11] >= 2  # the sixth after the first that waits, number 7


def test_a_stream_joined_in_the_middle_of_a_frame():
    content = packets()[3:]  # byte 4,368, in frame 1
    assembler = FrameAssembler(SIZE, max_delay=6)
    assert push_all(assembler, content[:6]) == []  # an earlier packet may still come
    frames = push_all(assembler, content[6:]) + assembler.finish()
    assert as_tuples(frames) == frames_with_gaps(SAMPLES, [0, PACKET_BYTES, 2 * PACKET_BYTES])
    assert (frames[0].number, frames[0].lost) == (1, [(0, 4368 - SIZE)])


@pytest.mark.parametrize('stopped_after', [22, 8])
def test_a_card_that_counts_anew_begins_another_recording(stopped_after):
    assembler = FrameAssembler(SIZE)
    frames = push_all(assembler, packets()[:stopped_after])
    frames += push_all(assembler, other_packets()) + assembler.finish()
    lost = [count for _, count, _ in packets()[stopped_after:]]
    assert as_tuples(frames) == frames_with_gaps(SAMPLES, lost)
    assert as_tuples(frames, 1) == frames_with_gaps(OTHER_SAMPLES, [])
    assert len(push_all(assembler, packets())) == FRAMES  # after its end, too


def test_garbage_between_packets_changes_nothing():
    rng = random.Random(0)
    assembler = FrameAssembler(SIZE)
    frames = []
    for packet in packets():
        frames += assembler.push(datagram(*packet))
        for size in (0, 10, 40, 1467, 9000):
            frames += assembler.push(rng.randbytes(size))
    assert as_tuples(frames) == frames_with_gaps(SAMPLES, [])
    assert (assembler.ignored, assembler.strays) == (4 * 22, 22)


def test_frames_of_a_long_outage_are_left_out():
    far = 10**9 * SIZE
    assembler = FrameAssembler(SIZE)
    frames = push_all(assembler, packets()[:10])
    outage = [(number + 7, far + count, data) for number, count, data in packets()]
    frames += push_all(assembler, outage) + assembler.finish()
    numbers = [frame.number for frame in frames]
    assert numbers == [0, 1, 2, 3, 4, *range(10**9, 10**9 + FRAMES)]
    assert frames[4].lost == [(10 * PACKET_BYTES - 4 * SIZE, 5 * SIZE - 10 * PACKET_BYTES)]
    assert b''.join(frame.samples.tobytes() for frame in frames[5:]) == SAMPLES


def test_what_is_held_does_not_grow():
    assembler, count = FrameAssembler(540 * PACKET_BYTES), 40_000
    tracemalloc.start()
    for place in range(count):  # 58 MB
        if place % 7:
            assembler.push(datagram(place + 1, place * PACKET_BYTES, bytes(PACKET_BYTES)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert assembler.counts.packets > count // 7 * 6 - 100
    assert peak < 6e6, peak


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(
                lambda place, by, size: datagram(
                    (place + 1) % 2**32, place * PACKET_BYTES + by, bytes([size % 256]) * size
                ),
                st.one_of(st.integers(0, 30), st.integers(0, 2**36)),
                st.integers(-2, 2).map(lambda by: max(by, 0)),
                st.sampled_from([1, 7, 1456]),
            ),
        )
    ),
    st.integers(0, 10),
)
def test_any_datagrams_give_frames(content, max_delay):
    assembler = FrameAssembler(SIZE, max_delay)
    frames = [frame for each in content for frame in assembler.push(each)] + assembler.finish()
    assert [(frame.recording, frame.number) for frame in frames] == sorted(
        {(frame.recording, frame.number) for frame in frames}
    )
    for frame in frames:
        assert frame.samples.nbytes == SIZE and sum(size for _, size in frame.lost) < SIZE
        for offset, size in frame.lost:
            assert not frame.samples[offset : offset + size].any()
