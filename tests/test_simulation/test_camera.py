import numpy as np
import pytest

from mmradar.simulation import Camera
from mmradar.simulation.camera import look_at


def test_camera():
    camera = Camera()
    np.testing.assert_allclose(camera.project(np.array([0.0, 2.0, 1.0])), [128, 128])
    np.testing.assert_allclose(camera.project(np.array([0.5, 2.0, 1.5])), [128 + 47.5, 128 - 47.5])
    with pytest.raises(ValueError, match='in front of the camera'):
        camera.project(np.array([0.0, -1.0, 1.0]))


def test_a_camera_that_looks_at_a_point_has_it_in_its_middle_and_no_roll():
    position, target = np.array([1.0, -2.0, 3.0]), np.array([-0.5, 4.0, 0.5])
    rotation = look_at(position, target)
    np.testing.assert_allclose(rotation @ (target - position), [0, 0, np.linalg.norm(target - position)], atol=1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) > 0 and rotation[0, 2] == 0 and rotation[1, 2] < 0  # right is level, down is down
    np.testing.assert_allclose(look_at((0, 0, 1), (0, 5, 1)), [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-12)
    for above in ((1.0, -2.0, 5.0), position):
        with pytest.raises(ValueError, match='cannot look straight up or down'):
            look_at(position, above)
