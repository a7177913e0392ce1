"""Results of a suite as a picture: accuracy by group, with the spread over seeds."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from mmradar.errors import DataError
from mmradar.experiments.results import Results
from mmradar.experiments.suite import Suite

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

# Sizes in inches; the picture is as wide as the text of a page at 96 pixels an inch.
_WIDTH, _LINE, _TOP, _BOTTOM = 7.4, 0.19, 0.5, 0.28
_ACCURACY, _MOTION = (2.2, 2.6), (5.15, 2.1)  # left edge and width of the panels
# In lines of text: the space between groups, and between the lines of a name, which is broken after so many characters.
_GAP, _BROKEN, _NAME_WIDTH = 0.35, 0.75, 30
_BLUE, _GREY = ('#a3bfd9', '#1f4061'), ('#d0d0d0', '#6e6e6e')  # of bars, and of what lies on them
_AXIS = '#808080'
_SMALL = 8
_STYLE = {
    'svg.fonttype': 'none',  # text stays text
    'svg.hashsalt': 'mmradar',  # the same names of parts in every run
    'font.family': 'sans-serif',
    'font.sans-serif': ['DejaVu Sans'],  # which comes with matplotlib; another of the reader's may take its place
    'font.size': 9,
    'axes.linewidth': 0.6,
    'axes.spines.left': False,
    'axes.spines.right': False,
    'axes.spines.top': False,
    'axes.edgecolor': _AXIS,
    'axes.grid': True,
    'axes.grid.axis': 'x',
    'axes.axisbelow': True,
    'grid.color': '#e6e6e6',
    'grid.linewidth': 0.6,
    'xtick.color': _AXIS,
    'xtick.labelcolor': 'black',
    'xtick.labelsize': _SMALL,
    'legend.frameon': False,
    'legend.fontsize': _SMALL,
}


@dataclass(frozen=True)
class _Bar:
    """What is drawn of a row: one value a seed, fewer where a metric is missing."""

    group: str
    name: str
    network: bool
    ap: Sequence[float]
    motion: Mapping[str, Sequence[float]]

    @property
    def light(self) -> str:
        """Color of the bar."""
        return (_BLUE if self.network else _GREY)[0]

    @property
    def dark(self) -> str:
        """Color of what lies on the bar."""
        return (_BLUE if self.network else _GREY)[1]


def results_figure(suite: Suite, results: Results) -> str:
    """Return a picture of a suite's results, in the same bytes for the same results and version of matplotlib.

    Bars are AP, markers the motion explained of elbows and wrists: means over seeds, with the standard deviation where
    there are several. Dots are the AP of single seeds, and the dashed line is the first row's AP, with which others are
    compared. Rows without a network, that is, without parameters, are grey; rows without a result are not drawn.

    Returns:
        SVG, with :func:`figure_digest` as its description.

    Raises:
        DataError: There is no result to draw.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    bars = _bars(suite, results)
    if not bars:
        raise DataError(f'the suite {suite.name} has no results to draw; tools/run_experiments.py makes them')
    names, middles, lines = _layout(bars)
    height = _TOP + _LINE * lines + _BOTTOM
    with style.context(['default', _STYLE]):
        figure = Figure(figsize=(_WIDTH, height))
        accuracy, motion = (
            figure.add_axes((left / _WIDTH, _BOTTOM / height, width / _WIDTH, _LINE * lines / height))
            for left, width in (_ACCURACY, _MOTION)
        )
        for axes in (accuracy, motion):
            axes.set(ylim=(lines, 0), yticks=())
        for y, text, weight in names:
            accuracy.text(-2, y, text, weight=weight, ha='right', va='center')
        _draw_accuracy(accuracy, bars, middles)
        _draw_motion(motion, bars, middles)
        file = StringIO()
        metadata = {
            'Title': suite.name,
            'Description': figure_digest(suite, results),
            'Creator': 'mmradar',
            'Date': None,
        }
        figure.savefig(file, format='svg', metadata=metadata)
    return file.getvalue()


