"""Figures of results, by what is in the SVG."""

import re
from xml.etree import ElementTree

import pytest

from conftest import REPOSITORY
from mmradar.errors import DataError
from mmradar.experiments import figure_digest, figures_of, read_results, read_suite, results_figure
from mmradar.experiments.suite import Row, Suite

ROWS = (
    ('whole', 'Networks'),
    ('whole, with a name that is too long for one line', 'Networks'),
    ('not run', 'Networks'),
    ('mean pose', 'Without'),
    ('half', 'Networks'),
)
SUITE = Suite('made_up', tuple(Row(name, 'millimamba_tiny_simhupr', group) for name, group in ROWS), (0, 1), {})


def result(ap, motion=(), parameters=10):
    return {'metrics': {'coco/AP': ap, **dict(motion)}, 'parameters': parameters, 'machine': 'a machine'}


@pytest.fixture
def results():
    motion = {'coco/motion_explained_elbow': 0.5, 'coco/motion_explained_wrist': -0.25}
    whole, long, missing, mean_pose, half = (name for name, _ in ROWS)
    return {
        whole: [result(58.0, motion), result(62.0, motion)],
        long: [result(45.0, motion)],
        missing: [],
        mean_pose: [result(15.0, parameters=0)],
        half: [result(30.0)],
    }


def bars(svg, color):
    """Left and right ends of the bars of a color, in points."""
    paths = re.findall(rf'<path d="([^"]+)"[^>]*style="fill: {color}"', svg)
    edges = [[float(x) for x in re.findall(r'[ML] (\S+)', path)] for path in paths]
    return [(min(x), max(x)) for x in edges if max(x) - min(x) > 5]


def test_rows_are_drawn_by_group_and_as_long_as_their_ap(results):
    svg = results_figure(SUITE, results)
    texts = [node.text for node in ElementTree.fromstring(svg).iter('{http://www.w3.org/2000/svg}text')]
    names = ['Networks', 'whole', 'whole, with a name that is too', 'long for one line', 'half', 'Without', 'mean pose']
    assert [text for text in texts if text in (*names, 'not run')][: len(names)] == names
    assert {'AP', 'Motion explained', 'elbows', 'wrists', 'a seed'} <= set(texts)
    lengths = [right - left for left, right in bars(svg, '#a3bfd9') + bars(svg, '#d0d0d0')]
    assert lengths == pytest.approx([length * lengths[0] / 60 for length in (60, 45, 30, 15)], abs=1e-3)


def test_a_spread_is_drawn_where_there_are_several_seeds(results):
    spreads = 'stroke-width: 1.2'
    assert results_figure(SUITE, results).count(spreads) == 3  # AP, elbows and wrists of one row
    assert spreads not in results_figure(SUITE, {name: found[:1] for name, found in results.items()})


def test_a_figure_is_the_same_for_the_same_results_and_says_which(results):
    svg, digest = results_figure(SUITE, results), figure_digest(SUITE, results)
    assert svg == results_figure(SUITE, results) and f'<dc:description>{digest}<' in svg
    assert all(word not in svg for word in ('dc:date', 'atplotlib v'))
    results['half'][0]['machine'] = 'another'
    assert figure_digest(SUITE, results) == digest
    results['half'][0]['metrics']['coco/AP'] = 30.1
    assert figure_digest(SUITE, results) != digest


def test_a_suite_without_results_has_no_figure():
    with pytest.raises(DataError, match='the suite made_up has no results to draw'):
        results_figure(SUITE, {'whole': []})


def test_the_figures_of_the_page_agree_with_the_results():
    """By their digests, because other versions of matplotlib draw other bytes."""
    docs, suites = REPOSITORY / 'docs', REPOSITORY / 'configs/suites'
    names = figures_of((docs / 'benchmark.md').read_text())
    assert 'limbs_simhupr' in names
    for name in names:
        digest = figure_digest(read_suite(suites / f'{name}.py'), read_results(suites / f'{name}.json'))
        svg = (docs / f'{name}.svg').read_text()
        assert f'<dc:description>{digest}<' in svg, 'run tools/misc/write_benchmark.py'
        assert len(svg) < 60_000
