"""Reader of dumps of a DCA1000's UDP packets; packets are sorted, lost ones are reported and filled with zeros.

Three formats are read:

- mmWave Studio's ``adc_data_Raw_0.bin``, with a length of 4 bytes between sequence number and byte count;
- concatenated datagrams, as a socket returns them, all of one size but the last;
- captures of Wireshark or tcpdump, ``.pcap`` and ``.pcapng``, which may contain other packets and several cards.

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
    """Stream of samples from a dump of packets.

    Args:
        samples: Bytes of samples from the first to the last packet, zeros where packets are lost.
        first_byte: Bytes that the card sent before ``samples``.
        packets: Packets that carried ``samples``.
        lost: Gaps as (offset in ``samples``, bytes).
        out_of_order: Packets that arrived after a later one.
        duplicates: Packets that arrived a second time.
        strays: Datagrams left out because no other packet was close to them or because they are not packets.
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
        """Total size of all gaps."""
        return sum(size for _, size in self.lost)


def read_packets(
    path: str | Path, *, source: str | None = None, port: int | None = None, recording: int | None = None
) -> PacketStream:
    """Read a dump and put its packets in order.

    Args:
        path: The dump.
        source: Card to read from a capture with packets of several cards: its address, as in ``'192.168.33.180'``, or a
            longer form as listed in the error message.
        port: UDP port to which the packets of a capture were sent; 4098 if ``None``. Only for captures.
        recording: Number of the recording to read, from 0, if the dump contains several recordings of a card.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: The file is not a dump of packets; it contains several cards or recordings and none is chosen; or
            more than half of the samples are lost.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no dump of packets at {path}')
    packets: list[Packet] = []  # packets of the chosen recording
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
    """Build the stream of a recording from its sorted packets."""
    first, size = packets[0].start, max(packet.end for packet in packets) - packets[0].start
    present = sum(len(packet.samples) for packet in packets)
    if size > 2 * present:
        raise ADCFileError(
            f'{path}: {len(packets):,} packets hold {present:,} bytes of samples, but their byte counts span {size:,}: '
            'more than half is lost, or the file is damaged'
        )
    samples, lost, end = np.zeros(size, np.uint8), [], first
    for packet in packets:
        samples[packet.start - first : packet.end - first] = packet.samples
        if packet.start > end:
            lost.append((end - first, packet.start - end))
        end = max(end, packet.end)
    return PacketStream(samples, first, counts.packets, lost, counts.out_of_order, counts.duplicates, strays)


def _one_card(path: Path, source: str | None, port: int | None) -> Iterator[Packet | None]:
    """Return the packets of one card in file order, with ``None`` for datagrams that are not packets."""
    with path.open('rb') as file:
        is_capture = file.read(4) in CAPTURE_SIGNATURES
    if is_capture:
        return _captured(path, source, DATA_PORT if port is None else port)
    if source is not None or port is not None:
        raise ADCFileError(
            f'{path}: source and port choose packets of a capture (.pcap, .pcapng); this dump does not contain them'
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
        f'{path}: there are two recordings in one dump, or more: packet counts restart. Found {found}. Choose one with '
        'recording=0 or another of these numbers.'
        + (' This many may be two cards in one dump without addresses.' if len(recordings) > 8 else '')
    )


def _dumped(path: Path) -> Iterator[Packet]:
    content = np.memmap(path, np.uint8, 'r').data if path.stat().st_size else memoryview(b'')
    # Studio's length is where plain datagrams have the lower half of the byte count, 0 or a multiple of the packet size
    studio = len(content) >= 14 and 0 < struct.unpack_from('<I', content, 4)[0] <= PACKET_BYTES
    if studio and _is_studio(content):
        return _studio(path, content)
    return _datagrams(path, content)


def _is_studio(content: memoryview) -> bool:
    """Return whether the second header is where the first header's length puts it."""
    number, length = struct.unpack_from('<II', content)
    following = 14 + length
    if following + 14 > len(content):
        return following == len(content)
    next_number, next_length = struct.unpack_from('<II', content, following)
    return abs(next_number - number) < 2**16 and 0 < next_length <= PACKET_BYTES  # out of order or repeated, too


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
        if len(data) == length:  # a packet cut off by the end of the file is lost
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
    """Return the packets of one card in a capture, with ``None`` for datagrams that are not packets."""
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
        found += [f'{count:,} {kind}, which are not supported' for kind, count in unread.items()]
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
    """Return the shortest name for a card, of address, port, destination and interface, that tells it from others."""

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
    """Open a dump of packets as a recording.

    Args:
        path: The dump.
        config: The radar.
        num_frames: Number of frames that the dump must have; any number if ``None``.
        on_error: ``'raise'``; ``'zero'`` to fill lost samples with zeros; or ``'drop'`` to leave out every frame that
            lacks a packet, and an incomplete last frame. The recording's ``notes`` list what was lost.
        source, port, recording: See :func:`read_packets`.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: See :func:`read_packets` and :func:`mmradar.radar.open_recording`; also if a packet is lost and
            ``on_error`` is ``'raise'``.
    """
    check_on_error(on_error, ('raise', 'zero', 'drop'))
    options = dict(num_frames=num_frames, on_error=on_error, source=source, port=port, recording=recording)
    return PacketDumpRecording(OpenedFile.now(open_packets, path, config, **options))


class PacketDumpRecording(RawRecording):
    """Recording in a dump of packets.

    The whole dump is read and sorted at once. The two dumps used last are cached; any other is read again.

    Args:
        file: How the dump was opened.
    """

    file: OpenedFile

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


@lru_cache(maxsize=2)  # for the two views of a window
def _frames_of_dump(file: OpenedFile) -> RawRecording:
    options = dict(file.options)
    num_frames, on_error = options.pop('num_frames'), options.pop('on_error')
    stream = read_packets(file.path, **options)
    found = _frames_of_stream(stream, file.path, file.config, num_frames, on_error)
    if stream.strays:
        found.notes += (f'{file.path}: {stream.strays:,} datagrams that do not belong to the stream are left out',)
    return found


def _frames_of_stream(
    stream: PacketStream, path: Path, config: RadarConfig, num_frames: int | None, on_error: str
) -> RawRecording:
    frame_bytes = config.frame_bytes
    # offsets are counted from the start of the frame that contains the first packet
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
