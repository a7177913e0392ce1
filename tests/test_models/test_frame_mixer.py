import pytest
import torch

from mmradar.models.heads import KeyFrameHead, STCAHead
from mmradar.models.layers import FrameMixer

SIZES = dict(embed_dims=6, num_frames=4, num_views=2, map_size=(2, 3))


def test_a_map_is_a_token_of_its_view_and_frame():
    torch.manual_seed(0)
    mixer = FrameMixer(**SIZES, out_dims=16, num_layers=0)
    maps = torch.randn(3, 2, 6, 4, 2, 3)
    tokens = mixer(maps)
    assert tokens.shape == (3, 8, 16)
    for frame in range(4):
        for view in range(2):
            expected = mixer.to_tokens[view](maps[:, view, :, frame].flatten(1)) + mixer.position[frame, view]
            torch.testing.assert_close(tokens[:, 2 * frame + view], expected)


def test_layers_carry_from_every_token_to_every_other():
    torch.manual_seed(0)
    mixer = FrameMixer(**SIZES, out_dims=16, num_layers=1).eval()
    maps = torch.randn(1, 2, 6, 4, 2, 3, requires_grad=True)
    for token in (0, 7):
        (gradient,) = torch.autograd.grad(mixer(maps)[0, token].sum(), maps)
        assert (gradient.abs().amax((2, 4, 5)) > 0).all()


def head(kind=STCAHead, **options):
    torch.manual_seed(0)
    return kind(num_keypoints=5, num_frames=4, embed_dims=8, num_layers=1, num_heads=2, **options).eval()


def test_queries_begin_with_their_own_frame():
    of_frames = head(token_dims=16, tokens_per_frame=2)
    tokens = torch.randn(1, 8, 16)
    begin = []
    of_frames.layers[0].register_forward_pre_hook(lambda module, args: begin.append(args[0].detach()))
    of_frames((tokens,))
    other = tokens.clone()
    other[:, 4:6] += 1  # of the frame 2
    of_frames((other,))
    changed = (begin[0] != begin[1]).flatten(3).any(-1)[0]
    assert changed.any(1).tolist() == [False, False, True, False] and changed[2].all()


@pytest.mark.parametrize('key_frame, frame', [('centre', 2), ('last', 3), (0, 0)])
def test_queries_of_the_key_frame_begin_with_its_tokens(key_frame, frame):
    of_key = head(KeyFrameHead, token_dims=16, tokens_per_frame=2, key_frame=key_frame)
    tokens = torch.randn(1, 8, 16)
    begin = []
    of_key.layers[0].register_forward_pre_hook(lambda module, args: begin.append(args[0].detach()))
    for changed in range(4):
        other = tokens.clone()
        other[:, 2 * changed : 2 * changed + 2] += 1
        of_key((other,))
    of_key((tokens,))
    assert begin[-1].shape == (1, 1, 5, 8)
    assert [not torch.equal(one, begin[-1]) for one in begin[:-1]] == [index == frame for index in range(4)]


def test_tokens_of_another_width_and_of_the_same():
    assert head(token_dims=16)((torch.randn(2, 8, 16),)).shape == (2, 4, 5, 2)
    assert not list(head().to_memory.parameters())  # nothing comes between
