"""Reader of UDP datagrams in network captures: pcap and pcapng, as Wireshark, tcpdump and dumpcap write them.

Formats: IETF drafts of the opsawg working group, draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng; link types:
https://www.tcpdump.org/linktypes.html; IPv4: RFC 791; UDP: RFC 768.

The files are parsed here because no library without a copyleft licence reassembles fragments or reports the interface
at which a frame was captured, which is the only way to tell apart two cards with the same factory address.
"""

from __future__ import annotations

import socket
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmradar.radar.recording import ADCFileError

# First bytes of a pcap file, with its byte order and the bytes in front of each frame.
_PCAP = {
    bytes.fromhex('d4c3b2a1'): ('<', 16),
    bytes.fromhex('a1b2c3d4'): ('>', 16),
    bytes.fromhex('4d3cb2a1'): ('<', 16),  # times in nanoseconds
    bytes.fromhex('a1b23c4d'): ('>', 16),
    bytes.fromhex('34cdb2a1'): ('<', 24),  # Kuznetzov's variant, with the interface after the lengths
    bytes.fromhex('a1b2cd34'): ('>', 24),
}
_PCAPNG = bytes.fromhex('0a0d0d0a')
_PCAPNG_ORDERS = {bytes.fromhex('4d3c2b1a'): '<', bytes.fromhex('1a2b3c4d'): '>'}
CAPTURE_SIGNATURES = (*_PCAP, _PCAPNG)

# Length of the link header in bytes, and offset of the protocol number in it; None where the protocol is always IP.
_ETHERNET, _COOKED_2 = 1, 276
_LINKS: dict[int, tuple[int, int | None]] = {
    0: (4, None),  # loopback of BSD
    _ETHERNET: (14, 12),
    12: (0, None),  # raw IP, which has three numbers
    14: (0, None),
    101: (0, None),
    108: (4, None),  # loopback of OpenBSD
    113: (16, 14),  # Linux cooked, `tcpdump -i any`
    228: (0, None),  # raw IPv4
    _COOKED_2: (20, 0),  # Linux cooked, version 2
}
_OTHER_LINKS = {
    9: 'PPP',
    105: 'IEEE 802.11',
    127: 'IEEE 802.11 with a radiotap header',
    189: 'USB, Linux',
    220: 'USB, Linux, mapped',
    229: 'raw IPv6',
    249: 'USBPcap',
}
_VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
_IPV4 = 0x0800
_UDP = 17
_LARGEST_FRAME, _LARGEST_BLOCK = 2**18, 2**24  # libpcap's limits
_FRAGMENTS_WAIT = 1000  # frames after which fragments are dropped, because identifiers of datagrams are used again

Frame = tuple[int, int, memoryview]  # interface, link type, content


class Datagram(NamedTuple):
    """A UDP datagram.

    Args:
        source: Address and port that sent it, as in ``'192.168.33.180:4096'``.
        destination: Address and port it went to.
        port: Port of the destination.
        interface: Number of the interface it was captured at, if the capture records it; 0 otherwise.
        data: Its payload.
        missing: Bytes missing at its end, because the snapshot length of the capture was shorter than the datagram.
    """

    source: str
    destination: str
    port: int
    interface: int
    data: memoryview
    missing: int


def read_datagrams(path: str | Path, unread: Counter[str] | None = None) -> Iterator[Datagram]:
    """Yield the UDP datagrams over IPv4 in the order of the file.

    A fragmented datagram comes with the fragment that completes it. A frame that the end of the file cuts off is left
    out.

    Args:
        path: The capture.
        unread: Counter to which the number of unreadable items, such as frames of unsupported networks, is added by
            description.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: The file is not a capture, or is damaged; the message gives the offset.
    """
    path = Path(path)
    unread = Counter() if unread is None else unread
    content = np.memmap(path, np.uint8, 'r').data if path.stat().st_size else memoryview(b'')
    signature = bytes(content[:4])
    if signature not in CAPTURE_SIGNATURES:
        raise ADCFileError(f'{path}: expected a capture, pcap or pcapng; found a file that begins with {signature!r}')
    fragments: dict[tuple, _Fragments] = {}
    frames = _pcapng_frames(content, path) if signature == _PCAPNG else _pcap_frames(content, path, *_PCAP[signature])
    for number, (interface, link, frame) in enumerate(frames):
        if link not in _LINKS:
            name = f' ({_OTHER_LINKS[link]})' if link in _OTHER_LINKS else ''
            unread[f'frames of link type {link}{name}'] += 1
            continue
        try:
            if link == _COOKED_2:
                interface = struct.unpack_from('>I', frame, 4)[0]
            packet = _udp_packet(link, frame)
            if packet is None:
                continue
            udp = _reassembled(packet, interface, number, fragments)
            if not udp:
                continue
            source_port, port, length = struct.unpack_from('>HHH', udp)
        except (struct.error, IndexError):
            unread['frames that end within their headers'] += 1
            continue
        source, destination = (socket.inet_ntoa(packet[start : start + 4]) for start in (12, 16))
        length = length or len(udp)
        data = udp[8:length]
        yield Datagram(
            f'{source}:{source_port}', f'{destination}:{port}', port, interface, data, max(length - 8 - len(data), 0)
        )
    if fragments:
        unread['datagrams that lack fragments'] += len(fragments)


