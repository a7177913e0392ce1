"""Dumps of a DCA1000's UDP packets: put in order, lost ones filled with zeros and reported.

Three are read:

- mmWave Studio's ``adc_data_Raw_0.bin``, which puts a length of 4 bytes between sequence number and byte count;
- datagrams one behind the other, as a socket gives them, all of one size but the last;
- captures of Wireshark or tcpdump, ``.pcap`` and ``.pcapng``, which also hold other packets and other cards'.

Packets of two cards, or of two recordings, are never put into one stream.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from mmradar.radar.captures import CAPTURE_SIGNATURES, Datagram, read_datagrams
from mmradar.radar.config import RadarConfig
from mmradar.radar.packets import DATA_PORT, HEADER_BYTES, PACKET_BYTES, Packet, PacketCounts, PacketSorter
from mmradar.radar.raw_files import Chirps, RawRecording, recording_of_bytes
from mmradar.radar.recording import ADCFileError, OpenedFile, Recording, check_on_error


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
        strays: Packets of the dump that were left out, because no other one was near them or they were none.
    """

    samples: UInt8[np.ndarray, 'bytes']
    first_byte: int
    packets: int
    lost: list[tuple[int, int]] = field(default_factory=list)
    out_of_order: int = 0
    duplicates: int = 0
    strays: int = 0

    @property
    def lost_bytes(self) -> int:
        """Bytes of all gaps."""
        return sum(size for _, size in self.lost)


def read_packets(
    path: str | Path, *, source: str | None = None, port: int | None = None, recording: int | None = None
) -> PacketStream:
    """Put the packets of a dump in order.

    Args:
        path: The dump.
        source: Of a capture that holds packets of several cards, whose to take: a card's address, as in
            ``'192.168.33.180'``, or more of what the error says of them.
        port: Of a capture, the UDP port that the packets went to; 4098 if ``None``.
        recording: Of a dump that holds several recordings of a card, which to take, from 0.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: Not a dump of packets; packets of several cards or recordings, and none chosen; or more lost than
            there is.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no dump of packets at {path}')
    packets: list[Packet] = []  # of the recording
    recordings: list[PacketCounts] = []
    sorter, others = PacketSorter(), 0

    def keep(ordered: list[tuple[PacketCounts, Packet]]) -> None:
        for counts, packet in ordered:
            if not recordings or recordings[-1] is not counts:
                recordings.append(counts)
            if counts.recording == (recording or 0):
                packets.append(packet)

    for packet in _one_card(path, source, port):
        if packet is None:
            others += 1
        else:
            keep(sorter.push(packet))
    keep(sorter.finish())
    if not recordings:
        raise ADCFileError(f'{path}: no packet of a DCA1000 in {path.stat().st_size:,} bytes')
    return _stream_of(packets, path, _chosen(recordings, path, recording), sorter.strays + others)


def _stream_of(packets: Sequence[Packet], path: Path, counts: PacketCounts, strays: int) -> PacketStream:
    """The stream of a recording's packets, which are in order."""
    first, size = packets[0].start, max(packet.end for packet in packets) - packets[0].start
    held = sum(len(packet.samples) for packet in packets)
    if size > 2 * held:
        raise ADCFileError(
            f'{path}: {len(packets):,} packets hold {held:,} bytes of samples, but count {size:,}: more than half is '
            'lost, or the file is damaged'
        )
    samples, lost, end = np.zeros(size, np.uint8), [], first
    for packet in packets:
        samples[packet.start - first : packet.end - first] = packet.samples
        if packet.start > end:
            lost.append((end - first, packet.start - end))
        end = max(end, packet.end)
    return PacketStream(samples, first, counts.packets, lost, counts.out_of_order, counts.duplicates, strays)


def _one_card(path: Path, source: str | None, port: int | None) -> Iterator[Packet | None]:
    """Packets of one card, in the order of the file; ``None`` for datagrams that are none."""
    with path.open('rb') as file:
        captured = file.read(4) in CAPTURE_SIGNATURES
    if captured:
        return _captured(path, source, DATA_PORT if port is None else port)
    if source is not None or port is not None:
        raise ADCFileError(
            f'{path}: source and port choose packets of a capture (.pcap, .pcapng); this dump does not say them'
        )
    return _dumped(path)


