import numpy as np
import pytest
from hypothesis import given
from test_simulation.test_motion_files.bodies import HIPS, bone_lengths, joint, pelvis, shared
from test_simulation.test_motion_files.fuzzing import CHANGES, CUTS, FUZZ, damaged, reads_or_says_why
from test_simulation.test_motion_files.tiny_files import as_kinect

from mmradar.errors import DataError
from mmradar.simulation.motion_files import from_kinect, read_kinect_csv, read_mars, read_motion
from mmradar.simulation.motion_files.kinect import KINECT_JOINTS, MARS_JOINTS


@pytest.mark.parametrize('names', [KINECT_JOINTS, MARS_JOINTS])
def test_kinect_joints(positions, names):
    joints = as_kinect(positions, names)
    np.testing.assert_array_equal(from_kinect(joints, 10.0).positions_m, positions)
    # The Kinect's own axes: x to its left, y up, z away from it.
    camera = np.stack([-joints[..., 0], joints[..., 2], joints[..., 1]], axis=-1)
    np.testing.assert_array_equal(from_kinect(camera, 10.0, axes='camera').positions_m, positions)
    with pytest.raises(ValueError, match="axes must be 'world' or 'camera'"):
        from_kinect(joints, axes='depth')
    with pytest.raises(
        DataError, match=r'expected positions \(frames, 25 or 19, 3\) in m, found float64 \(12, 17, 3\)'
    ):
        from_kinect(joints[:, :17])


@pytest.mark.parametrize('names', [KINECT_JOINTS, MARS_JOINTS])
def test_kinect_table(tmp_path, positions, names):
    path = tmp_path / 'take.csv'
    table = as_kinect(positions, names).reshape(len(positions), -1)
    np.savetxt(path, table, delimiter=',', fmt='%.9f')
    found = read_motion(path, frame_rate_hz=10)
    np.testing.assert_allclose(found.positions_m, positions, atol=1e-8)
    assert found.frame_rate_hz == 10 and found.name == 'take'
    header = ','.join(f'{name}_{axis}' for name in names for axis in 'xyz')
    path.write_text(f'{header}\n{path.read_text()}')
    np.testing.assert_array_equal(read_motion(path, frame_rate_hz=10).positions_m, found.positions_m)


def test_damaged_kinect_table(tmp_path, positions):
    path = tmp_path / 'take.csv'
    rows = [','.join(map(str, row)) for row in as_kinect(positions).reshape(len(positions), -1)]
    for text, message in [
        ('\n'.join([*rows[:3], rows[3][:200]]), r'line 4: expected 75 numbers with commas between, found \d+ columns'),
        ('\n'.join(rows).replace(',', ';'), r'line 1: expected 75 \(25 joints\) or 57 \(19 joints\)'),
        (
            '\n'.join([rows[0], 'nan' + rows[1][rows[1].index(',') :]]),
            "line 2, column 1: expected a number, found 'nan'",
        ),
        ('', 'holds no frames'),
        (rows[0], 'at least 2 frames'),
    ]:
        path.write_text(text)
        with pytest.raises(DataError, match=f'take.csv.*{message}'):
            read_kinect_csv(path)


def test_mars_clips_are_of_the_people_who_made_them():
    path = shared('mars', 'mars_subjects123.npz')
    clips = read_mars(path, subject=2, movement=6, on_error='drop')  # squats
    assert len(clips) > 3
    lowest = []
    for clip in clips:
        assert clip.frame_rate_hz == 10 and len(clip) >= 10
        assert 1.5 < clip.stature_m < 2.0
        lengths = np.median(bone_lengths(clip), axis=1)
        assert lengths.min() > 0.2 and lengths.max() < 0.55
        # They face the radar: the left hip is to the radar's right.
        assert (joint(clip, 'L_Hip') - joint(clip, 'R_Hip'))[:, 0].min() > 0.1
        assert np.median(np.abs(np.abs(clip.heading_rad) - np.pi)) < 0.4
        assert 0.03 < np.median(np.linalg.norm(joint(clip, 'Head') - joint(clip, 'Neck'), axis=-1)) < 0.35
        lowest.append(np.ptp(pelvis(clip)[:, 2]))
    assert max(lowest) > 0.3  # a squat takes the pelvis down
    placed = clips[0].placed((0, 2))
    assert 0.75 < placed.positions_m[0, HIPS, 2].mean() < 1.2


def test_mars_left_arm_is_the_left_one():
    path = shared('mars', 'mars_subjects123.npz')
    for movement, arm, other in ((1, 'L', 'R'), (2, 'R', 'L')):
        clips = read_mars(path, subject=3, movement=movement, split=0, min_frames=60)
        moved = sum(np.array([joint(c, f'{s}_Wrist')[:, 2].std() for s in (arm, other)]) for c in clips)
        assert moved[0] > 2 * moved[1]


def test_mars_clips_follow_the_frame_numbers(tmp_path, positions):
    path = tmp_path / 'few.npz'
    joints = as_kinect(np.concatenate([positions, positions, positions]))
    frame = np.arange(100, 136)
    frame[20:] += 1  # one frame is missing
    labels = dict(
        subject=np.ones(36, np.int8), movement=np.repeat([1, 2, 2], 12).astype(np.int8), split=np.zeros(36, int)
    )
    np.savez(path, joints=joints, frame=frame, **labels)
    clips = read_mars(path, min_frames=2)
    assert [len(clip) for clip in clips] == [12, 8, 16]
    np.testing.assert_array_equal(clips[1].positions_m, positions[:8])
    assert clips[2].name == 'subject 1, movement 2, split 0, frames 121 to 136'
    assert [len(clip) for clip in read_mars(path)] == [12, 16]
    assert [len(clip) for clip in read_mars(path, movement=2)] == [16]
    assert read_mars(path, subject=2) == []

    joints[3, KINECT_JOINTS.index('WristLeft')] += 0.4
    np.savez(path, joints=joints, frame=frame, **labels)
    with pytest.raises(DataError, match='few.npz, subject 1, movement 1, .*left forearm .* in frame 3 '):
        read_mars(path)
    assert [len(clip) for clip in read_mars(path, on_error='drop')] == [16]
    with pytest.raises(DataError, match="no array 'positions_m'; .*found frame, joints"):
        read_motion(path)
    np.savez(path, joints=joints, frame=frame[:-1], **labels)
    with pytest.raises(DataError, match="expected 'frame' to be whole numbers"):
        read_mars(path)
    del labels['split']
    np.savez(path, joints=joints, frame=frame, **labels)
    with pytest.raises(DataError, match="no array 'split'"):
        read_mars(path)


def test_most_mars_clips_hold_the_tolerance():
    path = shared('mars', 'mars_subjects123.npz')
    everything = read_mars(path, bone_tolerance=np.inf)
    assert len(everything) > 250
    assert len(read_mars(path, on_error='drop')) >= 0.99 * len(everything)


@FUZZ
@given(changes=CHANGES, cut=CUTS)
def test_any_kinect_table(tmp_path, positions, changes, cut):
    path = tmp_path / 'fuzz.csv'
    table = as_kinect(positions).reshape(len(positions), -1)
    content = '\n'.join(', '.join(map(str, row)) for row in table).encode()
    path.write_bytes(damaged(content, changes, cut))
    reads_or_says_why(path)
