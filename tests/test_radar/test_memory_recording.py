import pickle

import numpy as np
import pytest

from mmradar.radar import MemoryRecording, RadarConfig

CONFIG = RadarConfig.build(dict(preset='iwr1843_hupr', num_loops=4, num_samples=16))


def test_an_array_is_a_recording():
    rng = np.random.default_rng(0)
    cube = rng.normal(size=(3, *CONFIG.frame_shape)) + 1j * rng.normal(size=(3, *CONFIG.frame_shape))
    recording = MemoryRecording(cube, CONFIG)
    assert len(recording) == 3 and recording.fingerprint() is None and recording.cube().dtype == np.complex64
    np.testing.assert_allclose(recording.cube([2, 0]), cube[[2, 0]], rtol=1e-6)
    recording.cube()[:] = 0  # a copy
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(recording)).cube([1]), recording.cube([1]))
    assert recording.cube([1]).any()
    with pytest.raises(IndexError, match='asked for frames 3 to 3, there are 3'):
        recording.cube([3])
