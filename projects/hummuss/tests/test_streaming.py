import io
import math

import numpy as np
import pytest
import torch

from hummuss.models import HumMUSSLifter, delta_scale_from_timestamps
from hummuss.streaming import HumMUSSStream
from mmradar.errors import CheckpointError, ConfigError, DataError
from mmradar.ops import pack_linears

RATE_HZ = 50.0
JOINTS = 5


@pytest.fixture
def model():
    torch.manual_seed(0)
    backbone = dict(num_joints=JOINTS, in_channels=3, embed_dims=16, depth=2, causal=True, state_dims=8)
    model = HumMUSSLifter(backbone=backbone).eval()
    for block in model.backbone.blocks:  # unequal streams, so that mixing them up would show
        torch.nn.init.normal_(block.fusion.weight)
    return model


def whole(model, frames, timestamps_s):
    with torch.no_grad():
        scale = delta_scale_from_timestamps(torch.as_tensor(timestamps_s)[None], RATE_HZ)
        return model.head(model.backbone(frames[None], scale))[0]


def streamed(stream, frames, timestamps_s):
    return torch.stack([stream.step(frame, time) for frame, time in zip(frames, timestamps_s)])


def regular(count):
    return [10 + t / RATE_HZ for t in range(count)]


def irregular(count):
    random = np.random.default_rng(0)
    return list(np.cumsum(random.uniform(0.002, 0.08, count)) + 3.0)


@pytest.mark.parametrize('timestamps', [regular, irregular])
@pytest.mark.parametrize('count', [1, 2, 150])
def test_equals_the_causal_model_over_the_whole_sequence(model, timestamps, count):
    """The issue's bound is 1e-4 over coordinates of size 1."""
    frames, times = torch.randn(count, JOINTS, 3), timestamps(count)
    poses = streamed(HumMUSSStream(model, RATE_HZ), frames, times)
    assert poses.shape == (count, JOINTS, 3)
    assert (poses - whole(model, frames, times)).abs().max() < 1e-5
    if timestamps is regular:  # and the convolution at the training rate
        with torch.no_grad():
            assert (poses - model(frames[None])[0]).abs().max() < 1e-5


def test_packed_weights_predict_the_same(model):
    frames, times = torch.randn(20, JOINTS, 3), irregular(20)
    poses = streamed(HumMUSSStream(pack_linears(model, JOINTS), RATE_HZ), frames, times)
    assert (poses - whole(model, frames, times)).abs().max() < 1e-5


def test_dropped_frames_are_other_times_and_not_other_frames(model):
    frames, times = torch.randn(60, JOINTS, 3), regular(60)
    kept = [t for t in range(60) if t % 7 and t not in (20, 21, 22)]
    poses = streamed(HumMUSSStream(model, RATE_HZ), frames[kept], [times[t] for t in kept])
    expected = whole(model, frames[kept], [times[t] for t in kept])
    assert (poses - expected).abs().max() < 1e-5
    with torch.no_grad():
        assert (poses - model(frames[kept][None])[0]).abs().max() > 1e-3  # as if nothing had been dropped


def test_state_has_one_size_however_long_the_stream(model):
    stream = HumMUSSStream(model, RATE_HZ)

    def size():
        buffer = io.BytesIO()
        torch.save(stream.state_dict(), buffer)
        return len(buffer.getvalue())

    sizes, frames = [], torch.randn(100, JOINTS, 3)
    for frame, time in zip(frames, irregular(100)):
        stream.step(frame, time)
        sizes.append(size())
    assert len(set(sizes)) == 1


def test_goes_on_from_a_saved_state(model, tmp_path):
    frames, times = torch.randn(40, JOINTS, 3), irregular(40)
    expected = streamed(HumMUSSStream(model, RATE_HZ), frames, times)
    first = HumMUSSStream(model, RATE_HZ)
    streamed(first, frames[:25], times[:25])
    torch.save(first.state_dict(), tmp_path / 'stream.pt')
    streamed(first, frames[25:], times[25:])  # what the first does now must not change what it saved
    second = HumMUSSStream(model, RATE_HZ)
    second.load_state_dict(torch.load(tmp_path / 'stream.pt', weights_only=True))
    assert second.timestamp_s == times[24]
    torch.testing.assert_close(streamed(second, frames[25:], times[25:]), expected[25:], rtol=0, atol=0)


def test_streams_of_one_model_do_not_touch_each_other(model):
    frames, times = torch.randn(2, 20, JOINTS, 3), (regular(20), irregular(20))
    alone = [streamed(HumMUSSStream(model, RATE_HZ), *both) for both in zip(frames, times)]
    streams = [HumMUSSStream(model, RATE_HZ) for _ in range(2)]
    for t in range(20):
        for index in range(2):
            pose = streams[index].step(frames[index, t], times[index][t])
            torch.testing.assert_close(pose, alone[index][t], rtol=0, atol=0)


def test_reset_forgets(model):
    stream, frames = HumMUSSStream(model, RATE_HZ), torch.randn(10, JOINTS, 3)
    first = streamed(stream, frames, regular(10))
    stream.reset()
    assert stream.timestamp_s is None
    torch.testing.assert_close(streamed(stream, frames, regular(10)), first, rtol=0, atol=0)


def test_new_weights_are_used_at_once(model):
    stream, frame = HumMUSSStream(model, RATE_HZ), torch.randn(JOINTS, 3)
    stream.step(frame, 0.0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.1)
    stream.reset()
    assert (stream.step(frame, 0.0) - whole(model, frame[None], [0.0])[0]).abs().max() < 1e-5


