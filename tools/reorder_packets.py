"""Convert a dump of a DCA1000's UDP packets to a raw file: reorder packets, fill lost ones with zeros and list them."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmradar.cli import check_output_file, run
from mmradar.radar import read_packets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('dump', type=Path, help="mmWave Studio's adc_data_Raw_0.bin, bare datagrams, .pcap or .pcapng")
    parser.add_argument('out', type=Path, nargs='?', default=Path('adc_data.bin'), help='file to write')
    parser.add_argument('--source', help='sender whose packets to take, if a capture holds packets of several cards')
    parser.add_argument('--port', type=int, help='destination UDP port of the packets in a capture; 4098 if not given')
    parser.add_argument(
        '--recording', type=int, help='number of the recording to take, from 0, if a dump holds several'
    )
    args = parser.parse_args()
    check_output_file(args.out)
    stream = read_packets(args.dump, source=args.source, port=args.port, recording=args.recording)
    stream.samples.tofile(args.out)
    print(
        f'{args.out}: {len(stream.samples):,} bytes of {stream.packets:,} packets; {stream.out_of_order:,} came out of '
        f'order, {stream.duplicates:,} twice'
    )
    if stream.strays:
        print(f'{stream.strays:,} packets from other sources were left out.')
    if stream.first_byte:
        print(f'The dump begins late: the board had already sent {stream.first_byte:,} bytes.')
    if stream.lost:
        print(f'{stream.lost_bytes:,} bytes were lost and are zeros, in {len(stream.lost):,} gaps:')
        for offset, size in stream.lost[:20]:
            print(f'  {size:,} bytes from offset {offset:,} on')
        if len(stream.lost) > 20:
            print(f'  and {len(stream.lost) - 20:,} more')


if __name__ == '__main__':
    run(main)
