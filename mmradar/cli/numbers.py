"""Types of command-line options that are numbers within limits."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def integer(smallest: int, largest: int | None = None) -> Callable[[str], int]:
    """Return an argparse type of whole numbers from ``smallest`` to ``largest``."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = smallest - 1
        if number < smallest or (largest is not None and number > largest):
            limits = f'of at least {smallest}' if largest is None else f'from {smallest} to {largest}'
            raise argparse.ArgumentTypeError(f'expected a whole number {limits}, found {text!r}')
        return number

    return parse


PORT = integer(0, 65535)


def not_negative(text: str) -> float:
    """Parse a finite number of at least 0; an argparse type."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise argparse.ArgumentTypeError(f'expected a number of at least 0, found {text!r}')
    return number
