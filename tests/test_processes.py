"""Jobs in parallel processes."""

import signal

from mmradar.processes import run_jobs


def test_an_interrupt_is_for_the_main_process_alone():
    """Workers that got it too would print their tracebacks."""
    before = signal.getsignal(signal.SIGINT)
    assert list(run_jobs(signal.getsignal, [(signal.SIGINT,)] * 2, workers=2)) == [signal.SIG_IGN] * 2
    assert signal.getsignal(signal.SIGINT) is before
