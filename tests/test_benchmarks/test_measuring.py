"""Measurements in a process of their own, and what is said of one that fails."""

import sys

import pytest


@pytest.fixture
def measured_alone(benchmarks):
    from measuring import measured_alone

    return lambda code: measured_alone([sys.executable, '-c', code])


def test_the_last_line_is_the_result(measured_alone):
    assert measured_alone("print('built a kernel'); print('{\"seconds\": 1.5}')") == {'seconds': 1.5}


def test_an_error_is_told_by_its_last_line(measured_alone):
    assert measured_alone("raise MemoryError('24 GB are not enough')") == 'MemoryError: 24 GB are not enough'


def test_a_process_that_the_system_ends_is_told_by_its_signal(measured_alone):
    """As when memory runs out; a warning that it printed before is not the reason."""
    code = "import os, sys; print('a warning', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)"
    assert measured_alone(code) == 'ended by signal 9: out of memory?'
