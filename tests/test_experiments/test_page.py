import json

import pytest

from conftest import REPOSITORY
from mmradar.errors import DataError
from mmradar.experiments import fill_in_results, stored_table

PAGE = """# Results

Before.

<!-- results of small -->
old
<!-- end of results -->

After.
"""


@pytest.fixture
def suites(tmp_path):
    (tmp_path / 'small.py').write_text(
        """
name, config, seeds, options = 'small', 'millimamba_tiny_simhupr', (0, 1), {}
rows = [dict(name='T = 3', group='Frames'), dict(name='T = 9', group='Frames', options=dict(num_frames=9))]
"""
    )
    costs = dict.fromkeys(
        ('parameters', 'gmacs', 'peak_memory_mib', 'training_memory_mib', 'ms_per_window', 'training_s'), 60
    )
    result = dict(seed=0, fingerprint='a', metrics={'coco/AP': 61.5}, machine='a machine, 1 thread(s)', **costs)
    (tmp_path / 'small.json').write_text(json.dumps({'T = 3': [result], 'T = 9': []}))
    return tmp_path


def test_tables_are_filled_in_between_the_marks(suites):
    page = fill_in_results(PAGE, suites)
    assert page.startswith('# Results\n\nBefore.\n\n<!-- results of small -->\n\n### Frames')
    assert page.endswith('<!-- end of results -->\n\nAfter.\n') and 'old' not in page
    assert '| T = 3 |  | 1 | 61.5 |' in page and '# T = 9\n' in page
    assert fill_in_results(page, suites) == page


def test_a_suite_without_results_is_named(suites):
    (suites / 'small.json').unlink()
    with pytest.raises(DataError, match=r'no results .*small\.json; tools/run_experiments\.py'):
        fill_in_results(PAGE, suites)


def test_the_tables_agree_with_the_results():
    """Those next to the suites, and those of the page."""
    suites, page = REPOSITORY / 'configs/suites', (REPOSITORY / 'docs/benchmark.md').read_text()
    results = sorted(suites.glob('*.json'))
    assert results and all(f'<!-- results of {path.stem} -->' in page for path in results)
    assert page == fill_in_results(page, suites), 'run tools/misc/write_benchmark.py'
    for path in results:
        assert path.with_suffix('.md').read_text() == stored_table(path.with_suffix('.py')) + '\n'
