import numpy as np
import pytest

from mmradar.simulation import Camera


def test_camera():
    camera = Camera()
    np.testing.assert_allclose(camera.project(np.array([0.0, 2.0, 1.0])), [128, 128])
    np.testing.assert_allclose(camera.project(np.array([0.5, 2.0, 1.5])), [128 + 47.5, 128 - 47.5])
    with pytest.raises(ValueError, match='in front of the camera'):
        camera.project(np.array([0.0, -1.0, 1.0]))
