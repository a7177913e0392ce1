"""Reader of numeric arrays in MATLAB's version 5 files (MathWorks, "MAT-File Format").

scipy reads these files too, but a damaged one can crash its process (segmentation faults within minutes of fuzzing
scipy 1.15 to 1.17). This reader checks every length against the file before using it.
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
# NumPy names of the format's data types (of elements) and classes (of arrays)
_TYPES = {1: 'i1', 2: 'u1', 3: 'i2', 4: 'u2', 5: 'i4', 6: 'u4', 7: 'f4', 9: 'f8', 12: 'i8', 13: 'u8'}
_CLASSES = {6: 'f8', 7: 'f4', 8: 'i1', 9: 'u1', 10: 'i2', 11: 'u2', 12: 'i4', 13: 'u4', 14: 'i8', 15: 'u8'}
_COMPLEX = 0x0800
_HEAD_BYTES = 4096  # upper bound for the flags, sizes and name of an array


@dataclass
class MatlabArray:
    """A numeric array in a file that has not been read yet.

    Args:
        shape: Shape of the array.
        is_complex: Whether it has an imaginary part.
        data: Bytes of its data elements (flags, sizes, name, numbers), possibly compressed.
        compressed: Whether ``data`` is compressed.
        kind: NumPy's name of its class.
        order: Byte order, ``'<'`` or ``'>'``.
    """

    shape: tuple[int, ...]
    is_complex: bool
    data: memoryview
    compressed: bool
    kind: str
    order: str

    def read(self) -> np.ndarray:
        """Read the array.

        Raises:
            ValueError: The file is damaged.
        """
        count = math.prod(self.shape)
        parts = 1 + self.is_complex
        data = self.data
        if self.compressed:
            # a number has at most eight bytes; any bytes beyond this limit are not part of the array
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
    """Find the numeric arrays of a file, by name.

    Raises:
        ValueError: The file is not of this version, or is damaged.
    """
    path = Path(path)
    content = np.memmap(path, np.uint8, 'r').data if path.stat().st_size else memoryview(b'')
    mark = bytes(content[126:128])
    if len(content) < _HEADER_BYTES or mark not in (b'IM', b'MI'):
        raise ValueError('not a MATLAB file of version 5 or 7.3')
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
    """Yield the type and bytes of each element; with ``align``, as in an array, elements start at multiples of 8."""
    offset = 0
    while offset + 8 <= len(content):
        kind, size = struct.unpack_from(order + 'II', content, offset)
        start = offset + 8
        if kind >> 16:  # a small element: the tag contains its size and up to four bytes of data
            kind, size, start = kind & 0xFFFF, kind >> 16, offset + 4
            if size > 4:
                raise ValueError(f'an element of {size} bytes does not fit in its tag')
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
