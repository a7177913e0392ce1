import pickle
import sys

import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmradar.radar import ADCFileError, RadarConfig, open_cubes, open_recording
from mmradar.radar.matlab5 import read_matlab5

CONFIG = RadarConfig(num_loops=2, num_samples=6)


def cube(frames=3):
    rng = np.random.default_rng(0)
    shape = (frames, *CONFIG.frame_shape)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def write(path, array, name='adc'):
    if path.suffix == '.npy':
        np.save(path, array)
    elif path.suffix == '.mat':
        scipy.io.savemat(path, {name: array, 'fs_hz': 5e6})
    else:
        h5py = pytest.importorskip('h5py', reason='h5py is not installed: HDF5 files cannot be read')
        with h5py.File(path, 'w') as file:
            file.create_dataset(f'run/{name}', data=array)
            file.create_dataset('fs_hz', data=5e6)
    return path


def matlab_7_3(path, array):
    """As MATLAB writes it: HDF5 behind 512 bytes of its own, axes reversed, fields real and imag."""
    h5py = pytest.importorskip('h5py', reason='h5py is not installed: MATLAB 7.3 files cannot be read')
    with h5py.File(path, 'w', userblock_size=512) as file:
        pairs = np.empty(array.T.shape, [('real', 'f4'), ('imag', 'f4')])
        pairs['real'], pairs['imag'] = array.T.real, array.T.imag
        file.create_dataset('adc', data=pairs)
    with path.open('r+b') as file:
        file.write(b'MATLAB 7.3 MAT-file'.ljust(512))
    return path


@pytest.mark.parametrize('suffix', ['.npy', '.mat', '.h5', '.hdf5'])
def test_cubes_come_back(tmp_path, suffix):
    recording = open_recording(write(tmp_path / f'adc{suffix}', cube()), CONFIG, num_frames=3)
    assert len(recording) == 3
    np.testing.assert_array_equal(recording.cube(), cube())
    found = recording.cube([2, 0, 0])
    assert found.dtype == np.complex64 and found.flags.c_contiguous
    np.testing.assert_array_equal(found, cube()[[2, 0, 0]])
    with pytest.raises(IndexError, match='asked for frames 1 to 3, there are 3'):
        recording.cube([1, 3])


def test_matlab_7_3(tmp_path):
    path = matlab_7_3(tmp_path / 'adc.mat', cube())
    np.testing.assert_array_equal(open_cubes(path, CONFIG).cube([1, 2]), cube()[1:])
    turned = matlab_7_3(tmp_path / 'turned.mat', cube().transpose(3, 2, 1, 0))
    recording = open_cubes(turned, CONFIG, axes='sample loop antenna frame')
    np.testing.assert_array_equal(recording.cube([2]), cube()[2:])


@pytest.mark.parametrize('compressed', [False, True])
@pytest.mark.parametrize('kind', ['f8', 'f4', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'c16', 'c8', '>f8'])
def test_matlab_5_reads_what_scipy_writes(tmp_path, kind, compressed):
    rng = np.random.default_rng(0)
    array = (rng.normal(size=(3, 4, 5)) * 100).astype(kind.replace('u', 'i')).astype(kind)
    if 'c' in kind:
        array = array + 1j * array[::-1]
    everything = {'x': array, 'a_longer_name': array[0], 'text': 'abc', 'cell': np.array([1, 'b'], object)}
    scipy.io.savemat(tmp_path / 'all.mat', everything | {'struct': {'a': 1}}, do_compression=compressed)
    found = read_matlab5(tmp_path / 'all.mat')
    assert sorted(found) == ['a_longer_name', 'x']
    np.testing.assert_array_equal(found['x'].read(), array)
    assert found['x'].read().dtype == array.dtype.newbyteorder('=')
    np.testing.assert_array_equal(found['a_longer_name'].read(), array[0])


@pytest.mark.parametrize('suffix', ['.npy', '.mat', '.h5'])
def test_other_axes_and_pairs_of_reals(tmp_path, suffix):
    turned = cube().transpose(0, 2, 1, 3)  # loops before antennas
    path = write(tmp_path / f'turned{suffix}', turned)
    np.testing.assert_array_equal(open_cubes(path, CONFIG, axes='frame loop antenna sample').cube(), cube())
    pairs = np.stack([cube().real, cube().imag], -1)
    np.testing.assert_array_equal(open_cubes(write(tmp_path / f'pairs{suffix}', pairs), CONFIG).cube([1]), cube()[1:2])


