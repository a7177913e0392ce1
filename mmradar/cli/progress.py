"""Display of the progress of a script."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def progress_bar(unit: str, width: int = 32) -> Callable[[int, int], None]:
    """Return a callback (done, total) that draws a bar on a terminal, or else prints a line every tenth of the way.

    The callback keeps writing to the current standard output, even if the standard output is redirected later.

    Args:
        unit: Name of what is counted, in the plural.
        width: Characters of the bar.
    """
    out = sys.stdout
    start, terminal, printed = time.perf_counter(), out.isatty(), -1

    def show(done: int, total: int) -> None:
        nonlocal printed
        share = done / max(total, 1)
        elapsed = time.perf_counter() - start
        left = f', {elapsed / share - elapsed:.0f} s left' if 0 < share < 1 else ''
        text = f'[{"#" * round(share * width):<{width}}] {done}/{total} {unit}, {elapsed:.0f} s{left}'
        if terminal:
            print(f'\r{text:<78}', end='\n' if done == total else '', file=out, flush=True)
        elif int(10 * share) > printed:
            printed = int(10 * share)
            print(text, file=out, flush=True)

    return show