def _chosen(recordings: Sequence[PacketCounts], path: Path, chosen: int | None) -> PacketCounts:
    if chosen is None and len(recordings) == 1:
        return recordings[0]
    if chosen is not None and 0 <= chosen < len(recordings):
        return recordings[chosen]
    found = '; '.join(
        f'recording {each.recording}: {each.received:,} packets, numbers {each.first_number:,} to {each.last_number:,}'
        for each in recordings[:8]
    ) + ('; ...' if len(recordings) > 8 else '')
    if chosen is not None:
        raise ADCFileError(f'{path}: there is no recording {chosen!r}; found {found}')
    raise ADCFileError(
        f'{path}: there are two recordings in one dump, or more: packets begin to count again. Found {found}. Choose '
        'one with recording=0 or another of these numbers.'
        + (' So many of them may be two cards in one dump without addresses.' if len(recordings) > 8 else '')
    )


def _dumped(path: Path) -> Iterator[Packet]:
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
    return abs(next_number - number) < 2**16 and 0 < next_length <= PACKET_BYTES  # late, or the same again, too


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
            yield Packet(number, _count(content, offset + 8), data)
        offset += 14 + length


def _datagrams(path: Path, content: memoryview) -> Iterator[Packet]:
    step = HEADER_BYTES + PACKET_BYTES
    for offset in range(0, len(content), step):
        packet = Packet.parse(content[offset : offset + step])
        if packet is None:
            return
        if packet.start % PACKET_BYTES:
            raise ADCFileError(
                f'{path}: expected a packet at offset {offset:,}, its byte count a multiple of {PACKET_BYTES:,}; found '
                f'{packet.start:,}. Datagrams must follow each other without anything between them.'
            )
        yield packet


def _captured(path: Path, source: str | None, port: int) -> Iterator[Packet | None]:
    """Packets of one card in a capture; ``None`` for datagrams that are none."""
    unread: Counter[str] = Counter()
    other_ports: Counter[int] = Counter()
    cards: dict[tuple[str, str, int], list[Datagram]] = {}
    for datagram in read_datagrams(path, unread):
        if datagram.port != port:
            other_ports[datagram.port] += 1
        elif len(datagram.data) + datagram.missing > HEADER_BYTES:
            cards.setdefault((datagram.source, datagram.destination, datagram.interface), []).append(datagram)
    if not cards:
        found = [f'{count:,} UDP datagrams to port {other}' for other, count in other_ports.most_common(4)]
        found += [f'{count:,} {kind}, which are not read' for kind, count in unread.items()]
        raise ADCFileError(
            f'{path}: no packet of a DCA1000 to UDP port {port} in {path.stat().st_size:,} bytes; found '
            f'{", ".join(found) or "no UDP datagram at all"}'
            + ('. Cards that send to another port are chosen with port=' if other_ports else '')
        )
    names = {card: f'{card[0]} to {card[1]}, interface {card[2]}' for card in cards}
    chosen = [
        card
        for card, name in names.items()
        if source is None or (name.startswith(source) and name[len(source) :][:1] in ('', ':', ' ', ','))
    ]
    if len(chosen) != 1:
        among = chosen or list(cards)
        shown = ', '.join(f'{_short_name(card, among)!r} ({len(cards[card]):,} packets)' for card in among)
        what = f'packets of {len(among)} cards' if chosen else f'no packet from {source!r}'
        raise ADCFileError(
            f'{path}: {what} to UDP port {port}; found {shown}. Choose one with source={_short_name(among[0], among)!r}'
        )
    datagrams = cards[chosen[0]]
    if cut := next((datagram for datagram in datagrams if datagram.missing), None):
        raise ADCFileError(
            f'{path}: a packet from {cut.source} lacks its last {cut.missing:,} bytes, because the capture was made '
            'with a limit on the length of packets; capture whole ones (tcpdump -s 0)'
        )
    return (Packet.parse(datagram.data) for datagram in datagrams)


def _short_name(card: tuple[str, str, int], among: Sequence[tuple[str, str, int]]) -> str:
    """As much of a card's address, port, destination and interface as tells it from others."""

    def forms(source: str, destination: str, interface: int) -> tuple[str, ...]:
        whole = f'{source} to {destination}'
        return source.partition(':')[0], source, whole, f'{whole}, interface {interface}'

    for form, *others in zip(forms(*card), *(forms(*other) for other in among if other != card)):
        if form not in others:
            return form
    return form


