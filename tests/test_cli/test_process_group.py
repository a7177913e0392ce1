import os
import subprocess
import sys

import pytest

TRAINING_LIKE = """
import os
from pathlib import Path

import mmengine.runner  # as every training, before there is a group: modules of torch keep the group that they find
import torch

from mmradar.cli import run


class Runner:
    def __init__(self):
        torch.distributed.init_process_group('gloo', init_method='tcp://127.0.0.1:0', rank=0, world_size=1)
        self.model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))
        self.model(torch.ones(1, 2)).sum().backward()
        self.hook = self.model.train  # the hooks of a runner refer to it
        self.model.runner = self


def threads(when):
    names = sorted(path.read_text().strip() for path in Path('/proc/self/task').glob('*/comm'))
    print(when, sum('gloo' in name for name in names), flush=True)


def main():
    Runner()
    threads('during')


run(main)
threads('after')
"""


@pytest.mark.skipif(not os.path.isdir('/proc/self/task'), reason='threads are counted in /proc, which Linux has')
def test_no_thread_of_the_process_group_outlives_a_script():
    """A thread that asks for the interpreter's lock after its end aborts the process, now and then."""
    done = subprocess.run([sys.executable, '-c', TRAINING_LIKE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    counts = dict(line.split() for line in done.stdout.splitlines()[-2:])
    assert int(counts['during']) > 0
    assert counts['after'] == '0'
