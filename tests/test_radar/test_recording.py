"""What every recording does, of whatever it is: it is small when pickled, and keeps nothing open."""

import json
import os
import pickle
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from conftest import REPOSITORY
from mmradar.radar import ADCFileError, RadarConfig, RawRecording, encode_groups, open_recording, pack_words
from mmradar.radar.packets import PACKET_BYTES

CONFIG = RadarConfig(num_loops=2, num_samples=32)
FRAMES = 5


def cube(frames=FRAMES):
    shape = (frames, *CONFIG.frame_shape, 2)
    return np.random.default_rng(0).integers(-2000, 2000, shape).astype(np.float32).view(np.complex64)[..., 0]


def write(path, samples=None):
    """A recording in a file of each form that there is, by its suffix."""
    samples = cube() if samples is None else samples
    content = pack_words(encode_groups(samples, CONFIG), CONFIG).tobytes()
    if path.suffix == '.npy':
        np.save(path, samples)
    elif path.suffix == '.mat':
        scipy.io.savemat(path, {'adc': samples})
    elif path.suffix == '.h5':
        h5py = pytest.importorskip('h5py', reason='h5py is not installed: HDF5 files cannot be read')
        with h5py.File(path, 'w') as file:
            file['run/adc'] = samples
    elif path.suffix == '.dump':
        starts = range(0, len(content), PACKET_BYTES)
        path.write_bytes(
            b''.join(
                (number + 1).to_bytes(4, 'little') + start.to_bytes(6, 'little') + content[start : start + PACKET_BYTES]
                for number, start in enumerate(starts)
            )
        )
    else:
        path.write_bytes(content)
    return path


def opened(path, **options):
    return open_recording(path, CONFIG, format='packets' if path.suffix == '.dump' else None, **options)


every_form = pytest.mark.parametrize('suffix', ['.bin', '.npy', '.mat', '.h5', '.dump'])


@every_form
def test_a_pickled_recording_is_opened_again(tmp_path, suffix):
    path = write(tmp_path / f'adc{suffix}')
    recording = opened(path, num_frames=FRAMES + 2, on_error='drop')
    content = pickle.dumps(recording)
    assert len(content) < 1000, len(content)
    again = pickle.loads(content)
    assert type(again) is type(recording) and again.config == CONFIG
    assert len(again) == FRAMES and again.dropped_frames == 2 and again.notes == recording.notes
    np.testing.assert_array_equal(again.cube([3, 1, 1]), cube()[[3, 1, 1]])
    assert pickle.dumps(again) == content


def test_a_large_file_s_pickle_is_as_small(tmp_path):
    config = RadarConfig()
    path = tmp_path / 'adc_data.bin'
    with path.open('wb') as file:
        file.truncate(600 * config.frame_bytes)  # HuPR's: 472 MB, of holes here
    recording = open_recording(path, config, num_frames=600)
    assert recording.raw([599]).nbytes == config.frame_bytes
    assert len(pickle.dumps(recording)) < 1000


def test_another_process_opens_it_from_another_folder(tmp_path, monkeypatch):
    write(tmp_path / 'adc.bin')
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(open_recording('adc.bin', CONFIG))
    code = 'import pickle, sys; print(pickle.load(sys.stdin.buffer).cube([4]).sum())'
    paths = dict(os.environ, PYTHONPATH=str(REPOSITORY))
    done = subprocess.run([sys.executable, '-c', code], input=content, cwd='/', env=paths, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert complex(done.stdout.decode()) == cube()[4].sum()


@every_form
def test_a_file_that_changes_or_goes_is_an_error(tmp_path, suffix):
    path = write(tmp_path / f'adc{suffix}')
    recording = opened(path)
    content = pickle.dumps(recording)
    write(path, cube(FRAMES - 1))
    for use in (recording.cube, lambda: pickle.loads(content)):
        with pytest.raises(ADCFileError, match=rf'adc{suffix} was changed while it was in use: opened with .* bytes'):
            use()
    path.unlink()
    for use in (recording.cube, lambda: pickle.loads(content)):
        with pytest.raises(FileNotFoundError, match=f'no radar recording at .*adc{suffix}'):
            use()


@every_form
def test_more_recordings_than_a_process_may_have_files_open(tmp_path, suffix):
    path = write(tmp_path / f'adc{suffix}')
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = max(int(name) for name in os.listdir('/proc/self/fd')) if os.path.isdir('/proc/self/fd') else 64
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + 16, limits[1]))
    try:
        recordings = []
        for number in range(80):
            link = tmp_path / f'{number}{suffix}'
            os.link(path, link)
            recordings.append(opened(link))
        frames = [recording.cube([2])[0] for recording in recordings]
        loaded = pickle.loads(pickle.dumps(recordings))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert len(loaded) == 80
    for frame in frames:
        np.testing.assert_array_equal(frame, cube()[2])


@every_form
def test_a_fingerprint_says_what_samples_depend_on(tmp_path, suffix):
    path = write(tmp_path / f'adc{suffix}')
    first = opened(path).fingerprint()
    assert json.loads(json.dumps(first))['path'] == str(path.resolve())
    assert first['size_bytes'] == path.stat().st_size and first['changed_ns'] == path.stat().st_mtime_ns
    assert json.dumps(opened(path).fingerprint()) == json.dumps(first)
    link = tmp_path / f'link{suffix}'
    link.symlink_to(path)
    assert opened(link).fingerprint() == first
    others = [opened(path, on_error='drop').fingerprint()]
    os.utime(path, ns=(0, 1))
    others.append(opened(path).fingerprint())
    assert first not in others and others[0] != others[1]


@pytest.mark.no_shape_checks
def test_the_same_radar_has_one_fingerprint_whatever_its_numbers_came_as(tmp_path):
    path = write(tmp_path / 'adc.bin')
    numbers = RadarConfig(num_loops=np.int64(2), num_samples=32, frame_rate_hz=10)
    assert json.dumps(open_recording(path, numbers).fingerprint()) == json.dumps(
        open_recording(path, CONFIG).fingerprint()
    )


def test_a_recording_in_memory_carries_its_samples():
    words = pack_words(encode_groups(cube(), CONFIG), CONFIG)
    recording = RawRecording(words, Path('simulated'), CONFIG, notes=['made by hand'])
    assert recording.fingerprint() is None
    again = pickle.loads(pickle.dumps(recording))
    np.testing.assert_array_equal(again.cube(), cube())
    assert again.path == Path('simulated') and again.notes == ('made by hand',)
