"""Tables as scripts print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table; numbers with one decimal, ``None`` as a dash."""

    def cell(value: Any) -> str:
        if value is None:
            return '-'
        return f'{value:.1f}' if isinstance(value, float) else str(value)

    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join('| ' + ' | '.join(map(cell, line)) + ' |' for line in lines)


def percent_change(value: float, reference: float) -> str:
    """By how much a value is above a reference, as ``+5.0 %``."""
    return f'{100 * (value / reference - 1):+.1f} %'
