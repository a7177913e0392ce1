import struct
import subprocess
import sys
from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_radar.capture_files import ethernet, fragments, ipv4, pcap, pcapng

from conftest import REPOSITORY, SHARED_DATA
from mmradar.radar import ADCFileError, RadarConfig, open_packets, read_packets
from mmradar.radar.packets import PACKET_BYTES

# 3,072 bytes a frame: a little more than two packets
CONFIG = RadarConfig(num_loops=2, num_samples=32)
FRAMES = 10
SAMPLES = np.random.default_rng(0).integers(-2000, 2000, FRAMES * CONFIG.frame_bytes // 2).astype('<i2').tobytes()


def packets():
    return [
        (number, offset, SAMPLES[offset : offset + PACKET_BYTES])
        for number, offset in enumerate(range(0, len(SAMPLES), PACKET_BYTES), 1)
    ]


def studio(number, count, data):
    return struct.pack('<II', number, len(data)) + count.to_bytes(6, 'little') + data


def datagram(number, count, data):
    return struct.pack('<I', number) + count.to_bytes(6, 'little') + data


def dump(tmp_path, content, form=studio):
    path = tmp_path / 'adc_data_Raw_0.bin'
    path.write_bytes(b''.join(form(*packet) for packet in content))
    return path


CARD, OTHER_CARD, HOST = '192.168.33.180:4096', '192.168.33.181:4096', '192.168.33.30:4098'


def captured(tmp_path, *cards):
    """A capture of cards' packets as (source, packets), which came in turn, with a packet of something else."""
    frames = [ethernet(ipv4('192.168.33.180:4096', '192.168.33.30:4096', b'command reply, 12'))]
    for turn in zip_longest(*[those for _, those in cards]):
        frames += [ethernet(ipv4(card[0], HOST, datagram(*packet))) for card, packet in zip(cards, turn) if packet]
    path = tmp_path / 'capture.pcap'
    path.write_bytes(pcap(frames))
    return path


def wireshark(tmp_path, content):
    return captured(tmp_path, (CARD, content))


@pytest.mark.parametrize('form', [studio, datagram, 'wireshark'])
def test_whole_dumps_give_the_samples(tmp_path, form):
    path = wireshark(tmp_path, packets()) if form == 'wireshark' else dump(tmp_path, packets(), form)
    stream = read_packets(path)
    assert stream.samples.tobytes() == SAMPLES
    assert (stream.packets, stream.lost, stream.out_of_order, stream.duplicates) == (len(packets()), [], 0, 0)
    recording = open_packets(path, CONFIG, num_frames=FRAMES)
    assert recording.raw().tobytes() == SAMPLES and recording.notes == ()


@pytest.mark.parametrize('form', [studio, datagram])
def test_lost_packets_are_reported_filled_or_dropped(tmp_path, form):
    content = packets()
    del content[9:11]  # bytes 13,104 to 16,016: frames 4 and 5
    path = dump(tmp_path, content, form)
    stream = read_packets(path)
    assert stream.lost == [(13_104, 2 * PACKET_BYTES)] and stream.lost_bytes == 2912
    with pytest.raises(ADCFileError, match=r'2,912 bytes in 1 gaps, the first at byte 13,104 \(frame 4\)'):
        open_packets(path, CONFIG)
    filled = open_packets(path, CONFIG, num_frames=FRAMES, on_error='zero')
    expected = bytearray(SAMPLES)
    expected[13_104:16_016] = bytes(2912)
    assert filled.raw().tobytes() == bytes(expected) and 'filled with zeros' in filled.notes[0]
    dropped = open_packets(path, CONFIG, num_frames=FRAMES, on_error='drop')
    assert len(dropped) == 8 and dropped.dropped_frames == 2 and '2 frames are left out: 4, 5' in dropped.notes[-1]
    frame = CONFIG.frame_bytes
    assert dropped.raw().tobytes() == SAMPLES[: 4 * frame] + SAMPLES[6 * frame :]
    assert filled.missing_frames == () and dropped.missing_frames == (4, 5)
    late = open_packets(dump(tmp_path, content[7:], form), CONFIG, on_error='drop')  # from byte 10,192 on, in frame 3
    assert late.raw().tobytes() == SAMPLES[6 * frame :] and late.missing_frames == (0, 1, 2, 3, 4, 5)
    end_lost = open_packets(dump(tmp_path, content[:9], form), CONFIG, on_error='drop')
    assert len(end_lost) == 4 and end_lost.missing_frames == ()


def test_packets_out_of_order_and_twice(tmp_path):
    content = packets()
    content[3], content[4] = content[4], content[3]
    content.insert(8, content[7])
    stream = read_packets(dump(tmp_path, content))
    assert stream.samples.tobytes() == SAMPLES
    assert (stream.out_of_order, stream.duplicates) == (1, 1)


def test_a_dump_that_begins_late_begins_with_the_next_whole_frame(tmp_path):
    path = dump(tmp_path, packets()[3:])  # byte 4,368, in frame 1
    with pytest.raises(ADCFileError, match=r'the first at byte 0 \(frame 0\)'):
        open_packets(path, CONFIG)
    recording = open_packets(path, CONFIG, on_error='drop')
    assert recording.raw().tobytes() == SAMPLES[2 * CONFIG.frame_bytes :]


def test_a_dump_that_is_cut_off(tmp_path):
    path = dump(tmp_path, packets())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ADCFileError, match='not a whole number of frames'):
        open_packets(path, CONFIG)
    assert len(open_packets(path, CONFIG, on_error='drop')) == FRAMES - 1


