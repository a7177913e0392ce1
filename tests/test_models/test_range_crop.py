import pytest
import torch

from mmradar.models.backbones import CVMamba
from mmradar.models.layers import RangeCrop


def person_at(range_bin, angle=8, noise=0.0):
    """A window whose strong cells lie around one place in both views."""
    torch.manual_seed(0)
    x = noise * torch.randn(1, 3, 2, 1, 16, 4, 64)
    x[..., angle - 2 : angle + 3, :, range_bin - 3 : range_bin + 4] = 5 + torch.arange(7.0) / 10
    return x


@pytest.mark.parametrize('range_bin', [4, 20, 33, 58])
def test_a_person_is_in_the_middle_wherever_they_are(range_bin):
    crop = RangeCrop(num_bins=16)
    cropped, place = crop(person_at(range_bin))
    assert cropped.shape == (1, 3, 2, 1, 16, 4, 16) and place.shape == (1, 4)
    strong = cropped[0].amax((0, 1, 2, 3, 4)) > 0
    assert strong.nonzero().flatten().tolist() == list(range(5, 12))  # none is lost at the ends
    start = place[0, 0].item() * 32 + (64 - 16) / 2
    assert start + 8 == pytest.approx(range_bin, abs=0.6)
    centroid = start + 8 * (1 + place[0, 1].item())
    assert centroid == pytest.approx(range_bin, abs=0.1)


def test_the_crop_moves_with_the_person_and_the_features_tell():
    crop = RangeCrop(num_bins=16)
    (near, near_place), (far, far_place) = crop(person_at(20)), crop(person_at(30))
    assert torch.equal(near, far)
    assert far_place[0, 0] - near_place[0, 0] == pytest.approx(10 / 32)
    torch.testing.assert_close(far_place[0, 1:], near_place[0, 1:])
    for angle in (4, 11):
        _, place = crop(person_at(20, angle))
        assert place[0, 2:].tolist() == pytest.approx([angle / 8 - 1] * 2)


def test_windows_of_a_batch_have_their_own_crops_and_nothing_strong_is_the_middle():
    crop = RangeCrop(num_bins=16)
    batch = torch.cat([person_at(12), person_at(50), torch.zeros(1, 3, 2, 1, 16, 4, 64)])
    cropped, place = crop(batch)
    for index in range(2):
        alone = crop(batch[[index]])
        assert torch.equal(cropped[[index]], alone[0]) and torch.equal(place[[index]], alone[1])
    assert place[2].abs().max() < 0.07 and cropped[2].abs().max() == 0


def test_gradients_reach_the_input_and_the_encoder_takes_the_crop():
    x = person_at(30, noise=0.1).requires_grad_()
    RangeCrop(num_bins=16)(x)[0].sum().backward()
    assert x.grad.sum() == 3 * 2 * 16 * 4 * 16
    backbone = CVMamba(
        num_frames=3,
        input_size=(16, 64),
        crop=dict(type='RangeCrop', num_bins=16),
        stem=dict(type='FrameStem', num_doppler=4, channels=(8, 16)),
        mixer=dict(type='FrameMixer', out_dims=24, num_layers=1),
    )
    (tokens,) = backbone(person_at(20, noise=0.1))
    assert tokens.shape == (1, 6, 24)
    (other,) = backbone(person_at(30, noise=0.0))
    (same,) = backbone(person_at(20, noise=0.0))
    assert not torch.allclose(other, same)  # the same crop, another place


def test_an_exported_crop_is_the_same_and_holds_no_copy_of_every_window():
    crop, batch = RangeCrop(num_bins=16), torch.cat([person_at(4), person_at(50)])
    program = torch.export.export(crop, (batch,))
    assert not [node for node in program.graph.nodes if 'unfold' in str(node.target)]
    for found, expected in zip(program.module()(batch), crop(batch)):
        torch.testing.assert_close(found, expected)
