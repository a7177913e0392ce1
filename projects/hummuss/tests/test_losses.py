import math

import pytest
import torch

from hummuss.models import LiftingLoss, PositionLoss, ScaledPositionLoss, SupConLoss, Velocity3DLoss
from mmradar.registry import MODELS


def two_frames():
    """Two frames of two joints. Errors 3 and 0, then 4 and 12."""
    target = torch.tensor([[[[0.0, 0, 0], [1, 0, 0]], [[0, 0, 0], [0, 2, 0]]]])
    output = target + torch.tensor([[[[3.0, 0, 0], [0, 0, 0]], [[0, 4, 0], [0, 0, 12]]]])
    return output, target


def test_position_by_hand():
    output, target = two_frames()
    assert PositionLoss()(output, target).item() == pytest.approx((3 + 0 + 4 + 12) / 4)
    weight = torch.tensor([[[1.0, 1], [0.5, 0]]])
    assert PositionLoss(2.0)(output, target, weight).item() == pytest.approx(2 * (3 + 0 + 0.5 * 4) / 2.5)


def test_velocity_by_hand():
    output, target = two_frames()
    # errors' steps: (3, 0, 0) -> (0, 4, 0), and (0, 0, 0) -> (0, 0, 12)
    assert Velocity3DLoss(1.0)(output, target).item() == pytest.approx((5 + 12) / 2)
    weight = torch.tensor([[[1.0, 1], [0.5, 0]]])
    assert Velocity3DLoss(20.0)(output, target, weight).item() == pytest.approx(20 * 5)
    assert Velocity3DLoss()(output[:, :1], target[:, :1]).item() == 0


def test_scaled_position_by_hand():
    """Frame 1 is the target times 4: no error. Frame 2: <p, t> = 2, <p, p> = 2, so s = 1, errors 1 and 1."""
    target = torch.tensor([[[[1.0, 2, 0], [0, 0, 3]], [[2, 0, 0], [0, 0, 0]]]])
    output = torch.stack([target[:, 0] * 4, torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])], dim=1)
    assert ScaledPositionLoss(1.0)(output, target).item() == pytest.approx((0 + 0 + 1 + 1) / 4, abs=1e-6)
    # without the second joint s is 2, and the first joint is right
    weight = torch.tensor([[[1.0, 1], [1, 0]]])
    assert ScaledPositionLoss(1.0)(output, target, weight).item() == pytest.approx(0, abs=1e-6)


def test_scaled_position_knows_no_scale_but_knows_a_mirror():
    target = torch.randn(2, 5, 7, 3)
    assert ScaledPositionLoss()(0.1 * target, target).item() == pytest.approx(0, abs=1e-6)
    mirrored = target * torch.tensor([-1.0, 1, 1])
    assert ScaledPositionLoss()(mirrored, target).item() > 0.1


def test_sum_of_all_equals_mmpose_where_mmpose_works():
    output, target = torch.randn(2, 3, 9, 17, 3)
    theirs = MODELS.build(dict(type='MPJPEVelocityJointLoss'))
    assert LiftingLoss()(output, target).item() == pytest.approx(theirs(output, target).item(), rel=1e-5)


def test_mmpose_fails_with_weights_and_ours_does_not():
    """If mmpose mends this, ours is one class too many."""
    output, target = torch.randn(2, 3, 9, 17, 3)
    theirs = MODELS.build(dict(type='MPJPEVelocityJointLoss', use_target_weight=True))
    with pytest.raises(RuntimeError):
        theirs(output, target, torch.ones(3, 9, 17, 1))
    ours = MODELS.build(dict(type='LiftingLoss'))
    weighted = ours(output, target, torch.ones(3, 9, 17, 1))
    torch.testing.assert_close(weighted, ours(output, target))


@pytest.mark.parametrize('loss', [PositionLoss(), ScaledPositionLoss(), Velocity3DLoss(), LiftingLoss()])
def test_joints_that_do_not_count_change_nothing(loss):
    """Neither the value nor a gradient, NaN targets included; nor does it matter whether clips are padded."""
    output, target = torch.randn(2, 2, 6, 4, 3)
    weight = torch.ones(2, 6, 4)
    weight[0, 2, 1] = weight[1, 4:] = 0
    values, gradients = [], []
    for fill in (0.0, 100.0, math.nan):
        spoilt = torch.where((weight == 0)[..., None], torch.tensor(fill), target)
        variable = output.clone().requires_grad_()
        value = loss(variable, spoilt, weight)
        value.backward()
        values.append(value.detach())
        gradients.append(variable.grad)
    for value, gradient in zip(values, gradients):
        torch.testing.assert_close(value, values[0])
        torch.testing.assert_close(gradient, gradients[0])
        assert (gradient[1, 5] == 0).all()
    torch.testing.assert_close(loss(output, target, weight), values[0])


@pytest.mark.parametrize('loss', [PositionLoss(), ScaledPositionLoss(), Velocity3DLoss(), LiftingLoss()])
def test_gradients_are_finite_where_norms_are_zero(loss):
    """A perfect prediction, a prediction of zeros, and no joint that counts."""
    target = torch.randn(1, 4, 3, 3)
    for output, weight in ((target, None), (torch.zeros_like(target), None), (target, torch.zeros(1, 4, 3))):
        output = output.clone().requires_grad_()
        value = loss(output, target, weight)
        value.backward()
        assert torch.isfinite(value) and torch.isfinite(output.grad).all()
    assert value.item() == 0


@pytest.mark.parametrize('loss', [PositionLoss(), ScaledPositionLoss(0.5), Velocity3DLoss(20.0)])
def test_gradcheck(loss):
    output, target = torch.randn(2, 1, 3, 2, 3, dtype=torch.float64)
    weight = torch.tensor([[[1.0, 0.5], [1, 0], [0.2, 1]]]).double()
    assert torch.autograd.gradcheck(lambda x: loss(x, target, weight), output.requires_grad_())


@pytest.mark.parametrize('name', ['PositionLoss', 'ScaledPositionLoss', 'Velocity3DLoss', 'LiftingLoss'])
def test_shapes_are_checked(name):
    loss = MODELS.build(dict(type=name))
    poses = torch.zeros(2, 5, 4, 3)
    with pytest.raises(ValueError, match='prediction and target'):
        loss(poses, poses[:, :4])
    with pytest.raises(ValueError, match='target weights'):
        loss(poses, poses, torch.ones(2, 4, 4))


def test_contrastive_by_hand():
    """Two of class 0 side by side, one of class 1 across: -log(e^(1/tau) / (e^(1/tau) + e^0)) for both."""
    embeddings = torch.tensor([[2.0, 0], [3.0, 0], [0, 5.0]])
    expected = -math.log(math.exp(2) / (math.exp(2) + 1))
    loss = SupConLoss(temperature=0.5)
    assert loss(embeddings, torch.tensor([0, 0, 1])).item() == pytest.approx(expected, rel=1e-5)
    swapped = loss(embeddings, torch.tensor([0, 1, 1])).item()
    # clip 1 is near 0 and far from its own
    expected = (-math.log(1 / (math.exp(2) + 1)) - math.log(1 / 2)) / 2
    assert swapped == pytest.approx(expected, rel=1e-5)


def test_contrastive_without_pairs_is_zero_and_trains():
    embeddings = torch.randn(3, 4, requires_grad=True)
    with pytest.warns(UserWarning, match='no class occurs twice among 3 clips'):
        loss = SupConLoss()(embeddings, torch.tensor([0, 1, 2]))
    loss.backward()
    assert loss.item() == 0 and torch.isfinite(embeddings.grad).all()
