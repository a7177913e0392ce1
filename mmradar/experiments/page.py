"""Results of suites in a Markdown page."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mmradar.errors import DataError
from mmradar.experiments.suite import read_suite
from mmradar.experiments.table import results_table

_SECTION = re.compile(r'(<!-- results of (?P<suite>\S+) -->\n).*?(<!-- end of results -->)', re.DOTALL)


def fill_in_results(page: str, suites: Path) -> str:
    """Return a page with the tables of all suites that it names.

    A page names a suite by the lines ``<!-- results of limbs_simhupr -->`` and ``<!-- end of results -->``; what is
    between them is replaced. The results are those of the JSON file next to the suite.

    Args:
        page: Markdown of the page.
        suites: Folder of the suites and of their results.

    Raises:
        DataError: A suite has no results.
        ConfigError: There is no such suite.
    """

    def section(match: re.Match[str]) -> str:
        name = match['suite']
        results = suites / f'{name}.json'
        if not results.is_file():
            raise DataError(f'no results {results}; tools/run_experiments.py {suites / name}.py --out writes them')
        table = results_table(read_suite(suites / f'{name}.py'), json.loads(results.read_text()))
        return f'{match[1]}\n{table}\n\n{match[3]}'

    return _SECTION.sub(section, page)
