import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource
import sys
import torch
from mmradar.memory import keep_freed_memory

if sys.argv[1] == 'keep':
    assert keep_freed_memory()
for _ in range(3):
    torch.ones(10, 1_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.ones(10, 1_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='only glibc takes this advice')
def test_memory_that_is_kept_is_not_mapped_again():
    def page_faults(mode):
        return int(subprocess.run([sys.executable, '-c', SCRIPT, mode], check=True, capture_output=True).stdout)

    assert page_faults('keep') < page_faults('default') / 2
