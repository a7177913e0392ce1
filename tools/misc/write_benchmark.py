"""Write the tables of results, next to the suites in configs/suites and in docs/benchmark.md, from their JSON files.

Figures that the page shows, such as `![...](limbs_simhupr.svg)`, are drawn next to it.

python tools/run_experiments.py configs/suites/limbs_simhupr.py --table --out configs/suites/limbs_simhupr.md
python tools/misc/write_benchmark.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmradar.atomic_write import atomic_write
from mmradar.cli import run
from mmradar.experiments import figures_of, fill_in_results, stored_figure, stored_table

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    suites, page = REPOSITORY / 'configs' / 'suites', REPOSITORY / 'docs' / 'benchmark.md'
    texts = {path.with_suffix('.md'): stored_table(path.with_suffix('.py')) + '\n' for path in suites.glob('*.json')}
    texts[page] = fill_in_results(page.read_text(), suites)
    for name in figures_of(texts[page]):
        texts[page.with_name(f'{name}.svg')] = stored_figure(suites / f'{name}.py')
    for path, text in texts.items():
        with atomic_write(path) as file:
            file.write(text.encode())


if __name__ == '__main__':
    run(main)