def test_several_arrays_need_a_name(tmp_path):
    path = tmp_path / 'two.mat'
    scipy.io.savemat(path, {'hori': cube(), 'vert': 2 * cube()})
    with pytest.raises(
        ADCFileError, match=r'name one array of four axes as `key`; there are hori \(3, 12, 2, 6\), vert'
    ):
        open_cubes(path, CONFIG)
    np.testing.assert_array_equal(open_recording(path, CONFIG, key='vert').cube(), 2 * cube())
    with pytest.raises(ADCFileError, match="no array 'left', found hori, vert"):
        open_cubes(path, CONFIG, key='left')


def test_too_few_and_too_many_frames(tmp_path):
    path = write(tmp_path / 'adc.npy', cube())
    with pytest.raises(ADCFileError, match='adc.npy: expected 5 frames, found 3'):
        open_cubes(path, CONFIG, num_frames=5)
    recording = open_cubes(path, CONFIG, num_frames=5, on_error='drop')
    assert len(recording) == 3 and recording.dropped_frames == 2 and 'expected 5' in recording.notes[0]
    with pytest.raises(ADCFileError, match='expected 2 frames, found 3'):
        open_cubes(path, CONFIG, num_frames=2, on_error='drop')
    with pytest.raises(ADCFileError, match='expected some frames, found 0'):
        open_cubes(write(tmp_path / 'none.npy', cube(0)), CONFIG)


@pytest.mark.parametrize('array', [np.zeros((3, 12, 2, 7), complex), np.zeros((12, 2, 6)), np.array(['a'])], ids=str)
def test_another_radar_s_cube(tmp_path, array):
    with pytest.raises(ADCFileError, match=r'expected complex samples \(frames, 12, 2, 6\)'):
        open_cubes(write(tmp_path / 'adc.npy', array), CONFIG)


def test_nothing_in_a_file_is_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (sys.exit, ('a pickle was run',))

    path = tmp_path / 'adc.npy'
    np.save(path, np.array([Trap()], object), allow_pickle=True)
    with pytest.raises(ADCFileError, match='cannot be read'):
        open_cubes(path, CONFIG)
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ADCFileError, match='cannot be read'):
        open_cubes(path, CONFIG)


def test_what_is_not_there_or_not_hdf5(tmp_path):
    with pytest.raises(FileNotFoundError, match='no radar recording at'):
        open_cubes(tmp_path / 'none.npy', CONFIG)
    (tmp_path / 'text.h5').write_text('hello')
    with pytest.raises(ADCFileError, match='neither a NumPy nor an HDF5 file; it begins with bytes 68 65 6c 6c 6f'):
        open_cubes(tmp_path / 'text.h5', CONFIG)
    with pytest.raises(ValueError, match='axes must be the words'):
        open_cubes(write(tmp_path / 'adc.npy', cube()), CONFIG, axes='frame loop')


def test_an_array_larger_than_its_file(tmp_path):
    path = write(tmp_path / 'adc.mat', cube(1).astype(np.complex128))
    content = bytearray(path.read_bytes())
    place = content.index(np.array([1, 12, 2, 6], '<i4').tobytes())
    content[place : place + 4] = np.array([2**30], '<i4').tobytes()
    path.write_bytes(content)
    with pytest.raises(ADCFileError, match='cannot be in'):
        open_cubes(path, CONFIG)


@pytest.fixture(scope='module')
def good_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp('good')
    files = [write(folder / f'adc{suffix}', cube(1)) for suffix in ('.npy', '.mat')]
    if 'h5py' in sys.modules or __import__('importlib.util').util.find_spec('h5py'):
        files.append(write(folder / 'adc.h5', cube(1)))
    return [(path.suffix, path.read_bytes()) for path in files]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.integers(0, 2),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=3),
    cut=st.integers(0, 400),
)
def test_damaged_files_give_cubes_or_our_own_error(good_files, tmp_path, which, changes, cut):
    suffix, content = good_files[which % len(good_files)]
    content = bytearray(content[: len(content) - cut])
    for place, value in changes:
        if place < len(content):
            content[place] = value
    path = tmp_path / f'damaged{suffix}'
    path.write_bytes(content)
    try:
        found = open_recording(path, CONFIG).cube()
    except ADCFileError as error:
        assert 'damaged' in str(error)
        return
    assert found.shape[1:] == CONFIG.frame_shape