@pytest.mark.parametrize('time, message', [(9.9, 'is earlier than'), (10.0, 'repeats'), (math.nan, 'must be a time')])
def test_refused_timestamps_leave_the_stream_as_it_was(model, time, message):
    frames = torch.randn(3, JOINTS, 3)
    expected = streamed(HumMUSSStream(model, RATE_HZ), frames, [9.98, 10.0, 10.02])
    stream = HumMUSSStream(model, RATE_HZ)
    streamed(stream, frames[:2], [9.98, 10.0])
    with pytest.raises(DataError, match=message):
        stream.step(frames[2], time)
    torch.testing.assert_close(stream.step(frames[2], 10.02), expected[2], rtol=0, atol=0)


@pytest.mark.parametrize('shape', [(JOINTS - 1, 3), (JOINTS, 2), (1, JOINTS, 3), (JOINTS * 3,)])
def test_wrong_joint_count(model, shape):
    with pytest.raises(DataError, match=r'must be \(5, 3\)'):
        HumMUSSStream(model, RATE_HZ).step(torch.zeros(shape), 0.0)


def test_missing_joints(model):
    frames = torch.randn(3, JOINTS, 3)
    spoilt = frames.clone()
    spoilt[1, 2, 0], spoilt[1, 4, 1] = math.nan, math.inf
    stream = HumMUSSStream(model, RATE_HZ)
    stream.step(spoilt[0], 0.0)
    with pytest.raises(DataError, match='joints 2, 4 of the frame'):
        stream.step(spoilt[1], 0.02)

    held, zero = frames.clone(), frames.clone()
    held[1, [2, 4]] = frames[0, [2, 4]]
    held[1, [2, 4], 2] = 0
    zero[1, [2, 4]] = 0
    for on_nan, filled in (('hold', held), ('zero', zero)):
        found = streamed(HumMUSSStream(model, RATE_HZ, on_nan=on_nan), spoilt, regular(3))
        expected = streamed(HumMUSSStream(model, RATE_HZ), filled, regular(3))
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_a_joint_missing_for_long_is_held_from_when_it_was_seen(model):
    frames = torch.randn(4, JOINTS, 3)
    spoilt, filled = frames.clone(), frames.clone()
    spoilt[0, 1] = spoilt[2:, 3] = math.nan
    filled[0, 1] = 0
    filled[2:, 3] = frames[1, 3]
    filled[2:, 3, 2] = 0
    found = streamed(HumMUSSStream(model, RATE_HZ, on_nan='hold'), spoilt, regular(4))
    torch.testing.assert_close(found, streamed(HumMUSSStream(model, RATE_HZ), filled, regular(4)), rtol=0, atol=0)


def test_long_gaps_can_be_limited(model):
    frames = torch.randn(2, JOINTS, 3)
    limited = streamed(HumMUSSStream(model, RATE_HZ, max_gap_s=0.5), frames, [0.0, 1000.0])
    torch.testing.assert_close(limited, streamed(HumMUSSStream(model, RATE_HZ), frames, [0.0, 0.5]), rtol=0, atol=0)


def test_numpy_frames_of_any_type(model):
    frame = torch.randn(JOINTS, 3)
    expected = HumMUSSStream(model, RATE_HZ).step(frame, 0.0)
    found = HumMUSSStream(model, RATE_HZ).step(frame.double().numpy(), np.float32(0))
    torch.testing.assert_close(found, expected)
    assert not found.requires_grad


@pytest.mark.parametrize(
    'arguments, message',
    [(dict(rate_hz=0.0), 'rate_hz'), (dict(on_nan='guess'), 'on_nan'), (dict(max_gap_s=0.0), 'max_gap_s')],
)
def test_impossible_arguments(model, arguments, message):
    with pytest.raises(ConfigError, match=message):
        HumMUSSStream(model, **{'rate_hz': RATE_HZ, **arguments})


def test_models_that_cannot_stream():
    bidirectional = HumMUSSLifter(backbone=dict(num_joints=JOINTS, embed_dims=16, depth=1))
    with pytest.raises(ConfigError, match='causal=True'):
        HumMUSSStream(bidirectional, RATE_HZ)
    transformer = HumMUSSLifter(backbone=dict(type='DSTFormer', in_channels=3, feat_size=16, depth=1, num_heads=2))
    with pytest.raises(ConfigError, match='found DSTFormer'):
        HumMUSSStream(transformer, RATE_HZ)


def test_states_of_others_are_refused(model):
    stream = HumMUSSStream(model, RATE_HZ)
    with pytest.raises(CheckpointError, match='25'):
        stream.load_state_dict(HumMUSSStream(model, 25.0).state_dict())
    with pytest.raises(CheckpointError, match='not the state'):
        stream.load_state_dict({'states': []})
    backbone = dict(num_joints=JOINTS, embed_dims=16, depth=1, causal=True, state_dims=8)
    with pytest.raises(CheckpointError, match='other sizes'):
        stream.load_state_dict(HumMUSSStream(HumMUSSLifter(backbone=backbone), RATE_HZ).state_dict())


@pytest.mark.parametrize('times', [[0.0, 0.1, 0.1], [0.0, 0.2, 0.1], [0.0, math.nan, 0.1]])
def test_timestamps_of_clips_must_ascend(times):
    with pytest.raises(ValueError, match='ascend'):
        delta_scale_from_timestamps(torch.tensor(times), RATE_HZ)
