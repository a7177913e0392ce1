import shutil

import numpy as np
import pytest
from test_radar.test_recording import CONFIG, cube, write

from mmradar.errors import ConfigError
from mmradar.radar import CubeRecording, RawRecording, open_recording


@pytest.mark.parametrize(
    'suffix, format, kind',
    [('.bin', 'raw', RawRecording), ('.npy', 'cubes', CubeRecording), ('.dump', 'packets', RawRecording)],
)
def test_a_format_is_named_where_the_suffix_does_not_say_it(tmp_path, suffix, format, kind):
    path = tmp_path / 'adc_data_Raw_0'
    shutil.copy(write(tmp_path / f'adc{suffix}'), path)
    recording = open_recording(path, CONFIG, num_frames=5, format=format)
    assert isinstance(recording, kind)
    np.testing.assert_array_equal(recording.cube(), cube())


@pytest.mark.parametrize(
    'name, options, message',
    [
        ('adc.bin', dict(key='adc'), 'key, axes are for cubes, and this is read as raw; format='),
        ('adc.bin', dict(source='192.168.33.180'), 'source, port, recording are for packets, and this'),
        ('adc.npy', dict(port=4098), 'are for packets, and this is read as cubes'),
        ('adc.bin', dict(axis='frame'), "has no option 'axis'; raw take none"),
        ('adc.bin', dict(format='cubes', axis='frame'), "has no option 'axis'; cubes take key, axes"),
        ('adc.bin', dict(format='pcap'), "format must be one of 'raw', 'cubes', 'packets', 'profiles', found 'pcap'"),
    ],
)
def test_options_of_other_formats_are_refused(tmp_path, name, options, message):
    path = write(tmp_path / name)
    with pytest.raises(ConfigError, match=rf'{name}: .*{message}'):
        open_recording(path, CONFIG, **options)
