import os
import signal
import subprocess
import sys

import pytest

from mmradar.atomic_write import atomic_folder, atomic_write


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / 'clip.npz'
    path.write_bytes(b'old')
    with atomic_write(path) as file:
        file.write(b'new')
        file.flush()
        assert path.read_bytes() == b'old'
    assert path.read_bytes() == b'new' and names(tmp_path) == ['clip.npz']


def test_a_file_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / 'clip.npz'
    path.write_bytes(b'old')
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as file:
        file.write(b'half')
        raise KeyboardInterrupt
    assert path.read_bytes() == b'old' and names(tmp_path) == ['clip.npz']


def test_two_writers_of_a_file_do_not_meet(tmp_path):
    path = tmp_path / 'clip.npz'
    with atomic_write(path) as slow:
        slow.write(b'slow, ')
        with atomic_write(path) as fast:
            fast.write(b'fast')
        assert path.read_bytes() == b'fast'
        slow.write(b'whole')
    assert path.read_bytes() == b'slow, whole' and names(tmp_path) == ['clip.npz']


def test_a_folder_appears_when_it_is_whole(tmp_path):
    with atomic_folder(tmp_path / 'single_1') as folder:
        (folder / 'joints.npy').write_bytes(b'all')
        assert not (tmp_path / 'single_1').exists()
    assert names(tmp_path) == ['single_1'] and names(tmp_path / 'single_1') == ['joints.npy']


def test_a_folder_that_fails_is_not_there(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / 'single_1') as folder:
        (folder / 'joints.npy').write_bytes(b'half')
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_folder_with_files_is_not_overwritten(tmp_path):
    (tmp_path / 'single_1').mkdir()
    (tmp_path / 'single_1' / 'joints.npy').write_bytes(b'old')
    with pytest.raises(OSError, match='single_1'), atomic_folder(tmp_path / 'single_1') as folder:
        (folder / 'joints.npy').write_bytes(b'new')
    assert (tmp_path / 'single_1' / 'joints.npy').read_bytes() == b'old' and names(tmp_path) == ['single_1']


@pytest.mark.parametrize('what', ['atomic_write', 'atomic_folder'])
def test_a_killed_process_leaves_nothing_that_is_taken_for_it(tmp_path, what):
    script = f"""
import pathlib, time
from mmradar.atomic_write import {what}
with {what}(pathlib.Path({str(tmp_path)!r}) / 'single_1'):
    print('writing', flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, '-c', script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == 'writing'
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (left,) = names(tmp_path)
    assert left.startswith('.') and left.endswith('.unfinished')
