"""Layouts of a chirp's samples in raw files, and their conversion to the one layout that this package works on.

A board's file is a sequence of int16 words, chirp after chirp (TI, application report SWRA581, and the mmWave SDK's HSI
header). :func:`unpack_words` converts every layout to groups ``I0 I1 Q0 Q1`` of two samples, receiver after receiver.
mmWave Studio writes this layout for two lanes, so its files need no conversion.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Complex64, Int16

from mmradar.radar.config import RadarConfig

# Identifier at the start of an HSI header (mmWave SDK, hsiprotocol.h), as it is or with words interleaved by two lanes.
HSI_HEADERS = (bytes.fromhex('dc0ada0cdc0ada0c'), bytes.fromhex('dc0adc0ada0cda0c'))


def unpack_words(
    words: Int16[np.ndarray, '*chirps words'], config: RadarConfig
) -> Int16[np.ndarray, '*chirps rx half 4']:
    """Convert words in a file's layout to groups ``I0 I1 Q0 Q1``; return a view if the file has this layout already.

    Args:
        words: Chirps of a file, without headers.
        config: The radar that wrote the file. Real samples get Q = 0.

    Returns:
        (..., receivers, samples / 2, 4).
    """
    leading, rx, half = words.shape[:-1], config.num_rx, config.num_samples // 2
    if config.sampling == 'real':
        groups = np.zeros((*leading, rx, half, 4), words.dtype)
        if config.num_lanes == 4:
            groups[..., :2] = np.moveaxis(words.reshape(*leading, half, 2, rx), -1, -3)
        else:
            groups[..., :2] = words.reshape(*leading, rx, half, 2)
        return groups
    if config.num_lanes == 4:
        # each sample: I (or Q) of all receivers, then the other part
        samples = words.reshape(*leading, half, 2, 2, rx)
        samples = samples if config.iq_order == 'IIQQ' else samples[..., ::-1, :]
        first = len(leading)
        axes = (*range(first), first + 3, first, first + 2, first + 1)
        return samples.transpose(axes).reshape(*leading, rx, half, 4)
    groups = words.reshape(*leading, rx, half, 4)
    return groups if config.iq_order == 'IIQQ' else groups[..., _places(config.iq_order)]


def pack_words(
    groups: Int16[np.ndarray, '*chirps rx half 4'], config: RadarConfig
) -> Int16[np.ndarray, '*chirps words']:
    """Convert groups to words in a radar's file layout, the inverse of :func:`unpack_words`.

    If the radar sends HSI headers, each chirp starts with one: its identifier, then zeros.

    Args:
        groups: (..., receivers, samples / 2, 4). For real samples, Q is left out.
        config: The radar to write for.

    Returns:
        int16, little endian, (..., words of a chirp with its header).
    """
    leading = groups.shape[:-3]
    if config.sampling == 'real':
        samples = np.moveaxis(groups[..., :2], -3, -1) if config.num_lanes == 4 else groups[..., :2]
    elif config.num_lanes == 4:
        rx, half, _ = groups.shape[-3:]
        first = len(leading)
        samples = groups.reshape(*leading, rx, half, 2, 2)
        samples = samples.transpose(*range(first), first + 1, first + 3, first + 2, first)
        samples = samples if config.iq_order == 'IIQQ' else samples[..., ::-1, :]
    else:
        in_order = config.iq_order == 'IIQQ'
        samples = groups if in_order else groups[..., np.argsort(_places(config.iq_order))]
        if in_order and not config.header_bytes:
            return np.ascontiguousarray(groups, '<i2').reshape(*leading, -1)
    words = np.zeros((*leading, config.chirp_bytes // 2), '<i2')
    identifier = np.frombuffer(HSI_HEADERS[0], '<i2')[: config.header_bytes // 2]
    words[..., : len(identifier)] = identifier
    words[..., config.header_bytes // 2 :] = samples.reshape(*leading, -1)
    return words


def reorder_words(
    words: Int16[np.ndarray, '*chirps words'], found: RadarConfig, wanted: RadarConfig
) -> Int16[np.ndarray, '*chirps words']:
    """Convert chirps without headers to another radar's file layout; return them unchanged if the layouts are equal.

    Args:
        words: Chirps in the layout of ``found``.
        found, wanted: Radars that differ in their file layout only, see :meth:`RadarConfig.differing`.
    """
    if all(getattr(found, name) == getattr(wanted, name) for name in ('sampling', 'num_lanes', 'iq_order')):
        return words
    return pack_words(unpack_words(words, found), replace(wanted, header_bytes=0))


def _places(iq_order: str) -> list[int]:
    """Return the positions of I0, I1, Q0 and Q1 in a group of this order."""
    found = {'I': iter([0, 1]), 'Q': iter([2, 3])}
    return np.argsort([next(found[letter]) for letter in iq_order]).tolist()


def decode_groups(raw: Int16[np.ndarray, 'frames loops tx rx half 4']) -> Complex64[np.ndarray, 'frames ant loops n']:
    """Convert groups ``I0 I1 Q0 Q1`` in firing order to a complex cube, (frames, tx * rx, loops, samples).

    The virtual antennas stay in the file's order: TX0 RX0..3, TX1 RX0..3, and so on. Units are ADC counts.
    """
    frames, loops, tx, rx, half, _ = raw.shape
    cube = np.empty((frames, tx, rx, loops, half, 2), np.complex64)
    antennas_first = raw.transpose(0, 2, 3, 1, 4, 5)
    cube.real = antennas_first[..., :2]
    cube.imag = antennas_first[..., 2:]
    return cube.reshape(frames, tx * rx, loops, 2 * half)


def encode_groups(cube: np.ndarray, config: RadarConfig) -> Int16[np.ndarray, 'frames loops tx rx half 4']:
    """Convert a complex cube to groups, the inverse of :func:`decode_groups`.

    Samples are rounded to whole counts and clipped to int16, as an ADC does.

    Args:
        cube: Complex samples in ADC counts, (frames, tx * rx, loops, samples).
        config: The radar to write for.

    Raises:
        ValueError: The cube does not have the shape of the radar's frames.
    """
    frames = cube.shape[0]
    if cube.shape[1:] != config.frame_shape:
        raise ValueError(f'expected frames of shape {config.frame_shape}, found {cube.shape[1:]}')
    cube = np.ascontiguousarray(cube, cube.dtype if np.iscomplexobj(cube) else np.complex64)
    parts = np.rint(cube.view(cube.real.dtype))
    limits = np.iinfo(np.int16)
    np.clip(parts, limits.min, limits.max, out=parts)
    # split antennas into transmitters and receivers, and samples into pairs of I and Q; a file has loops first
    parts = parts.reshape(frames, config.num_tx, config.num_rx, config.num_loops, -1, 4).transpose(0, 3, 1, 2, 4, 5)
    raw = np.empty(parts.shape, '<i2')
    for place, source in enumerate((0, 2, 1, 3)):  # column by column: a transposed copy takes ten times as long
        raw[..., place] = parts[..., source]
    return raw
