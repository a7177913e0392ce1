"""The tiny files on a disk, and what a procedural motion has for recorded ones."""

import json

import numpy as np
import pytest
from test_simulation.test_motion_files.bodies import need_pybvh
from test_simulation.test_motion_files.tiny_files import CHARACTER, CLIP, TINY_AMC, TINY_ASF, tiny_bvh

from mmradar.simulation import Performance, Style, Subject


@pytest.fixture
def tiny_amc(tmp_path):
    (tmp_path / 'tiny.asf').write_text(TINY_ASF)
    path = tmp_path / 'tiny.amc'
    path.write_text(TINY_AMC)
    return path


@pytest.fixture
def tiny_bvh_path(tmp_path):
    need_pybvh()
    path = tmp_path / 'tiny.bvh'
    path.write_text(tiny_bvh())
    return path


@pytest.fixture
def tiny_deepmimic(tmp_path):
    for folder in ('characters', 'motions'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'characters' / 'humanoid3d.txt').write_text(json.dumps(CHARACTER))
    path = tmp_path / 'motions' / 'tiny.txt'
    path.write_text(json.dumps(CLIP))
    return path


@pytest.fixture(scope='module')
def positions():
    style = Style(rate_hz=0.8, extent=1.0, phase=0.1, side='right', carriage=0.5)
    performance = Performance(Subject(1.7), 'punch', style, (0.3, 2.2), np.pi, (0.0,) * 6)
    return performance.joints_m(np.arange(12) / 10)