def figure_digest(suite: Suite, results: Results) -> str:
    """Return a hash of what :func:`results_figure` draws, by which a picture is recognised as that of the results."""
    text = json.dumps([asdict(bar) for bar in _bars(suite, results)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _bars(suite: Suite, results: Results) -> list[_Bar]:
    """Return what is drawn, from top to bottom: rows of one group lie together."""

    def values(name: str, metric: str) -> list[float]:
        found = (result['metrics'].get(f'coco/{metric}') for result in results[name])
        return [value for value in found if value is not None]

    bars = [
        _Bar(
            row.group,
            row.name,
            results[row.name][0]['parameters'] > 0,
            values(row.name, 'AP'),
            {f'{joint}s': values(row.name, f'motion_explained_{joint}') for joint in ('elbow', 'wrist')},
        )
        for group in dict.fromkeys(row.group for row in suite.rows)
        for row in suite.rows
        if row.group == group and results.get(row.name)
    ]
    return [bar for bar in bars if bar.ap]


def _layout(bars: Sequence[_Bar]) -> tuple[list[tuple[float, str, str]], list[float], float]:
    """Return names and headings as (y, text, weight), the y of each bar, and the height of all, in lines of text."""
    names, middles, y = [], [], 0.0
    for index, bar in enumerate(bars):
        if not index or bar.group != bars[index - 1].group:
            y += _GAP if index else 0.0
            names.append((y + 0.5, bar.group, 'bold'))
            y += 1
        parts = textwrap.wrap(bar.name, _NAME_WIDTH)
        names += [(y + 0.5 + _BROKEN * part, text, 'normal') for part, text in enumerate(parts)]
        middles.append(y + 0.5 + _BROKEN * (len(parts) - 1) / 2)
        y += 1 + _BROKEN * (len(parts) - 1)
    return names, middles, y + _GAP


def _draw_accuracy(axes: Axes, bars: Sequence[_Bar], middles: Sequence[float]) -> None:
    axes.set(xlim=(0, 100), xticks=range(0, 101, 20))
    axes.barh(middles, [mean(bar.ap) for bar in bars], height=0.7, color=[bar.light for bar in bars])
    _draw_spread(axes, [(bar.ap, y, bar.dark) for bar, y in zip(bars, middles)])
    seeds = [(value, y, bar.dark) for bar, y in zip(bars, middles) for value in bar.ap]
    dots = _draw_marks(axes, seeds, s=9, linewidths=0)
    line = axes.axvline(mean(bars[0].ap), color=bars[0].dark, linewidth=0.8, dashes=(3, 2), zorder=0.8)
    _entitle(axes, 'AP', {'a seed': dots, bars[0].name: line})


def _draw_motion(axes: Axes, bars: Sequence[_Bar], middles: Sequence[float]) -> None:
    axes.axvline(0, color=_AXIS, linewidth=0.6)
    marks = {}
    for joint, shift, style in (('elbows', -0.17, {}), ('wrists', 0.17, {'facecolors': 'white'})):
        known = [(bar.motion[joint], y + shift, bar.dark) for bar, y in zip(bars, middles) if bar.motion[joint]]
        _draw_spread(axes, known)
        marks[joint] = _draw_marks(axes, [(mean(values), y, color) for values, y, color in known], s=18, **style)
    axes.set(xlim=(min(axes.get_xlim()[0], 0), 1))
    _entitle(axes, 'Motion explained', marks)


def _draw_spread(axes: Axes, places: Sequence[tuple[Sequence[float], float, str]]) -> None:
    """Draw the standard deviation on both sides of the mean, where there are several values, as (values, y, color)."""
    for values, y, color in places:
        if len(values) > 1:
            middle, spread = mean(values), stdev(values)
            axes.hlines(y, middle - spread, middle + spread, color=color, linewidth=1.2)


def _draw_marks(axes: Axes, places: Sequence[tuple[float, float, str]], **style: Any) -> PathCollection:
    """Draw discs at (x, y, color)."""
    x, y, colors = ([place[part] for place in places] for part in range(3))
    return axes.scatter(x, y, zorder=3, **{'edgecolors': colors, 'facecolors': colors, 'linewidths': 1.0, **style})


def _entitle(axes: Axes, title: str, shown: Mapping[str, Artist]) -> None:
    """Write a title above a panel, and below the title what its marks are."""
    axes.set_title(title, loc='left', size='medium', weight='bold', pad=18)
    axes.legend(
        list(shown.values()),
        list(shown),
        loc='lower left',
        bbox_to_anchor=(0, 1),
        ncols=len(shown),
        borderpad=0,
        borderaxespad=0.4,
        handlelength=1.4,
        handletextpad=0.4,
        columnspacing=1.2,
        scatterpoints=1,
    )
