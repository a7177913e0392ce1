from mmradar.radar.packets import MOST_DELAY, PACKET_BYTES, Packet, PacketSorter


def packet(place, content=0, number=None):
    return Packet(place + 1 if number is None else number, place * PACKET_BYTES, bytes([content]) * PACKET_BYTES)


def places(ordered):
    return [(counts.recording, each.start // PACKET_BYTES) for counts, each in ordered]


def pushed(sorter, *packets):
    return places([each for one in packets for each in sorter.push(one)])


def test_a_datagram_is_read_as_the_user_guide_says():
    found = Packet.parse(bytes.fromhex('04030201 0605040302a0') + b'\1\2\3')
    assert (found.number, found.start, bytes(found.samples)) == (0x01020304, 0xA00203040506, b'\1\2\3')
    assert found.end == found.start + 3
    assert Packet.parse(bytes(10)) is None and Packet.parse(bytes(11 + PACKET_BYTES)) is None
    assert len(Packet.parse(bytes(10 + PACKET_BYTES)).samples) == PACKET_BYTES


def test_packets_go_on_as_soon_as_it_is_their_turn():
    sorter = PacketSorter(max_delay=3)
    assert pushed(sorter, packet(0)) == [(0, 0)]
    assert pushed(sorter, packet(2)) == []
    assert pushed(sorter, packet(1)) == []  # it fell back: held until a later one than all before
    assert pushed(sorter, packet(3)) == [(0, 1), (0, 2), (0, 3)]
    assert pushed(sorter, packet(5), packet(6), packet(7)) == []  # 4 is waited for
    assert pushed(sorter, packet(8)) == [(0, 5), (0, 6), (0, 7), (0, 8)]
    assert pushed(sorter, packet(4), packet(9)) == [(0, 9)]
    ((counts, _),) = sorter.push(packet(10))
    assert (counts.packets, counts.out_of_order, counts.late, counts.received) == (10, 1, 1, 11)


def test_a_recording_takes_back_the_packets_that_it_began_with():
    """They seemed to fill gaps of the one before."""
    sorter = PacketSorter()
    first = [packet(place) for place in (0, 3, 4, 5)]
    assert pushed(sorter, *first) == [(0, 0)]
    assert pushed(sorter, packet(1, 9), packet(2, 9)) == []
    assert pushed(sorter, packet(3, 9)) == [(0, 3), (0, 4), (0, 5)]  # another 3
    assert places(sorter.finish()) == [(1, 1), (1, 2), (1, 3)]
    assert pushed(sorter, packet(0)) == [(2, 0)]


def test_a_packet_far_from_all_others_is_taken_once_another_agrees():
    sorter = PacketSorter()
    far = 5 * MOST_DELAY
    assert pushed(sorter, packet(0), packet(far), packet(1)) == [(0, 0), (0, 1)] and sorter.strays == 1
    assert pushed(sorter, packet(3 * far), packet(2)) == [(0, 2)] and sorter.strays == 2
    assert pushed(sorter, packet(far), packet(far + 1)) == [] and sorter.strays == 2  # an outage's end
    assert pushed(sorter, *[packet(far + place) for place in range(2, MOST_DELAY + 1)])[:2] == [(0, far), (0, far + 1)]
    assert pushed(sorter, packet(0), packet(1)) == [(1, 0), (1, 1)]  # the card counts anew
    assert places(sorter.finish()) == [] and sorter.strays == 2


def test_the_last_packet_is_taken_though_it_is_far():
    sorter = PacketSorter()
    assert pushed(sorter, packet(0), packet(2 * MOST_DELAY)) == [(0, 0)]
    assert places(sorter.finish()) == [(0, 2 * MOST_DELAY)] and sorter.strays == 0


def test_places_do_not_depend_on_sequence_numbers():
    """They come round again after 2^32 packets."""
    start = 2**32 - 3
    sorter = PacketSorter(max_delay=0)
    numbers = [packet(start + step, number=(start + step + 1) % 2**32) for step in range(6)]
    assert pushed(sorter, *numbers) == [(0, start + step) for step in range(6)]
