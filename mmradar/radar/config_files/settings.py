"""Content of TI's radar configuration files in one common form."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_BITS_16 = 2  # TI's code for 16-bit samples
MOST_CHIRPS = 512


def numbers(words: Sequence[str], least: int, most: int | None = None) -> list[float]:
    """Parse words as finite numbers, decimal or hexadecimal.

    Raises:
        ValueError: A word is not a finite number, or there are fewer than ``least`` or more than ``most`` words.
    """
    if len(words) < least or (most is not None and len(words) > most):
        expected = f'{least}' if most in (None, least) else f'{least} to {most}'
        raise ValueError(f'{expected} numbers expected, {len(words)} found')
    found = []
    for word in words:
        if '_' in word:
            raise ValueError(f'{word!r} is not a number')
        found.append(float(int(word, 16)) if re.fullmatch(r'0[xX][0-9a-fA-F]+', word) else float(word))
    if not all(map(math.isfinite, found)):
        raise ValueError('a number is not finite')
    return found


def whole(number: float) -> int:
    """Convert a whole number to ``int``.

    Raises:
        ValueError: The number has a fractional part.
    """
    if number != int(number):
        raise ValueError(f'{number:g} must be a whole number')
    return int(number)


def switches(values: Sequence[float]) -> int:
    """Convert switches to a bit mask; the first switch is the lowest bit.

    Raises:
        ValueError: A switch is neither 0 nor 1.
    """
    if not set(values) <= {0, 1}:
        raise ValueError(f'switches must be 0 or 1, found {", ".join(f"{value:g}" for value in values)}')
    return sum(int(value) << bit for bit, value in enumerate(values))


@dataclass(frozen=True)
class Profile:
    """Chirp profile: a ramp and its samples, in Hz and s."""

    start_hz: float
    idle_s: float
    adc_start_s: float
    ramp_s: float
    slope_hz_per_s: float
    samples: float
    rate_hz: float


@dataclass(frozen=True)
class Chirp:
    """Chirp: the number of its profile, a mask of its transmitters, and whether it departs from the profile."""

    profile: int
    tx_mask: int
    varies: bool


@dataclass
class Settings:
    """Settings of a configuration file; of repeated commands, the last counts.

    Attributes:
        profiles: Profiles by number.
        chirps: Chirps by index.
        frame: First and last chirp, loops, and period in s.
        rx_mask: Mask of the receivers that are on.
        platform: The file's name for the board.
        chips: The file's names for the chip. A chip may be sold on several boards, and scripts of mmWave Studio may
            select several chips in turn.
        sampling: TI's number: 0 real, 1 complex 1x, 2 complex 2x, 3 pseudo real.
        buffers_real: Whether ``adcbufCfg`` sends real samples.
        lane_mask: Mask of the LVDS lanes that are on.
        interleaved: Whether receivers are interleaved.
        q_first: Whether Q comes before I.
        headers: Whether each chirp is sent with a header.
        sub_frames: Names of the commands that define a frame of sub-frames; empty for an ordinary frame.
        antenna_lines: Numbers of ``antGeometry0`` (0) and ``antGeometry1`` (1).
    """

    profiles: dict[int, Profile] = field(default_factory=dict)
    chirps: dict[int, Chirp] = field(default_factory=dict)
    frame: tuple[int, int, int, float] | None = None
    rx_mask: int | None = None
    platform: str = ''
    chips: list[str] = field(default_factory=list)
    sampling: int | None = None
    buffers_real: bool | None = None
    lane_mask: int | None = None
    interleaved: bool = False
    q_first: bool = False
    headers: bool = False
    sub_frames: str = ''
    antenna_lines: dict[int, list[float]] = field(default_factory=dict)

    def set_format(self, bits: float, sampling: float) -> None:
        """Set the format of ADC samples, given in TI's numbers."""
        if bits != _BITS_16:
            raise ValueError(f'samples of {12 + 2 * bits:g} bits; only 16 bits are supported')
        self.sampling = whole(sampling)

    def set_profile(self, number: float, profile: Profile) -> None:
        """Set the profile that chirps refer to by this number."""
        self.profiles[whole(number)] = profile

    def set_chirps(self, first: float, last: float, profile: float, tx_mask: float, varies: bool) -> None:
        """Set chirps ``first`` to ``last``, both included."""
        start, end = whole(first), whole(last)
        if not 0 <= start <= end < MOST_CHIRPS:
            raise ValueError(f'chirps {start} to {end}; a radar has 0 to {MOST_CHIRPS - 1}')
        chirp = Chirp(whole(profile), whole(tx_mask), varies)
        self.chirps |= dict.fromkeys(range(start, end + 1), chirp)

    def set_frame(self, first: float, last: float, loops: float, period_s: float) -> None:
        """Set the frame: chirps ``first`` to ``last``, repeated ``loops`` times, every ``period_s``."""
        self.frame = whole(first), whole(last), whole(loops), period_s

    def forget_chirps(self) -> None:
        """Discard profiles, chirps and frame before another configuration in the same file."""
        self.profiles, self.chirps, self.frame, self.sub_frames = {}, {}, None, ''
