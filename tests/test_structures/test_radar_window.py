"""Windows and their key frames."""

import pytest

from mmradar.errors import ConfigError
from mmradar.structures import RadarWindow


@pytest.mark.parametrize(
    ('window', 'key_index', 'frames'),
    [
        (RadarWindow(3), 1, [3, 4, 5]),
        (RadarWindow(8), 4, [0, 1, 2, 3, 4, 5, 6, 7]),
        (RadarWindow(3, 'last'), 2, [2, 3, 4]),
        (RadarWindow(3, 'first'), 0, [4, 5, 6]),
        (RadarWindow(4, 1), 1, [3, 4, 5, 6]),
        (RadarWindow(1), 0, [4]),
    ],
)
def test_the_key_frame_is_where_the_window_says(window, key_index, frames):
    assert window.key_index == key_index
    assert window.frames(4, 100).tolist() == frames
    assert window.frames(4, 100)[key_index] == 4


def test_frames_beyond_the_ends_repeat_them():
    assert RadarWindow(5).frames(0, 4).tolist() == [0, 0, 0, 1, 2]
    assert RadarWindow(5).frames(3, 4).tolist() == [1, 2, 3, 3, 3]
    assert RadarWindow(3, 'last').frames(0, 4).tolist() == [0, 0, 0]


def test_a_window_is_a_number_or_its_fields():
    assert RadarWindow.build(5) == RadarWindow.build(dict(num_frames=5)) == RadarWindow(5, 'centre')
    assert RadarWindow.build(dict(num_frames=2, key='last')).key_index == 1
    assert RadarWindow.build(RadarWindow(2)) == RadarWindow(2)


@pytest.mark.no_shape_checks
@pytest.mark.parametrize(
    'window',
    [
        0,
        -1,
        True,
        '9',
        None,
        dict(frames=3),
        dict(num_frames=2, key=2),
        dict(num_frames=2, key='middle'),
        dict(num_frames='${num_frames}'),
    ],
)
def test_what_is_no_window_is_refused(window):
    with pytest.raises(ConfigError, match='window|RadarWindow'):
        RadarWindow.build(window)
