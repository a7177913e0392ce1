"""Damaged files: they are read, or an error says why not."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from mmradar.errors import DataError
from mmradar.simulation.motion_files import read_motion
from mmradar.simulation.motion_sequence import MotionSequence

FUZZ = settings(max_examples=150, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def damaged(content, changes, cut):
    """Some words exchanged for others, some bytes for others, the end cut off."""
    words = content.split(b' ')
    for place, word, byte in changes:
        if word:
            words[place % len(words)] = word
        else:
            whole = bytearray(b' '.join(words))
            whole[place % len(whole)] = byte
            words = bytes(whole).split(b' ')
    whole = b' '.join(words)
    return whole[: len(whole) - cut]


WORDS = st.sampled_from(
    [
        b'',
        b'nan',
        b'inf',
        b'-1',
        b'0',
        b'1e308',
        b'1e-320',
        b'9' * 400,
        b'}',
        b'{',
        b'\n',
        b'[',
        b'null',
        b'root',
        b'x\n2\n',
    ]
)
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), WORDS, st.integers(0, 255)), max_size=4)
CUTS = st.one_of(st.just(0), st.integers(0, 3000))


def reads_or_says_why(path, **options):
    try:
        found = read_motion(path, **options)
    except (DataError, FileNotFoundError) as error:
        assert str(path.parent) in str(error)
        return
    assert isinstance(found, MotionSequence) and np.isfinite(found.joints_m(np.array([found.duration_s / 2]))).all()