def test_what_is_no_dump(tmp_path):
    path = tmp_path / 'dump.bin'
    with pytest.raises(FileNotFoundError, match='no dump of packets'):
        read_packets(path)
    path.touch()
    with pytest.raises(ADCFileError, match='no packet of a DCA1000 in 0 bytes'):
        read_packets(path)
    path.write_bytes(SAMPLES)
    with pytest.raises(ADCFileError, match='expected a packet at offset 0'):
        read_packets(path)
    twice = dump(tmp_path, packets() + [(n + 5, count, data) for n, count, data in packets()])
    with pytest.raises(ADCFileError, match='two recordings in one dump'):
        read_packets(twice)
    far = dump(tmp_path, [*packets(), (99, 2**40 - 2**40 % PACKET_BYTES, b'\1' * 100)])
    with pytest.raises(ADCFileError, match='more than half is lost'):
        read_packets(far)
    with pytest.raises(ValueError, match="one of 'raise', 'zero', 'drop', found 'fill'"):
        open_packets(far, CONFIG, on_error='fill')


def test_a_capture_of_something_else(tmp_path):
    path = tmp_path / 'capture.pcapng'
    path.write_bytes(bytes.fromhex('0a0d0d0a') + b'\7' * 50)
    with pytest.raises(ADCFileError, match='cannot be read as a capture'):
        read_packets(path)
    with pytest.raises(
        ADCFileError, match='no packet of a DCA1000 to UDP port 4098 .* found 1 UDP datagrams to port 4096'
    ):
        read_packets(wireshark(tmp_path, []))
    path.write_bytes(pcap([]))
    with pytest.raises(ADCFileError, match='found no UDP datagram at all'):
        read_packets(path)


# Several cards, several recordings

