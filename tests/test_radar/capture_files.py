"""Captures written by hand, byte by byte, after the formats' descriptions."""

import socket
import struct

IPV4 = struct.pack('>H', 0x0800)


def ipv4(source, destination, payload, *, identification=0, length=None):
    """An IPv4 packet of a UDP datagram between ``'address:port'``s."""
    ports = [int(end.rpartition(':')[2]) for end in (source, destination)]
    return _ip(
        source, destination, struct.pack('>HHHH', *ports, 8 + len(payload), 0) + payload, identification, 0, length
    )


def fragments(source, destination, payload, identification, sizes):
    """The same in fragments of so many bytes, multiples of 8; the last takes the rest."""
    whole = ipv4(source, destination, payload)[20:]
    pieces, start = [], 0
    for size in [*sizes, len(whole)]:
        piece = whole[start : start + size]
        flags = start // 8 | (0x2000 if start + size < len(whole) else 0)
        pieces.append(_ip(source, destination, piece, identification, flags))
        start += size
    return pieces


def _ip(source, destination, payload, identification, flags, length=None):
    addresses = b''.join(socket.inet_aton(end.rpartition(':')[0]) for end in (source, destination))
    length = 20 + len(payload) if length is None else length
    return struct.pack('>BBHHHBBH', 0x45, 0, length, identification, flags, 64, 17, 0) + addresses + payload


def ethernet(packet, tags=()):
    """A frame, with VLAN tags as (kind, number), padded to the least length of one."""
    frame = b'\2' * 6 + b'\4' * 6
    for kind, number in tags:
        frame += struct.pack('>HH', kind, number)
    return (frame + IPV4 + packet).ljust(60, b'\0')


# Frames of each link type that is read.
LINKS = {
    0: lambda packet: struct.pack('<I', 2) + packet,
    1: ethernet,
    12: lambda packet: packet,
    14: lambda packet: packet,
    101: lambda packet: packet,
    108: lambda packet: struct.pack('>I', 2) + packet,
    113: lambda packet: struct.pack('>HHH', 0, 1, 6) + b'\2' * 6 + b'\0\0' + IPV4 + packet,
    228: lambda packet: packet,
    276: lambda packet: IPV4 + struct.pack('>HIHBB', 0, 3, 1, 0, 6) + b'\2' * 6 + b'\0\0' + packet,
}


def pcap(frames, link=1, order='<', magic=0xA1B2C3D4, snapshot=2**16):
    """A capture of frames; what is longer than the snapshot length is cut off."""
    content = struct.pack(f'{order}IHHiIII', magic, 2, 4, 0, 0, snapshot, link)
    for number, frame in enumerate(frames):
        kept = frame[:snapshot]
        content += struct.pack(f'{order}IIII', number, 0, len(kept), len(frame))
        content += (b'\0' * 8 if magic == 0xA1B2CD34 else b'') + kept
    return content


def pcapng(frames, links=(1,), order='<', kind=6):
    """A section with interfaces of these link types and frames as (interface, frame), in blocks of this kind."""
    content = block(0x0A0D0D0A, struct.pack(f'{order}IHHq', 0x1A2B3C4D, 1, 0, -1), order)
    for link in links:
        content += block(1, struct.pack(f'{order}HHI', link, 0, 0), order)
    content += block(5, b'\1' * 12, order)  # statistics, which nobody asked for
    for interface, frame in frames:
        head = {
            6: struct.pack(f'{order}5I', interface, 0, 0, len(frame), len(frame)),
            3: struct.pack(f'{order}I', len(frame)),
            2: struct.pack(f'{order}HH4I', interface, 0, 0, 0, len(frame), len(frame)),
        }[kind]
        content += block(kind, head + frame, order)
    return content


def block(kind, body, order='<'):
    body += b'\0' * (-len(body) % 4)
    size = struct.pack(f'{order}I', 12 + len(body))
    return struct.pack(f'{order}I', kind) + size + body + size
