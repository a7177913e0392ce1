from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_radar.capture_files import LINKS, block, ethernet, fragments, ipv4, pcap, pcapng

from conftest import SHARED_DATA
from mmradar.radar import ADCFileError
from mmradar.radar.captures import read_datagrams

CARD, HOST = '192.168.33.180:4096', '192.168.33.30:4098'
PAYLOADS = [bytes([number]) * (20 + number) for number in range(5)]
PACKETS = [ipv4(CARD, HOST, payload) for payload in PAYLOADS]
FRAMES = [ethernet(packet) for packet in PACKETS]


def read(tmp_path, content):
    """What each datagram carries, and what was not read."""
    path = tmp_path / 'capture'
    path.write_bytes(content)
    unread = Counter()
    found = list(read_datagrams(path, unread))
    assert {(d.source, d.destination, d.port) for d in found} <= {(CARD, HOST, 4098)}
    assert all(d.missing == 0 for d in found)
    return [bytes(d.data) for d in found], unread


@pytest.mark.parametrize('link', LINKS)
def test_link_types(tmp_path, link):
    frames = [LINKS[link](packet) for packet in PACKETS]
    assert read(tmp_path, pcap(frames, link)) == (PAYLOADS, {})
    assert read(tmp_path, pcapng([(0, frame) for frame in frames], (link,))) == (PAYLOADS, {})


@pytest.mark.parametrize('order', '<>')
@pytest.mark.parametrize('magic', [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34])
def test_pcap_of_either_order_and_any_clock(tmp_path, order, magic):
    assert read(tmp_path, pcap(FRAMES, 1, order, magic)) == (PAYLOADS, {})


@pytest.mark.parametrize('order', '<>')
@pytest.mark.parametrize('kind', [2, 3, 6])
def test_pcapng_of_either_order_and_any_block(tmp_path, order, kind):
    content = pcapng([(0, frame) for frame in FRAMES], (1,), order, kind)
    assert read(tmp_path, content) == (PAYLOADS, {})
    other = pcapng([(0, PACKETS[0])], (101,), '<>'[order == '<'])  # a second section, of its own order and interfaces
    assert read(tmp_path, content + other) == ([*PAYLOADS, PAYLOADS[0]], {})


def test_interfaces_of_differing_links(tmp_path):
    """Ethernet, radiotap, raw IP and cooked in one file: what is not read is counted."""
    content = pcapng(
        [(0, FRAMES[0]), (1, b'\0' * 90), (2, PACKETS[1]), (1, b'\0' * 90), (3, LINKS[276](PACKETS[2]))],
        (1, 127, 101, 276),
    )
    expected = {'frames of link type 127 (IEEE 802.11 with a radiotap header)': 2}
    assert read(tmp_path, content) == (PAYLOADS[:3], expected)
    assert [d.interface for d in read_datagrams(tmp_path / 'capture')] == [0, 2, 3]  # cooked frames say their own


@pytest.mark.parametrize('tags', [[(0x8100, 5)], [(0x88A8, 7), (0x8100, 5)], [(0x9100, 7), (0x8100, 5)]])
def test_virtual_lans(tmp_path, tags):
    assert read(tmp_path, pcap([ethernet(packet, tags) for packet in PACKETS])) == (PAYLOADS, {})


def test_other_traffic_is_passed_over(tmp_path):
    arp = b'\2' * 12 + b'\x08\x06' + bytes(46)
    tcp = bytearray(FRAMES[0])
    tcp[14 + 9] = 6
    ipv6 = b'\2' * 12 + b'\x86\xdd' + b'\x60' + bytes(60)
    assert read(tmp_path, pcap([arp, FRAMES[0], bytes(tcp), ipv6, FRAMES[1]])) == (PAYLOADS[:2], {})
    cut = [FRAMES[0][:size] for size in (5, 13, 20, 38)]
    assert read(tmp_path, pcap([*cut, FRAMES[0]])) == (PAYLOADS[:1], {'frames that end within their headers': 4})


def test_a_packet_whose_length_the_network_card_was_to_fill_in(tmp_path):
    packet = ipv4(CARD, HOST, b'x' * 100, length=0)
    assert read(tmp_path, pcap([ethernet(packet)])) == ([b'x' * 100], {})


def test_a_snapshot_length_leaves_bytes_out(tmp_path):
    path = tmp_path / 'capture'
    path.write_bytes(pcap([ethernet(ipv4(CARD, HOST, bytes(range(100))))], snapshot=96))
    (datagram,) = read_datagrams(path)
    assert datagram.missing == 100 - 54 and bytes(datagram.data) == bytes(range(54))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 60).map(lambda n: 8 * n), min_size=1, max_size=4), data=st.data())
