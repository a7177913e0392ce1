"""Numeric arrays of MATLAB's version 5 files (MathWorks, "MAT-File Format").

scipy reads them too, but a damaged file can end the process there (segmentation faults within minutes of fuzzing scipy
1.15 to 1.17). Here every length is checked against the file before it is believed.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

_HEADER_BYTES = 128
_COMPRESSED, _MATRIX = 15, 14
# data types of the format's elements, and classes of its arrays, as numpy names them
_TYPES = {1: 'i1', 2: 'u1', 3: 'i2', 4: 'u2', 5: 'i4', 6: 'u4', 7: 'f4', 9: 'f8', 12: 'i8', 13: 'u8'}
_CLASSES = {6: 'f8', 7: 'f4', 8: 'i1', 9: 'u1', 10: 'i2', 11: 'u2', 12: 'i4', 13: 'u4', 14: 'i8', 15: 'u8'}
_COMPLEX = 0x0800
_HEAD_BYTES = 4096  # of an array: more than flags, sizes and name take


@dataclass
class MatlabArray:
    """A numeric array in a file, not read yet.

    Args:
        shape: Its sizes.
        is_complex: Whether it has an imaginary part.
        data: Its bytes from the first element on, or these compressed.
        compressed: Which of the two.
        kind: numpy's name of its class.
        order: ``'<'`` or ``'>'``.
    """

    shape: tuple[int, ...]
    is_complex: bool
    data: memoryview
    compressed: bool
    kind: str
    order: str

    def read(self) -> np.ndarray:
        """The array.

        Raises:
            ValueError: The file is damaged.
        """
        count = math.prod(self.shape)
        parts = 1 + self.is_complex
        data = self.data
        if self.compressed:
            # at most eight bytes a number; what comes beyond is not part of the array
            data = memoryview(_inflate(data, 16 * (parts * count) + _HEAD_BYTES))
        elements = _elements(data[8:] if self.compressed else data, self.order)
        _first(elements, 3)
        numbers = list(islice(elements, parts))
        if len(numbers) < parts:
            raise ValueError('the array lacks a part')
        columns = [_numbers(kind, part, count, self.order).astype(self.kind) for kind, part in numbers]
        array = columns[0] + 1j * columns[1] if self.is_complex else columns[0]
        return array.reshape(self.shape, order='F')


def read_matlab5(path: str | Path) -> dict[str, MatlabArray]:
    """The numeric arrays of a file, by name.

    Raises:
        ValueError: Not a file of this version, or damaged.
    """
    path = Path(path)
    content = memoryview(np.memmap(path, np.uint8, 'r')) if path.stat().st_size else memoryview(b'')
    mark = bytes(content[126:128])
    if len(content) < _HEADER_BYTES or mark not in (b'IM', b'MI'):
        raise ValueError('no MATLAB file of version 5 or 7.3')
    order = '<' if mark == b'IM' else '>'
    found = {}
    for kind, data in _elements(content[_HEADER_BYTES:], order, align=False):
        compressed = kind == _COMPRESSED
        head = data
        if compressed:
            head = memoryview(_inflate(data, _HEAD_BYTES))
            kind, head = (struct.unpack_from(order + 'I', head)[0], head[8:]) if len(head) > 8 else (0, head)
        if kind != _MATRIX:
            continue
        (_, flags), (_, sizes), (_, name) = _first(_elements(head, order), 3)
        flags = struct.unpack_from(order + 'I', flags)[0]
        if flags & 0xFF not in _CLASSES:
            continue  # text, structures, cells
        shape = tuple(np.frombuffer(sizes, order + 'i4', len(sizes) // 4).tolist())
        if len(shape) < 2 or min(shape) < 0:
            raise ValueError(f'an array cannot have the sizes {shape}')
        found[bytes(name).decode('ascii', 'replace')] = MatlabArray(
            shape, bool(flags & _COMPLEX), data, compressed, _CLASSES[flags & 0xFF], order
        )
    return found


def _elements(content: memoryview, order: str, align: bool = True) -> Iterator[tuple[int, memoryview]]:
    """Type and bytes of each element, one after the other; those within an array begin at multiples of 8."""
    offset = 0
    while offset + 8 <= len(content):
        kind, size = struct.unpack_from(order + 'II', content, offset)
        start = offset + 8
        if kind >> 16:  # a small element: its size and up to four bytes stand in the tag
            kind, size, start = kind & 0xFFFF, kind >> 16, offset + 4
            if size > 4:
                raise ValueError(f'an element of {size} bytes cannot stand in its tag')
        yield kind, content[start : start + size]
        end = max(start + size, offset + 8)
        offset = -(-end // 8) * 8 if align else end


def _first(elements: Iterator[tuple[int, memoryview]], count: int) -> list[tuple[int, memoryview]]:
    found = list(islice(elements, count))
    if len(found) < count or len(found[0][1]) < 4:
        raise ValueError('an array lacks its flags, sizes or name')
    return found


def _numbers(kind: int, data: memoryview, count: int, order: str) -> np.ndarray:
    if kind not in _TYPES:
        raise ValueError(f'numbers of an unknown type, {kind}')
    dtype = np.dtype(order + _TYPES[kind])
    if len(data) != count * dtype.itemsize:
        raise ValueError(f'expected {count:,} numbers of {dtype.itemsize} bytes, found {len(data):,} bytes')
    return np.frombuffer(data, dtype)


def _inflate(data: memoryview, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error as error:
        raise ValueError(f'an array cannot be decompressed: {error}') from error
