import math

import pytest
import torch

from mmradar.errors import ConfigError
from mmradar.metainfo import HUPR_SIGMAS
from mmradar.models.losses import KeypointL1Loss, OKSLoss, VelocityLoss

SIZE = torch.tensor([[256.0, 256.0]])


def window(frames=1, joints=2):
    return torch.full((1, frames, joints, 2), 0.5), torch.ones(1, frames, joints), torch.full((1, frames), 1000.0)


def test_hupr_s_sigmas():
    assert HUPR_SIGMAS == (0.107, 0.087, 0.089, 0.107, 0.087, 0.089, 0.1, 0.1, 0.079, 0.072, 0.062, 0.079, 0.072, 0.062)


def test_oks_loss_by_hand():
    """Joint 0 is 10 px off with sigma 0.1 in an area of 1000 px^2: OKS = exp(-100 / (2 * 1000 * 0.04))."""
    target, weight, area = window()
    prediction = target.clone()
    prediction[0, 0, 0, 0] += 10 / 256
    loss = OKSLoss(sigmas=(0.1, 0.05))
    oks = math.exp(-100 / (2 * 1000 * 0.04))
    assert loss(prediction, target, weight, area, SIZE).item() == pytest.approx((1 - oks) / 2, rel=1e-5)
    weight[0, 0, 1] = 0  # the exact joint no longer counts
    assert loss(prediction, target, weight, area, SIZE).item() == pytest.approx(1 - oks, rel=1e-5)
    log_loss = OKSLoss(sigmas=(0.1, 0.05), log=True, loss_weight=3)
    assert log_loss(prediction, target, weight, area, SIZE).item() == pytest.approx(3 * 100 / 80, rel=1e-5)


def test_oks_loss_uses_the_image_s_size_on_each_axis():
    target, weight, area = window(joints=1)
    right, down = target.clone(), target.clone()
    right[..., 0] += 0.1
    down[..., 1] += 0.1
    loss, size = OKSLoss(sigmas=(0.1,)), torch.tensor([[100.0, 200.0]])
    assert loss(right, target, weight, area, size).item() == pytest.approx(1 - math.exp(-100 / 80), rel=1e-5)
    assert loss(down, target, weight, area, size).item() == pytest.approx(1 - math.exp(-400 / 80), rel=1e-5)


@pytest.mark.parametrize('width, height', [(256, 256), (640, 480), (100, 200)])
def test_velocity_loss_in_each_unit(width, height):
    """A joint of a body of 1000 px^2 is predicted to step by (6, 8) px: 100 px^2, a tenth of the body's area."""
    target, weight, area = window(frames=2, joints=1)
    size = torch.tensor([[float(width), float(height)]])
    prediction = target.clone()
    prediction[0, 1, 0] += torch.tensor([6 / width, 8 / height])
    expected = dict(px=100.0, body=0.1, image=(6 / width) ** 2 + (8 / height) ** 2)
    for unit, value in expected.items():
        loss = VelocityLoss(loss_weight=2, unit=unit)
        assert loss(prediction, target, weight, area, size).item() == pytest.approx(2 * value, rel=1e-4)


def test_the_default_unit_is_one_in_which_the_paper_s_weight_is_felt():
    """Poses that are 5 px off and jump by as much: beside the OKS loss, 0.05 of the velocity loss is no trifle."""
    torch.manual_seed(0)
    target = torch.rand(2, 9, 14, 2) * 0.4 + 0.3
    prediction = (target + 5 / 256 * torch.randn_like(target)).requires_grad_()
    weight, area, size = torch.ones(2, 9, 14), torch.full((2, 9), 6000.0), SIZE.expand(2, 2)

    def pull(loss):
        return torch.autograd.grad(loss(prediction, target, weight, area, size), prediction)[0].norm().item()

    oks = pull(OKSLoss())
    assert pull(VelocityLoss()) == pull(VelocityLoss(unit='px')) > 0.1 * oks
    assert pull(VelocityLoss(unit='body')) < 0.01 * oks > 10 * pull(VelocityLoss(unit='image'))