OTHER_SAMPLES = np.random.default_rng(1).integers(-2000, 2000, len(SAMPLES) // 2).astype('<i2').tobytes()


def other_packets():
    return [(number, count, OTHER_SAMPLES[count : count + PACKET_BYTES]) for number, count, _ in packets()]


@pytest.mark.parametrize('lost', [[], [3, 4], [0]])
def test_cards_of_one_capture_are_told_apart(tmp_path, lost):
    """Where one card's packet is lost, no other card's takes its place."""
    held = [packet for number, packet in enumerate(packets()) if number not in lost]
    path = captured(tmp_path, (CARD, held), (OTHER_CARD, other_packets()))
    message = (
        rf"packets of 2 cards to UDP port 4098; found '192.168.33.180' \({len(held)} packets\), '192.168.33.181' "
        r"\(22 packets\). Choose one with source='192.168.33.180'"
    )
    with pytest.raises(ADCFileError, match=message):
        read_packets(path)
    first, second = (read_packets(path, source=source) for source in ('192.168.33.180', '192.168.33.181:4096'))
    assert second.samples.tobytes() == OTHER_SAMPLES and (second.lost, second.duplicates) == ([], 0)
    assert first.packets == len(held) and first.duplicates == 0
    assert first.lost_bytes + first.first_byte == PACKET_BYTES * len(lost)
    recording = open_packets(path, CONFIG, num_frames=FRAMES, source='192.168.33.181')
    assert recording.raw().tobytes() == OTHER_SAMPLES
    with pytest.raises(
        ADCFileError, match=r"no packet from '192.168.33.18' .*found '192.168.33.180' \(.*'192.168.33.181'"
    ):
        read_packets(path, source='192.168.33.18')


@pytest.mark.parametrize(
    'other, choice',
    [
        ('192.168.33.180:4100', '192.168.33.180:4100'),  # one address, two ports
        ('192.168.34.180:4096', '192.168.34.180'),
    ],
)
def test_what_is_shortest_tells_cards_apart(tmp_path, other, choice):
    path = captured(tmp_path, (CARD, packets()), (other, other_packets()))
    with pytest.raises(ADCFileError, match=f"'{choice}' .22 packets"):
        read_packets(path)
    assert read_packets(path, source=choice).samples.tobytes() == OTHER_SAMPLES


def test_cards_of_one_address_at_two_interfaces(tmp_path):
    """As cards come from the factory."""
    frames = [
        (interface, ethernet(ipv4(CARD, HOST, datagram(*packet))))
        for both in zip(packets(), other_packets())
        for interface, packet in enumerate(both)
    ]
    path = tmp_path / 'capture.pcapng'
    path.write_bytes(pcapng(frames, (1, 1)))
    choice = '192.168.33.180:4096 to 192.168.33.30:4098, interface 1'
    with pytest.raises(ADCFileError, match=f"packets of 2 cards.*'{choice}' .22 packets"):
        read_packets(path)
    with pytest.raises(ADCFileError, match='packets of 2 cards'):
        read_packets(path, source='192.168.33.180')
    assert read_packets(path, source=choice).samples.tobytes() == OTHER_SAMPLES


def test_other_ports(tmp_path):
    frames = [ethernet(ipv4(CARD, '192.168.33.30:5001', datagram(*packet))) for packet in packets()]
    path = tmp_path / 'capture.pcap'
    path.write_bytes(pcap(frames))
    with pytest.raises(ADCFileError, match='port 4098 .*found 22 UDP datagrams to port 5001. .*chosen with port='):
        read_packets(path)
    assert read_packets(path, port=5001).samples.tobytes() == SAMPLES
    assert open_packets(path, CONFIG, port=5001).raw().tobytes() == SAMPLES
    for choice in (dict(port=4098), dict(source='192.168.33.180')):
        with pytest.raises(ADCFileError, match='source and port choose packets of a capture'):
            read_packets(dump(tmp_path, packets()), **choice)


def test_a_network_that_is_not_read_is_named(tmp_path):
    path = tmp_path / 'capture.pcap'
    path.write_bytes(pcap([bytes(100)] * 3, link=105))
    with pytest.raises(ADCFileError, match=r'found 3 frames of link type 105 \(IEEE 802.11\), which are not supported'):
        read_packets(path)


def test_packets_that_the_capture_cut_are_not_taken_for_whole_ones(tmp_path):
    path = tmp_path / 'capture.pcap'
    path.write_bytes(pcap([ethernet(ipv4(CARD, HOST, datagram(*packet))) for packet in packets()], snapshot=96))
    with pytest.raises(ADCFileError, match='a packet from 192.168.33.180:4096 lacks its last 1,412 bytes'):
        read_packets(path)


def test_packets_in_fragments(tmp_path):
    frames = [
        ethernet(piece) for packet in packets() for piece in fragments(CARD, HOST, datagram(*packet), packet[0], [976])
    ]
    path = tmp_path / 'capture.pcap'
    path.write_bytes(pcap(frames))
    assert read_packets(path).samples.tobytes() == SAMPLES
    path.write_bytes(pcap(frames[:9] + frames[10:]))
    assert read_packets(path).lost == [(4 * PACKET_BYTES, PACKET_BYTES)]


@pytest.mark.parametrize('form', [studio, 'wireshark'])
@pytest.mark.parametrize(
    'first, second',
    [
        (packets(), packets()),  # the same again, as of a board that sees nothing
        (packets(), other_packets()),
        (packets(), other_packets()[:2]),
        (packets()[:2], other_packets()),
        (packets()[1:], other_packets()),  # the second must not fill the first one's gaps
        (packets()[:9] + packets()[12:], other_packets()[1:]),
        ([packet for packet in packets() if packet[0] not in (1, 2, 7)], other_packets()),
        (packets(), other_packets()[5:]),
    ],
)
def test_recordings_of_one_dump_are_told_apart(tmp_path, form, first, second):
    path = wireshark(tmp_path, first + second) if form == 'wireshark' else dump(tmp_path, first + second, form)
    message = (
        rf'two recordings in one dump.* recording 0: {len(first)} packets, numbers {first[0][0]} to {first[-1][0]}; '
        rf'recording 1: {len(second)} packets, numbers {second[0][0]} to {second[-1][0]}. .*recording=0'
    )
    with pytest.raises(ADCFileError, match=message):
        read_packets(path)
    for number, those in enumerate((first, second)):
        stream = read_packets(path, recording=number)
        assert (stream.packets, stream.duplicates, stream.out_of_order) == (len(those), 0, 0)
        for _, count, data in those:
            start = count - stream.first_byte
            assert stream.samples[start : start + len(data)].tobytes() == data
    if second == packets():
        assert open_packets(path, CONFIG, recording=1).raw().tobytes() == SAMPLES
    with pytest.raises(ADCFileError, match='there is no recording 2; found recording 0'):
        read_packets(path, recording=2)


def test_a_recording_that_is_joined_late_and_one_after_it(tmp_path):
    """No packet comes again, but none is late by so many."""
    late = [(5000 + number, 4999 * PACKET_BYTES + count, data) for number, count, data in packets()]
    path = dump(tmp_path, late + other_packets())
    with pytest.raises(ADCFileError, match='two recordings in one dump'):
        read_packets(path)
    assert read_packets(path, recording=1).samples.tobytes() == OTHER_SAMPLES


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(22)), again=st.lists(st.integers(0, 21), max_size=4))
def test_one_recording_in_any_order_is_one(tmp_path, order, again):
    for place in again:
        order = [*order[:place], order[place], *order[place:]]  # twice, one behind the other
    stream = read_packets(dump(tmp_path, [packets()[number] for number in order]))
    assert stream.samples.tobytes() == SAMPLES and stream.duplicates == len(again)


