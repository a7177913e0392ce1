import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_simulation.test_motion_files.fuzzing import CUTS, FUZZ, reads_or_says_why

from mmradar.errors import DataError
from mmradar.simulation.motion_files import read_arrays, read_motion, write_npz
from mmradar.simulation.motion_sequence import MotionSequence


def test_arrays_come_back(tmp_path, positions):
    np.save(tmp_path / 'plain.npy', positions)
    with pytest.raises(DataError, match='does not say its frame rate'):
        read_motion(tmp_path / 'plain.npy')
    np.testing.assert_array_equal(read_motion(tmp_path / 'plain.npy', frame_rate_hz=10).positions_m, positions)
    motion = MotionSequence(positions, 12.5)
    found = read_motion(write_npz(motion, tmp_path / 'packed.npz'))
    np.testing.assert_array_equal(found.positions_m, positions)
    assert found.frame_rate_hz == 12.5 and found.name == 'packed'
    with pytest.raises(ValueError, match='ends in .npz'):
        write_npz(motion, tmp_path / 'packed.zip')


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ('a pickle was executed',))


def test_pickles_are_not_opened(tmp_path):
    array = np.array([Bomb()] * 3, dtype=object)
    np.save(tmp_path / 'bomb.npy', array)
    np.savez(tmp_path / 'bomb.npz', positions_m=array, frame_rate_hz=30.0)
    for name in ('bomb.npy', 'bomb.npz'):
        with pytest.raises(DataError, match=f'{name} cannot be read'):
            read_arrays(tmp_path / name, frame_rate_hz=30)


def test_arrays_larger_than_their_file(tmp_path, positions):
    path = tmp_path / 'large.npy'
    np.save(path, positions)
    content = path.read_bytes().replace(b'(12, 14, 3)', b'(9' + b'0' * 11 + b', 14, 3)')
    path.write_bytes(content)
    with pytest.raises(DataError, match='cannot be read as .npy'):
        read_arrays(path, frame_rate_hz=10)
    with zipfile.ZipFile(tmp_path / 'large.npz', 'w') as archive:
        archive.write(path, 'positions_m.npy')
    with pytest.raises(DataError, match='no array'):
        read_arrays(tmp_path / 'large.npz')
    with zipfile.ZipFile(tmp_path / 'large.npz', 'a') as archive:
        np.save(tmp_path / 'rate.npy', 10.0)
        archive.write(tmp_path / 'rate.npy', 'frame_rate_hz.npy')
    with pytest.raises(DataError, match=r'said to be float64 \(9'):
        read_arrays(tmp_path / 'large.npz')


@FUZZ
@given(
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=4), cut=CUTS, zipped=st.booleans()
)
def test_any_arrays(tmp_path, positions, changes, cut, zipped):
    path = tmp_path / ('fuzz.npz' if zipped else 'fuzz.npy')
    if zipped:
        write_npz(MotionSequence(positions, 10), path)
    else:
        np.save(path, positions)
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place % 400 if place % 2 else place % len(content)] = value
    path.write_bytes(content[: len(content) - cut])
    reads_or_says_why(path, frame_rate_hz=10)