def _damaged(path: Path, offset: int, what: str) -> ADCFileError:
    return ADCFileError(f'{path} cannot be read as a capture: at offset {offset:,}, {what}')


def _pcap_frames(content: memoryview, path: Path, order: str, header: int) -> Iterator[Frame]:
    if len(content) < 24:
        raise _damaged(path, 0, f'expected a header of 24 bytes, found {len(content)}')
    # the upper half of the number tells whether frames end with a checksum
    link = struct.unpack_from(f'{order}I', content, 20)[0] & 0xFFFF
    offset = 24
    while offset + header <= len(content):
        length = struct.unpack_from(f'{order}I', content, offset + 8)[0]
        if length > _LARGEST_FRAME:
            raise _damaged(path, offset, f'expected a frame of at most {_LARGEST_FRAME:,} bytes, found {length:,}')
        offset += header
        if offset + length <= len(content):
            yield 0, link, content[offset : offset + length]
        offset += length


def _pcapng_frames(content: memoryview, path: Path) -> Iterator[Frame]:
    offset, order = 0, '<'
    links: list[int] = []  # of the section's interfaces
    while offset + 12 <= len(content):
        if content[offset : offset + 4] == _PCAPNG:
            if (magic := bytes(content[offset + 8 : offset + 12])) not in _PCAPNG_ORDERS:
                raise _damaged(path, offset, f'expected a mark of the byte order, found {magic.hex(" ")}')
            order, links = _PCAPNG_ORDERS[magic], []
        kind, size = struct.unpack_from(f'{order}II', content, offset)
        if size % 4 or not 12 <= size <= _LARGEST_BLOCK:
            raise _damaged(path, offset, f'expected a block of 12 to {_LARGEST_BLOCK:,} bytes, found {size:,}')
        if offset + size > len(content):
            return
        if struct.unpack_from(f'{order}I', content, offset + size - 4)[0] != size:
            raise _damaged(path, offset, f'found a block of {size:,} bytes that does not end with this number')
        body = content[offset + 8 : offset + size - 4]
        try:
            if kind == 1:  # interface description
                links.append(struct.unpack_from(f'{order}H', body)[0])
            elif kind in (2, 6):  # packet, the old one and the enhanced one
                interface = struct.unpack_from(f'{order}H' if kind == 2 else f'{order}I', body)[0]
                length = struct.unpack_from(f'{order}I', body, 12)[0]
                yield interface, links[interface], body[20 : 20 + length]
            elif kind == 3:  # simple packet
                length = struct.unpack_from(f'{order}I', body)[0]
                yield 0, links[0], body[4 : 4 + length]
        except (struct.error, IndexError) as error:
            raise _damaged(path, offset, 'found a block that is not whole or of an unknown interface') from error
        offset += size


def _udp_packet(link: int, frame: memoryview) -> memoryview | None:
    """Return the IPv4 packet of a frame, without the padding after it; ``None`` if the frame carries no UDP."""
    start, place = _LINKS[link]
    if place is not None:
        protocol = struct.unpack_from('>H', frame, place)[0]
        while protocol in _VLAN_TAGS:
            protocol = struct.unpack_from('>H', frame, start + 2)[0]
            start += 4
        if protocol != _IPV4:
            return None
    packet = frame[start:]
    if packet[0] >> 4 != 4 or packet[9] != _UDP:
        return None
    length = struct.unpack_from('>H', packet, 2)[0]
    return packet[: length or len(packet)]  # 0 if the network card was left to split it into packets


class _Fragments(NamedTuple):
    """Fragments of an incomplete datagram.

    Args:
        since: Number of the frame that brought the first fragment.
        pieces: By offset, a fragment's content and whether more fragments follow it.
    """

    since: int
    pieces: dict[int, tuple[memoryview, bool]]


def _reassembled(
    packet: memoryview, interface: int, number: int, fragments: dict[tuple, _Fragments]
) -> memoryview | None:
    """Return the payload of an IPv4 packet; of a fragment, the whole payload once it is complete, ``None`` before."""
    payload = packet[4 * (packet[0] & 15) :]
    flags = struct.unpack_from('>H', packet, 6)[0]
    offset, more = 8 * (flags & 0x1FFF), bool(flags & 0x2000)
    if not (offset or more):
        return payload
    key = (interface, bytes(packet[4:6]), bytes(packet[12:20]))  # identification; addresses
    if key not in fragments or number - fragments[key].since > _FRAGMENTS_WAIT:
        fragments[key] = _Fragments(number, {})
    pieces = fragments[key].pieces
    pieces[offset] = payload, more
    end, whole = 0, []
    while end in pieces:
        piece, more = pieces[end]
        whole.append(piece)
        if not more:
            del fragments[key]
            return memoryview(b''.join(whole))
        if not len(piece):
            return None
        end += len(piece)
    return None