def test_two_cards_in_a_dump_without_addresses_are_not_mixed(tmp_path):
    mixed = [packet for both in zip(packets(), other_packets()) for packet in both]
    with pytest.raises(ADCFileError, match='two recordings in one dump.*may be two cards in one dump'):
        read_packets(dump(tmp_path, mixed))


def test_the_tool_chooses(tmp_path):
    path = captured(tmp_path, (CARD, packets()), (OTHER_CARD, other_packets() + packets()))

    out = tmp_path / 'new' / 'adc_data.bin'
    command = [sys.executable, 'tools/reorder_packets.py', str(path), str(out)]
    choice = ['--source', '192.168.33.181', '--recording', '1', '--port', '4098']
    done = subprocess.run([*command, *choice], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == SAMPLES


def test_shared_captures():
    cases = SHARED_DATA.parent / 'cases' / 'packets'
    if not cases.is_dir():
        pytest.skip(f'no captures at {cases}')
    with pytest.raises(ADCFileError, match="'192.168.33.180' .34 packets., '192.168.33.181' .34 packets"):
        read_packets(cases / 'two.pcap')
    both = [read_packets(cases / 'two.pcap', source=f'192.168.33.18{last}') for last in (0, 1)]
    assert [(s.packets, s.duplicates, s.lost) for s in both] == [(34, 0, [])] * 2
    assert (both[0].samples != both[1].samples).mean() > 0.5
    assert read_packets(cases / 'sll.pcap').samples.tobytes() == both[0].samples.tobytes()


headers = st.tuples(
    st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 100, 1456, 1457, 2**31]), st.integers(0, 2**48 - 1)
).map(lambda h: struct.pack('<II', *h[:2]) + h[2].to_bytes(6, 'little'))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.one_of(headers, st.binary(max_size=60), st.just(bytes(1456)), st.just(b'\xd4\xc3\xb2\xa1'))),
    changes=st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=4),
    good=st.booleans(),
    on_error=st.sampled_from(['raise', 'zero', 'drop']),
)
def test_any_bytes_give_frames_or_our_own_error(tmp_path, parts, changes, good, on_error):
    content = bytearray(b''.join(studio(*packet) for packet in packets()) if good else b''.join(parts))
    for place, value in changes:
        if place < len(content):
            content[place] = value
    path = tmp_path / 'dump.bin'
    path.write_bytes(content)
    try:
        recording = open_packets(path, CONFIG, on_error=on_error)
    except ADCFileError as error:
        assert 'dump.bin' in str(error)
        return
    assert recording.raw().nbytes == len(recording) * CONFIG.frame_bytes <= 2 * len(content)
