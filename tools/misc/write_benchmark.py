"""Write the tables of docs/benchmark.md from the results next to the suites in configs/suites."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmradar.atomic_write import atomic_write
from mmradar.cli import run
from mmradar.experiments import fill_in_results

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    page = REPOSITORY / 'docs' / 'benchmark.md'
    text = fill_in_results(page.read_text(), REPOSITORY / 'configs' / 'suites')
    with atomic_write(page) as file:
        file.write(text.encode())


if __name__ == '__main__':
    run(main)
