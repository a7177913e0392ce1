import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def wireshark(tmp_path, content):
    """A capture as of an Ethernet card, with a packet of something else in it."""
    dpkt = pytest.importorskip('dpkt', reason='dpkt is not installed: captures of Wireshark cannot be read')
    path = tmp_path / 'capture.pcap'
    with path.open('wb') as file:
        writer = dpkt.pcap.Writer(file)
        for port, payload in [(4096, b'command reply, 12')] + [(4098, datagram(*packet)) for packet in content]:
            udp = dpkt.udp.UDP(sport=port, dport=port, data=payload, ulen=8 + len(payload))
            ip = dpkt.ip.IP(src=b'\xc0\xa8!\xb4', dst=b'\xc0\xa8!\x1e', p=17, data=udp, len=28 + len(payload))
            writer.writepkt(bytes(dpkt.ethernet.Ethernet(data=ip)))
    return path


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
    pytest.importorskip('dpkt', reason='dpkt is not installed: captures of Wireshark cannot be read')
    path = tmp_path / 'capture.pcapng'
    path.write_bytes(bytes.fromhex('0a0d0d0a') + b'\7' * 50)
    with pytest.raises(ADCFileError, match='cannot be read as a capture'):
        read_packets(path)
    with pytest.raises(ADCFileError, match='no packet of a DCA1000'):
        read_packets(wireshark(tmp_path, []))


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
