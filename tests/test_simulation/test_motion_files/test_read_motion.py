import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_simulation.test_motion_files.bodies import need_pybvh
from test_simulation.test_motion_files.fuzzing import FUZZ, reads_or_says_why
from test_simulation.test_motion_files.tiny_files import CHARACTER, CLIP, TINY_AMC, TINY_ASF, as_kinect

from mmradar.errors import DataError
from mmradar.simulation.motion_files import read_motion, write_npz
from mmradar.simulation.motion_sequence import MotionSequence


def test_files_are_told_by_how_they_begin(tmp_path, tiny_amc, positions):
    nameless = tmp_path / 'take.dat'
    nameless.write_text(TINY_AMC)
    assert len(read_motion(nameless, skeleton=tmp_path / 'tiny.asf')) == 2
    with nameless.open('wb') as file:
        np.save(file, positions)
    assert len(read_motion(nameless, frame_rate_hz=10)) == 12
    nameless.write_text('hello')
    with pytest.raises(DataError, match="expected one of .bvh, .amc, .* begins with b'hello'"):
        read_motion(nameless)
    with pytest.raises(FileNotFoundError, match='no motion at'):
        read_motion(tmp_path / 'none.bvh')
    (tmp_path / 'take.csv').write_text('')
    with pytest.raises(TypeError, match='metres_per_unit'):  # not an option of this kind of file
        read_motion(tmp_path / 'take.csv', metres_per_unit=1)


def test_suffixes_in_capitals(tmp_path, positions):
    (tmp_path / '02_01.AMC').write_text(TINY_AMC)
    (tmp_path / '02.ASF').write_text(TINY_ASF)
    (tmp_path / '03.asf').write_text('another')
    assert len(read_motion(tmp_path / '02_01.AMC')) == 2
    with (tmp_path / 'a.NPY').open('wb') as file:
        np.save(file, positions)
    write_npz(MotionSequence(positions, 10), tmp_path / 'b.npz').rename(tmp_path / 'b.NPZ')
    assert len(read_motion(tmp_path / 'a.NPY', frame_rate_hz=10)) == len(read_motion(tmp_path / 'b.NPZ')) == 12
    table = as_kinect(positions).reshape(len(positions), -1)
    (tmp_path / 'c.CSV').write_text('\n'.join(','.join(map(str, row)) for row in table))
    assert len(read_motion(tmp_path / 'c.CSV')) == 12
    (tmp_path / 'body.json').write_text(json.dumps(CHARACTER))
    (tmp_path / 'd.TXT').write_text(json.dumps(CLIP))
    assert len(read_motion(tmp_path / 'd.TXT', skeleton=tmp_path / 'body.json')) > 1


@FUZZ
@given(
    content=st.binary(max_size=600), suffix=st.sampled_from(['.bvh', '.amc', '.txt', '.csv', '.npy', '.npz', '.dat'])
)
def test_any_bytes(tmp_path, content, suffix):
    need_pybvh()
    (tmp_path / 'fuzz.asf').write_bytes(content)
    path = tmp_path / f'fuzz{suffix}'
    path.write_bytes(content)
    options = {'frame_rate_hz': 10} if suffix in ('.npy', '.npz') else {}
    reads_or_says_why(path, **options)