def test_fragments_are_put_together(tmp_path, sizes, data):
    """In any order, those of several datagrams mixed."""
    payloads = [bytes([65 + number]) * 2000 for number in range(3)]
    pieces = [
        ethernet(piece)
        for number, payload in enumerate(payloads)
        for piece in fragments(CARD, HOST, payload, number, sizes)
    ]
    found, unread = read(tmp_path, pcap(data.draw(st.permutations(pieces))))
    assert sorted(found) == payloads and not unread


def test_lost_fragments_are_told_and_not_mixed_with_later_ones(tmp_path):
    old, new = (fragments(CARD, HOST, bytes([number]) * 2000, 7, [1480]) for number in (1, 2))
    assert read(tmp_path, pcap([ethernet(old[0])])) == ([], {'datagrams that lack fragments': 1})
    between = [FRAMES[0]] * 1001  # identifiers come again
    frames = [ethernet(old[1]), *between, *map(ethernet, new)]
    found, unread = read(tmp_path, pcap(frames))
    assert found == [PAYLOADS[0]] * 1001 + [b'\2' * 2000] and not unread


def test_what_the_end_of_the_file_cuts_off_is_left_out(tmp_path):
    for content in (pcap(FRAMES), pcapng([(0, frame) for frame in FRAMES])):
        assert read(tmp_path, content[:-5]) == (PAYLOADS[:-1], {})


@pytest.mark.parametrize(
    'content, message',
    [
        (b'hello world', "expected a capture, pcap or pcapng; found a file that begins with b'hell'"),
        (b'', "found a file that begins with b''"),
        (pcap([])[:20], 'at offset 0, expected a header of 24 bytes, found 20'),
        (pcap([]) + b'\xff' * 16, 'at offset 24, expected a frame of at most 262,144 bytes, found 4,294,967,295'),
        (pcapng([])[:8] + b'\7' * 20, 'at offset 0, expected a mark of the byte order, found 07 07 07 07'),
        (pcapng([]) + b'\6\0\0\0' + b'\5\0\0\0' * 3, 'at offset 72, expected a block of 12 to .* bytes, found 5'),
        (pcapng([(1, FRAMES[0])]), 'at offset 72, found a block that is not whole or of an unknown interface'),
        (pcapng([]) + block(6, b'\0' * 8), 'at offset 72, found a block that is not whole'),
        (pcapng([]) + block(5, b'')[:8] + b'\1\1\1\1', 'a block of 12 bytes that does not end with this number'),
    ],
)
def test_what_is_damaged_is_said(tmp_path, content, message):
    with pytest.raises(ADCFileError, match=f'capture.*{message}'):
        read(tmp_path, content)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 700),
    form=st.sampled_from([pcap(FRAMES), pcap(FRAMES, 1, '>'), pcapng([(0, frame) for frame in FRAMES])]),
)
def test_any_bytes_give_datagrams_or_our_own_error(tmp_path, changes, cut, form):
    content = bytearray(form)
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path / 'capture'
    path.write_bytes(content[: len(content) - cut])
    try:
        found = list(read_datagrams(path))
    except ADCFileError as error:
        assert str(path) in str(error)
        return
    assert sum(len(datagram.data) for datagram in found) <= len(content)


@pytest.mark.parametrize('writer', ['pcap', 'pcapng'])
def test_what_another_package_writes(tmp_path, writer):
    dpkt = pytest.importorskip('dpkt', reason='dpkt is not installed: no captures are written with it')
    path = tmp_path / 'capture'
    with path.open('wb') as file:
        out = getattr(dpkt, writer).Writer(file)
        for payload in PAYLOADS:
            udp = dpkt.udp.UDP(sport=4096, dport=4098, data=payload, ulen=8 + len(payload))
            ip = dpkt.ip.IP(src=b'\xc0\xa8!\xb4', dst=b'\xc0\xa8!\x1e', p=17, data=udp, len=28 + len(payload))
            out.writepkt(bytes(dpkt.ethernet.Ethernet(data=ip)), ts=1.0)
    assert read(tmp_path, path.read_bytes()) == (PAYLOADS, {})


def test_a_recorded_frame():
    """Ten and more data packets among replies to commands, of a DCA1000."""
    path = SHARED_DATA / 'dca1000_pcap' / 'test_one_frame.pcap'
    if not path.is_file():
        pytest.skip(f'no recorded capture at {path}')
    found = [datagram for datagram in read_datagrams(path) if datagram.port == 4098]
    assert len(found) == 12 and len({datagram.source for datagram in found}) == 1
    assert np.array_equal([int.from_bytes(datagram.data[:4], 'little') for datagram in found], np.arange(1, 13))