def open_packets(
    path: str | Path,
    config: RadarConfig,
    num_frames: int | None = None,
    on_error: str = 'raise',
    *,
    source: str | None = None,
    port: int | None = None,
    recording: int | None = None,
) -> RawRecording:
    """A recording from a dump of packets.

    Args:
        path: The dump.
        config: The radar.
        num_frames: Frames there must be.
        on_error: ``'raise'``; ``'zero'`` to fill what is lost with zeros; or ``'drop'`` to leave out every frame that
            lacks a packet, and a last one that is not whole. What was lost is in the recording's ``notes``.
        source, port, recording: As for :func:`read_packets`.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: As :func:`read_packets` and :func:`mmradar.radar.open_recording`; a lost packet with ``'raise'``.
    """
    check_on_error(on_error, ('raise', 'zero', 'drop'))
    options = dict(num_frames=num_frames, on_error=on_error, source=source, port=port, recording=recording)
    return PacketDumpRecording(OpenedFile.now(open_packets, path, config, **options))


class PacketDumpRecording(RawRecording):
    """A dump of packets. It is put in order as a whole, anew when two others were read since.

    Args:
        file: How it was opened.
    """

    def __init__(self, file: OpenedFile) -> None:
        frames = _frames_of_dump(file)
        left_out = {name: getattr(frames, name) for name in ('dropped_frames', 'notes', 'missing_frames')}
        Recording.__init__(self, file.path, file.config, file=file, **left_out)
        self._num_frames = len(frames)

    def __len__(self) -> int:
        return self._num_frames

    def _all_chirps(self) -> Chirps:
        self.file.check()
        return _frames_of_dump(self.file)._all_chirps()


@lru_cache(maxsize=2)  # of the two views that a window is of
def _frames_of_dump(file: OpenedFile) -> RawRecording:
    options = dict(file.options)
    num_frames, on_error = options.pop('num_frames'), options.pop('on_error')
    stream = read_packets(file.path, **options)
    found = _frames_of_stream(stream, file.path, file.config, num_frames, on_error)
    if stream.strays:
        found.notes += (f'{file.path}: {stream.strays:,} packets of something else are left out',)
    return found


def _frames_of_stream(
    stream: PacketStream, path: Path, config: RadarConfig, num_frames: int | None, on_error: str
) -> RawRecording:
    frame_bytes = config.frame_bytes
    # offsets counted from the start of the frame that the first packet is in
    first, ahead = divmod(stream.first_byte, frame_bytes)
    gaps = [(ahead + offset, size) for offset, size in stream.lost]
    if ahead:
        gaps.insert(0, (0, ahead))
    samples = np.concatenate([np.zeros(ahead, np.uint8), stream.samples])
    if not gaps:
        found = recording_of_bytes(samples, path, config, num_frames, 'raise' if on_error == 'zero' else on_error)
        found.missing_frames = tuple(range(first))
        return found
    lost = f'{sum(size for _, size in gaps):,} bytes in {len(gaps):,} gaps, the first at byte {gaps[0][0]:,} (frame '
    lost = f'{path}: packets are lost: {lost}{gaps[0][0] // frame_bytes:,})'
    if on_error == 'raise':
        raise ADCFileError(f"{lost}. on_error='zero' fills them with zeros, 'drop' leaves those frames out.")
    if on_error == 'zero':
        found = recording_of_bytes(samples, path, config, num_frames)
        found.notes += (f'{lost}; filled with zeros',)
        found.missing_frames = tuple(range(first))
        return found
    whole = len(samples) // frame_bytes
    keep = np.ones(whole, bool)
    for offset, size in gaps:
        keep[offset // frame_bytes : -(-(offset + size) // frame_bytes)] = False
    frames = samples[: whole * frame_bytes].reshape(whole, frame_bytes)[keep].reshape(-1)
    found = recording_of_bytes(frames, path, config, on_error='drop')
    dropped = whole - int(keep.sum())
    numbers = ', '.join(map(str, np.flatnonzero(~keep)[:8])) + (', ...' if dropped > 8 else '')
    found.notes += (f'{lost}; {dropped} frames are left out: {numbers}',)
    kept = np.flatnonzero(keep)
    found.missing_frames = (*range(first), *(first + np.flatnonzero(~keep[: kept[-1]])).tolist())
    found.dropped_frames = (num_frames or -(-len(samples) // frame_bytes)) - len(found)
    return found
