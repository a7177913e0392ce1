import json

import pytest

from conftest import REPOSITORY
from mmradar.errors import DataError
from mmradar.experiments import fill_in_results

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
    result = dict(metrics={'coco/AP': 61.5}, machine='a machine, 1 thread(s)', **costs)
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


def test_the_page_of_results_agrees_with_the_results():
    page = (REPOSITORY / 'docs/benchmark.md').read_text()
    named = {name for name in page.split() if (REPOSITORY / f'configs/suites/{name}.json').is_file()}
    assert named == {path.stem for path in (REPOSITORY / 'configs/suites').glob('*.json')}
    assert page == fill_in_results(page, REPOSITORY / 'configs/suites'), 'run tools/misc/write_benchmark.py'
