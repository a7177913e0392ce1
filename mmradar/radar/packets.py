"""The DCA1000's UDP packets, as dumped: put in order, lost ones filled with zeros and reported.

Every packet says with its sequence number how many came before it, and with its byte count how many bytes of samples
(DCA1000EVM user guide): 4 and 6 bytes, little endian, before at most 1,456 bytes of samples. Three dumps are read:

- mmWave Studio's ``adc_data_Raw_0.bin``, which puts a length of 4 bytes between the two;
- datagrams one behind the other, as a socket gives them, all of one size but the last;
- Wireshark's ``.pcap`` and ``.pcapng``, if dpkt is installed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from mmradar.radar.config import RadarConfig
from mmradar.radar.recording import ADCFileError, RawRecording, check_on_error, frames_of_bytes

PACKET_BYTES = 1456
_DATA_PORT = 4098
_PCAP_SIGNATURES = tuple(map(bytes.fromhex, ('d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '0a0d0d0a')))

Packet = tuple[int, int, memoryview]  # sequence number, bytes of samples before it, samples


@dataclass
class PacketStream:
    """What a dump of packets holds.

    Args:
        samples: Bytes of samples from the first to the last packet, zeros where packets are lost.
        first_byte: How many bytes the board had sent before the first of these.
        packets: Packets that carried them.
        lost: Gaps as (offset in ``samples``, bytes).
        out_of_order: Packets that came after a later one.
        duplicates: Packets that came again.
    """

    samples: UInt8[np.ndarray, 'bytes']
    first_byte: int
    packets: int
    lost: list[tuple[int, int]] = field(default_factory=list)
    out_of_order: int = 0
    duplicates: int = 0

    @property
    def lost_bytes(self) -> int:
        """Bytes of all gaps."""
        return sum(size for _, size in self.lost)


def read_packets(path: str | Path) -> PacketStream:
    """Put the packets of a dump in order.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: Not a dump of packets, two recordings in one, or more lost than there is.
        ImportError: Wireshark's file without dpkt.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no dump of packets at {path}')
    packets = list(_packets(path))
    if not packets:
        raise ADCFileError(f'{path}: no packet of a DCA1000 in {path.stat().st_size:,} bytes')
    first = min(count for _, count, _ in packets)
    size = max(count + len(data) for _, count, data in packets) - first
    held = sum(len(data) for *_, data in packets)
    if size > 2 * held:
        raise ADCFileError(
            f'{path}: {len(packets):,} packets hold {held:,} bytes of samples, but count {size:,}: more than half is '
            'lost, or the file is damaged'
        )
    stream = PacketStream(np.zeros(size, np.uint8), first, 0)
    seen: dict[int, tuple[int, int]] = {}  # first byte -> sequence number, bytes
    latest = -1
    for number, count, data in packets:
        if count in seen:
            if seen[count][0] != number:
                raise ADCFileError(
                    f'{path}: packets {seen[count][0]:,} and {number:,} both begin at byte {count:,}; are there two '
                    'recordings in one dump?'
                )
            stream.duplicates += 1
            continue
        seen[count] = number, len(data)
        stream.out_of_order += number < latest
        latest = max(latest, number)
        stream.samples[count - first : count - first + len(data)] = data
    stream.packets = len(seen)
    end = first
    for count, (_, size) in sorted(seen.items()):
        if count > end:
            stream.lost.append((end - first, count - end))
        end = max(end, count + size)
    return stream


def _packets(path: Path) -> Iterator[Packet]:
    with path.open('rb') as file:
        signature = file.read(4)
    if signature in _PCAP_SIGNATURES:
        return _captured(path)
    content = memoryview(np.memmap(path, np.uint8, 'r')) if path.stat().st_size else memoryview(b'')
    # Studio's length is in the place of the byte count's lower half, which is 0 or a multiple of the packet's size
    studio = len(content) >= 14 and 0 < struct.unpack_from('<I', content, 4)[0] <= PACKET_BYTES
    if studio and _is_studio(content):
        return _studio(path, content)
    return _datagrams(path, content)


def _is_studio(content: memoryview) -> bool:
    """Whether the second header stands where the first one's length puts it."""
    number, length = struct.unpack_from('<II', content)
    following = 14 + length
    if following + 14 > len(content):
        return following == len(content)
    next_number, next_length = struct.unpack_from('<II', content, following)
    return number < next_number < number + 2**16 and 0 < next_length <= PACKET_BYTES


def _count(content: memoryview, offset: int) -> int:
    return int.from_bytes(content[offset : offset + 6], 'little')


