"""What TI's files say of a radar, in one form."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_BITS_16 = 2  # TI's number of it
MOST_CHIRPS = 512


def numbers(words: Sequence[str], least: int, most: int | None = None) -> list[float]:
    """The words as finite numbers, decimal or hexadecimal.

    Raises:
        ValueError: A word is no number, or there are less than ``least`` or more than ``most`` of them.
    """
    if len(words) < least or (most is not None and len(words) > most):
        expected = f'{least}' if most in (None, least) else f'{least} to {most}'
        raise ValueError(f'{expected} numbers expected, {len(words)} found')
    found = []
    for word in words:
        if '_' in word:
            raise ValueError(f'{word!r} is no number')
        found.append(float(int(word, 16)) if re.fullmatch(r'0[xX][0-9a-fA-F]+', word) else float(word))
    if not all(map(math.isfinite, found)):
        raise ValueError('a number is not finite')
    return found


def whole(number: float) -> int:
    """A number that counts, as an integer.

    Raises:
        ValueError: It has a fraction.
    """
    if number != int(number):
        raise ValueError(f'{number:g} must be a whole number')
    return int(number)


def switches(values: Sequence[float]) -> int:
    """Switches, the first of them the lowest bit, as a mask.

    Raises:
        ValueError: One is neither 0 nor 1.
    """
    if not set(values) <= {0, 1}:
        raise ValueError(f'switches must be 0 or 1, found {", ".join(f"{value:g}" for value in values)}')
    return sum(int(value) << bit for bit, value in enumerate(values))


@dataclass(frozen=True)
class Profile:
    """A ramp and its samples, in Hz and s."""

    start_hz: float
    idle_s: float
    adc_start_s: float
    ramp_s: float
    slope_hz_per_s: float
    samples: float
    rate_hz: float


@dataclass(frozen=True)
class Chirp:
    """Which profile a chirp has, which transmitters it fires as a mask, and whether it departs from the profile."""

    profile: int
    tx_mask: int
    varies: bool


@dataclass
class Settings:
    """What a file says, the last word of each kind.

    ``platform`` is what a file calls its board, ``chips`` what it calls its chip: a chip may come on several boards,
    and scripts of mmWave Studio may select several chips in turn. ``sub_frames`` are the commands of a frame of another
    kind, ``antenna_lines`` the numbers of ``antGeometry0`` and ``antGeometry1``, by 0 and 1.
    """

    profiles: dict[int, Profile] = field(default_factory=dict)
    chirps: dict[int, Chirp] = field(default_factory=dict)
    frame: tuple[int, int, int, float] | None = None  # first and last chirp, loops, period in s
    rx_mask: int | None = None
    platform: str = ''
    chips: list[str] = field(default_factory=list)
    sampling: int | None = None  # TI's number: 0 real, 1 complex 1x, 2 complex 2x, 3 pseudo real
    buffers_real: bool | None = None
    lane_mask: int | None = None
    interleaved: bool = False
    q_first: bool = False
    headers: bool = False
    sub_frames: str = ''
    antenna_lines: dict[int, list[float]] = field(default_factory=dict)

    def set_format(self, bits: float, sampling: float) -> None:
        """How the ADC samples, in TI's numbers."""
        if bits != _BITS_16:
            raise ValueError(f'samples of {12 + 2 * bits:g} bits; read are 16')
        self.sampling = whole(sampling)

    def set_profile(self, number: float, profile: Profile) -> None:
        """The ramp and samples that chirps refer to by this number."""
        self.profiles[whole(number)] = profile

    def set_chirps(self, first: float, last: float, profile: float, tx_mask: float, varies: bool) -> None:
        """Chirps ``first`` to ``last``, both included."""
        first, last = whole(first), whole(last)
        if not 0 <= first <= last < MOST_CHIRPS:
            raise ValueError(f'chirps {first} to {last}; a radar has 0 to {MOST_CHIRPS - 1}')
        chirp = Chirp(whole(profile), whole(tx_mask), varies)
        self.chirps |= dict.fromkeys(range(first, last + 1), chirp)

    def set_frame(self, first: float, last: float, loops: float, period_s: float) -> None:
        """A frame of ``loops`` times the chirps ``first`` to ``last``."""
        self.frame = whole(first), whole(last), whole(loops), period_s

    def forget_chirps(self) -> None:
        """Before a further configuration in the same file."""
        self.profiles, self.chirps, self.frame, self.sub_frames = {}, {}, None, ''
