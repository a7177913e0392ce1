"""Frames of a stream are computed once, and give what whole windows give."""

import pytest
import torch
from torch import nn

from mmradar.models.layers import FrameMemory, FrameStem, remembered


@pytest.fixture
def counted():
    """A function of windows that remembers frames, and how many frames it computed at each call."""
    calls = []

    def compute(frames):
        calls.append(len(frames))
        return 2 * frames.sum(1)

    memory = FrameMemory()
    return lambda frames: memory(frames, compute), calls


@pytest.mark.parametrize('step', [1, 2, 3])
def test_only_new_frames_of_a_window_are_computed(counted, step):
    remember, calls = counted
    frames = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    for start in range(0, 9, step):
        window = frames[start : start + 4]
        torch.testing.assert_close(remember(window), 2 * window.sum(1), rtol=0, atol=0)
    assert calls == [4] + [step] * (len(range(0, 9, step)) - 1)


def test_windows_that_repeat_frames_at_the_ends_of_a_recording(counted):
    remember, calls = counted
    frames = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    for numbers in ([0, 0, 0, 1], [0, 0, 1, 2], [0, 1, 2, 2], [1, 2, 2, 2], [1, 2, 2, 2]):
        window = frames[numbers]
        torch.testing.assert_close(remember(window), 2 * window.sum(1), rtol=0, atol=0)
    assert calls == [4, 1, 1, 1]


def test_windows_with_nothing_in_common_are_computed_as_a_whole(counted):
    remember, calls = counted
    first, second = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(0))
    for window in (first, second, first[:3], first.clone()):
        torch.testing.assert_close(remember(window), 2 * window.sum(1), rtol=0, atol=0)
    changed = first.clone()
    changed[2, 0] = 7  # a frame in the middle is another one: the window has not merely moved on
    torch.testing.assert_close(remember(changed), 2 * changed.sum(1), rtol=0, atol=0)
    assert calls == [4, 4, 3, 4, 4]


def test_a_stem_remembers_within_a_stream_only():
    torch.manual_seed(0)
    stem = FrameStem(num_doppler=2, channels=(3, 4), kernels=(4, 2), strides=(2, 2)).eval()
    frames = torch.randn(1, 6, 1, 8, 2, 12)
    computed = []
    stem.layers[0].register_forward_pre_hook(lambda conv, args: computed.append(len(args[0])))
    memory = FrameMemory()
    with torch.no_grad():
        for start in range(3):
            window = frames[:, start : start + 4]
            with remembered({stem: memory}):
                found = stem(window)
            torch.testing.assert_close(found, stem(window))
    assert computed == [4, 4, 1, 4, 1, 4]
    two = torch.cat([frames, frames])
    with remembered({stem: memory}), torch.no_grad():
        torch.testing.assert_close(stem(two)[1:], stem(frames))  # a batch of windows is no stream
    assert stem.frame_memory is None and isinstance(stem, nn.Module)
