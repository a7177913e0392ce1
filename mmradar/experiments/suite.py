"""Suites: which configurations are trained, with which options and seeds."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmradar.apis import read_config
from mmradar.errors import ConfigError


@dataclass(frozen=True)
class Row:
    """One line of a suite's table.

    Args:
        name: Its first cell; unique in the suite.
        config: A configuration: a file, or the name of one of the package's.
        group: Heading of the rows that are compared with each other.
        paper: The table of the paper that the row belongs to; empty if there is none.
        options: Configuration options of this row, by dotted key, which override the suite's.
        run: Whether the row is run. Others are in the table with their command.
    """

    name: str
    config: str
    group: str = ''
    paper: str = ''
    options: Mapping[str, Any] = field(default_factory=dict)
    run: bool = True


@dataclass(frozen=True)
class Experiment:
    """One training of a suite.

    Args:
        row: What is trained.
        seed: Seed of weights and order of the samples.
        options: Configuration options, by dotted key: the suite's, then the row's, then the seed.
        folder: Folder for logs, the last checkpoint and the result.
        data_root: Where the data set lies on this machine; ``None`` is the place that options or configuration state.
    """

    row: Row
    seed: int
    options: Mapping[str, Any]
    folder: Path
    data_root: str | None = None

    @property
    def result_file(self) -> Path:
        """The JSON file of the result."""
        return self.folder / 'result.json'

    def config(self) -> Config:
        """Return the configuration with the options and ``data_root`` merged in."""
        return read_config(self.row.config, self._options_here())

    def fingerprint(self) -> str:
        """Return a hash of the resolved configuration, by which a result is recognised as this experiment's.

        It does not depend on ``data_root``: where the data set lies is not a setting.
        """
        settings = read_config(self.row.config, self.options)
        text = json.dumps(settings.to_dict(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def command(self) -> str:
        """Return the command that trains the experiment without the suite, on the data at ``data_root``."""
        options = ' '.join(f'{key}={_as_argument(value)}' for key, value in self._options_here().items())
        return f'python tools/train.py configs/{self.row.config.removesuffix(".py")}.py --cfg-options {options}'

    def _options_here(self) -> Mapping[str, Any]:
        return self.options if self.data_root is None else {**self.options, 'data_root': self.data_root}


@dataclass(frozen=True)
class Suite:
    """Rows of a table, each trained with several seeds.

    Args:
        name: Name of the suite, and of its folder.
        rows: The rows.
        seeds: Seeds of each row.
        options: Configuration options of all rows, by dotted key.
        data_root: See :class:`Experiment`.
    """

    name: str
    rows: tuple[Row, ...]
    seeds: tuple[int, ...]
    options: Mapping[str, Any]
    data_root: str | None = None

    def experiments(self, work_dir: Path) -> Iterator[Experiment]:
        """Yield the trainings of all rows that are run: all rows with the first seed, then with the next."""
        for seed in self.seeds:
            for row in self.rows:
                if row.run:
                    yield self.experiment(row, seed, work_dir)

    def experiment(self, row: Row, seed: int, work_dir: Path) -> Experiment:
        """Return one training of a row."""
        options = {**self.options, **row.options, 'randomness.seed': seed}
        folder = work_dir / self.name / row.name.replace(' ', '_').replace('/', '_') / f'seed_{seed}'
        return Experiment(row, seed, options, folder, self.data_root)


def read_suite(path: str | Path) -> Suite:
    """Read a suite from a Python file with ``name``, ``rows``, ``seeds``, ``options`` and ``config``.

    ``config`` is that of rows that state none of their own. Names with a leading underscore are the file's own.

    Raises:
        ConfigError: There is no such file, a field is missing or unknown, or two rows have one name.
    """
    if not Path(path).is_file():
        raise ConfigError(f'no suite {path}')
    found = Config.fromfile(str(path), lazy_import=False).to_dict()
    found = {key: value for key, value in found.items() if not key.startswith('_')}
    expected = {'name', 'rows', 'seeds', 'options', 'config'}
    if set(found) != expected:
        raise ConfigError(f'{path}: a suite states {", ".join(sorted(expected))}, found {", ".join(sorted(found))}')
    try:
        rows = tuple(Row(**{'config': found['config'], **row}) for row in found['rows'])
    except TypeError as error:
        raise ConfigError(f'{path}: a row does not fit: {error}') from error
    names = [row.name for row in rows]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f'{path}: two rows are called {min(repeated)!r}')
    return Suite(found['name'], rows, tuple(found['seeds']), found['options'])


def _as_argument(value: Any) -> str:
    """Quote a value for a shell, which would expand ``${...}`` between double quotes."""
    text = value if isinstance(value, str) else str(value).replace(' ', '')
    if '$' in text or ' ' in text:
        return shlex.quote(text)
    return f'"{text}"' if any(sign in text for sign in '()[]{},\'"') else text
