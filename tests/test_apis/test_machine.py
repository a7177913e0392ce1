from pathlib import Path

import pytest

from mmradar.apis.machine import processor


@pytest.mark.skipif(not Path('/proc/cpuinfo').is_file(), reason='Linux names the processor in /proc/cpuinfo')
def test_the_name_is_the_system_s():
    name, extension = processor().rsplit(', ', 1)
    assert name in Path('/proc/cpuinfo').read_text()
    assert extension in ('avx512f', 'avx2', 'avx', 'neither AVX-512 nor AVX')