def test_velocity_loss_refuses_another_unit():
    with pytest.raises(ConfigError, match="VelocityLoss.unit must be one of 'image', 'px', 'body', found 'm'"):
        VelocityLoss(unit='m')


@pytest.mark.parametrize('unit', ['image', 'px', 'body'])
def test_a_body_without_area_that_does_not_count_is_no_nan(unit):
    target, weight, area = window(frames=2)
    prediction = (target + 0.01 * torch.arange(2)[:, None, None]).requires_grad_()
    VelocityLoss(unit=unit)(prediction, target, 0 * weight, 0 * area, SIZE).backward()
    assert (prediction.grad == 0).all()


def test_samples_of_a_batch_may_have_images_of_different_sizes():
    target, weight, area = (torch.cat([part, part]) for part in window(frames=2))
    prediction = target.clone()
    prediction[:, 1] += 0.02
    sizes = torch.tensor([[100.0, 200.0], [640.0, 480.0]])
    for loss in (OKSLoss(sigmas=(0.1, 0.2)), VelocityLoss(unit='px'), VelocityLoss(unit='body')):
        both = loss(prediction, target, weight, area, sizes)
        one = [loss(prediction[i : i + 1], target[i : i + 1], weight[:1], area[:1], sizes[i : i + 1]) for i in (0, 1)]
        torch.testing.assert_close(both, sum(one) / 2)


def test_velocity_loss_by_hand():
    """A joint that stands still is predicted to move by (0.1, 0.2), then back by half of it."""
    target, weight, area = window(frames=3, joints=1)
    prediction = target.clone()
    prediction[0, 1, 0] += torch.tensor([0.1, 0.2])
    prediction[0, 2, 0] += torch.tensor([0.05, 0.1])
    steps = (0.01 + 0.04 + 0.0025 + 0.01) / 2
    loss, heavier = VelocityLoss(unit='image'), VelocityLoss(loss_weight=1, unit='image')
    assert heavier(prediction, target, weight, area, SIZE).item() == pytest.approx(steps, rel=1e-4)
    assert loss(prediction, target, weight, area, SIZE).item() == pytest.approx(0.05 * steps, rel=1e-4)
    # a constant offset has no velocity error; a step from an invisible joint does not count; one frame has no step
    assert loss(target + 0.1, target, weight, area, SIZE).item() == pytest.approx(0, abs=1e-12)
    weight[0, 1] = 0
    assert loss(prediction, target, weight, area, SIZE).item() == 0
    assert loss(prediction[:, :1], target[:, :1], weight[:, :1], area[:, :1], SIZE).item() == 0


def test_l1_loss_by_hand():
    target, weight, area = window()
    prediction = target + torch.tensor([0.1, -0.3])
    assert KeypointL1Loss(loss_weight=2)(prediction, target, weight, area, SIZE).item() == pytest.approx(0.4, rel=1e-5)


@pytest.mark.parametrize(
    'loss',
    [OKSLoss(sigmas=(0.1, 0.2)), OKSLoss(sigmas=(0.1, 0.2), log=True)]
    + [VelocityLoss(unit=unit) for unit in ('image', 'px', 'body')],
)
def test_gradients_against_finite_differences(loss):
    loss = loss.double()
    target = torch.rand(1, 3, 2, 2, dtype=torch.float64)
    prediction = (target + 0.02 * torch.randn_like(target)).requires_grad_()
    weight = torch.tensor([[[1.0, 1], [1, 0], [1, 1]]], dtype=torch.float64)
    area = torch.full((1, 3), 900.0, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: loss(x, target, weight, area, SIZE.double()), prediction)


def test_a_step_down_the_gradient_brings_the_joint_nearer():
    target, weight, area = window()
    prediction = (target + 0.02).requires_grad_()
    OKSLoss(sigmas=(0.1, 0.1))(prediction, target, weight, area, SIZE).backward()
    assert (prediction.grad > 0).all()
