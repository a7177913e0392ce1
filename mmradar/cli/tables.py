"""Tables that scripts print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Format a table in Markdown: floats with one decimal, ``None`` as a dash."""

    def cell(value: Any) -> str:
        if value is None:
            return '-'
        return f'{value:.1f}' if isinstance(value, float) else str(value)

    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join('| ' + ' | '.join(map(cell, line)) + ' |' for line in lines)


def percent_change(value: float, reference: float) -> str:
    """Format the change of a value from a reference, as ``+5.0 %``."""
    return f'{100 * (value / reference - 1):+.1f} %'


def metric_lines(metrics: Mapping[str, float]) -> str:
    """Format metrics with two decimals, one per line."""
    return '\n'.join(f'{name:<20} {value:8.2f}' for name, value in metrics.items())