def _studio(path: Path, content: memoryview) -> Iterator[Packet]:
    offset = 0
    while offset + 14 <= len(content):
        number, length = struct.unpack_from('<II', content, offset)
        data = content[offset + 14 : offset + 14 + length]
        if not 0 < length <= PACKET_BYTES:
            raise ADCFileError(
                f'{path}: expected a packet at offset {offset:,}, at most {PACKET_BYTES:,} bytes long; found a length '
                f'of {length:,}'
            )
        if len(data) == length:  # what the end of the file cuts off is lost
            yield number, _count(content, offset + 8), data
        offset += 14 + length


def _datagrams(path: Path, content: memoryview) -> Iterator[Packet]:
    step = 10 + PACKET_BYTES
    for offset in range(0, len(content), step):
        datagram = content[offset : offset + step]
        if len(datagram) <= 10:
            return
        count = _count(datagram, 4)
        if count % PACKET_BYTES:
            raise ADCFileError(
                f'{path}: expected a packet at offset {offset:,}, its byte count a multiple of {PACKET_BYTES:,}; found '
                f'{count:,}. Datagrams must follow each other without anything between them.'
            )
        yield struct.unpack_from('<I', datagram)[0], count, datagram[10:]


def _captured(path: Path) -> Iterator[Packet]:
    try:
        import dpkt
    except ImportError as error:
        raise ImportError(f'{path} is a capture of Wireshark; to read it: pip install dpkt') from error
    with path.open('rb') as file:
        try:
            for _, frame in dpkt.pcap.UniversalReader(file):
                udp = dpkt.ethernet.Ethernet(frame).data
                udp = getattr(udp, 'data', None)
                if isinstance(udp, dpkt.udp.UDP) and udp.dport == _DATA_PORT and len(udp.data) > 10:
                    data = memoryview(bytes(udp.data))
                    yield struct.unpack_from('<I', data)[0], _count(data, 4), data[10:]
        except (dpkt.Error, ValueError, struct.error, IndexError, EOFError) as error:
            raise ADCFileError(f'{path} cannot be read as a capture ({type(error).__name__}: {error})') from error


def open_packets(
    path: str | Path, config: RadarConfig, num_frames: int | None = None, on_error: str = 'raise'
) -> RawRecording:
    """A recording from a dump of packets.

    Args:
        path: The dump.
        config: The radar.
        num_frames: Frames there must be.
        on_error: ``'raise'``; ``'zero'`` to fill what is lost with zeros; or ``'drop'`` to leave out every frame that
            lacks a packet, and a last one that is not whole. What was lost is in the recording's ``notes``.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: As :func:`read_packets` and :func:`mmradar.radar.open_recording`; a lost packet with ``'raise'``.
    """
    check_on_error(on_error, ('raise', 'zero', 'drop'))
    path, stream = Path(path), read_packets(path)
    # offsets counted from the start of the frame that the first packet is in
    ahead = stream.first_byte % config.frame_bytes
    gaps = [(ahead + offset, size) for offset, size in stream.lost]
    if ahead:
        gaps.insert(0, (0, ahead))
    samples = np.concatenate([np.zeros(ahead, np.uint8), stream.samples])
    if not gaps:
        return frames_of_bytes(samples, path, config, num_frames, 'raise' if on_error == 'zero' else on_error)
    lost = f'{sum(size for _, size in gaps):,} bytes in {len(gaps):,} gaps, the first at byte {gaps[0][0]:,} (frame '
    lost = f'{path}: packets are lost: {lost}{gaps[0][0] // config.frame_bytes:,})'
    if on_error == 'raise':
        raise ADCFileError(f"{lost}. on_error='zero' fills them with zeros, 'drop' leaves those frames out.")
    if on_error == 'zero':
        recording = frames_of_bytes(samples, path, config, num_frames, 'raise')
        recording.notes += (f'{lost}; filled with zeros',)
        return recording
    whole = len(samples) // config.frame_bytes
    keep = np.ones(whole, bool)
    for offset, size in gaps:
        keep[offset // config.frame_bytes : -(-(offset + size) // config.frame_bytes)] = False
    frames = samples[: whole * config.frame_bytes].reshape(whole, -1)[keep].reshape(-1)
    recording = frames_of_bytes(frames, path, config, None, 'drop')
    dropped = whole - int(keep.sum())
    numbers = ', '.join(map(str, np.flatnonzero(~keep)[:8])) + (', ...' if dropped > 8 else '')
    recording.notes += (f'{lost}; {dropped} frames are left out: {numbers}',)
    recording.dropped_frames = (num_frames or -(-len(samples) // config.frame_bytes)) - len(recording)
    return recording
