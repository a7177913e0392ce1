"""Results of suites in a Markdown page: tables and figures."""

from __future__ import annotations

import re
from pathlib import Path

from mmradar.errors import DataError
from mmradar.experiments.figure import results_figure
from mmradar.experiments.results import Results, read_results
from mmradar.experiments.suite import Suite, read_suite
from mmradar.experiments.table import results_table

_SECTION = re.compile(r'(<!-- results of (?P<suite>\S+) -->\n).*?(<!-- end of results -->)', re.DOTALL)
_FIGURE = re.compile(r'!\[[^]]*\]\((?P<suite>\w+)\.svg\)')


def stored_table(suite: Path) -> str:
    """Return the table of the results next to a suite, ``limbs_simhupr.json`` for ``limbs_simhupr.py``, as Markdown.

    Raises:
        DataError: The suite has no results.
        ConfigError: There is no such suite.
    """
    return results_table(*_stored(suite))


def stored_figure(suite: Path) -> str:
    """Return the figure of the results next to a suite, see :func:`~mmradar.experiments.figure.results_figure`.

    Raises:
        DataError: The suite has no results.
        ConfigError: There is no such suite.
    """
    return results_figure(*_stored(suite))


def figures_of(page: str) -> list[str]:
    """Return the names of the suites whose figures a page shows, by pictures such as ``![...](limbs_simhupr.svg)``."""
    return [match['suite'] for match in _FIGURE.finditer(page)]


def fill_in_results(page: str, suites: Path) -> str:
    """Return a page with the tables of all suites that it names.

    A page names a suite by the lines ``<!-- results of limbs_simhupr -->`` and ``<!-- end of results -->``; what is
    between them is replaced by :func:`stored_table`.

    Args:
        page: Markdown of the page.
        suites: Folder of the suites and of their results.

    Raises:
        DataError: A suite has no results.
        ConfigError: There is no such suite.
    """

    def section(match: re.Match[str]) -> str:
        table = stored_table(suites / f'{match["suite"]}.py')
        return f'{match[1]}\n{table}\n\n{match[3]}'

    return _SECTION.sub(section, page)


def _stored(suite: Path) -> tuple[Suite, Results]:
    results = suite.with_suffix('.json')
    if not results.is_file():
        raise DataError(f'no results {results}; tools/run_experiments.py {suite} --out {results} writes them')
    return read_suite(suite), read_results(results)
