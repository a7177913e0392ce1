"""The folder of the benchmarks, which import each other as scripts do."""

import pytest

from conftest import REPOSITORY


@pytest.fixture
def benchmarks(monkeypatch):
    """The folder, on the path of modules for one test."""
    monkeypatch.syspath_prepend(str(REPOSITORY / 'benchmarks'))
    return REPOSITORY / 'benchmarks'
