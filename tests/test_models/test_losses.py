import math
from dataclasses import replace

import pytest
import torch

from mmradar.errors import ConfigError
from mmradar.metainfo import HUPR_SIGMAS
from mmradar.models.losses import KeypointL1Loss, KLDivergenceLoss, OKSLoss, VelocityLoss
from mmradar.structures import CoordinateBounds, PoseLabels

SIZE = torch.tensor([[256.0, 256.0]])


def window(frames=1, joints=2, sigmas=(0.1, 0.05), size=SIZE):
    """Labels of joints that stand still in the middle of an image, of a body of 1000 px^2."""
    size = torch.as_tensor(size).view(-1, 2)
    batch = len(size)
    return PoseLabels(
        keypoints=(size / 2)[:, None, None].repeat(1, frames, joints, 1),
        weight=torch.ones(batch, frames, joints),
        bounds=CoordinateBounds(torch.zeros_like(size), size, 'px'),
        key_index=torch.full((batch,), frames // 2),
        area=torch.full((batch, frames), 1000.0),
        sigmas=torch.tensor([sigmas[:joints]]),
    )


def test_hupr_s_sigmas():
    assert HUPR_SIGMAS == (0.107, 0.087, 0.089, 0.107, 0.087, 0.089, 0.1, 0.1, 0.079, 0.072, 0.062, 0.079, 0.072, 0.062)


def test_oks_loss_by_hand():
    """Joint 0 is 10 px off with sigma 0.1 in an area of 1000 px^2: OKS = exp(-100 / (2 * 1000 * 0.04))."""
    labels = window()
    keypoints = labels.keypoints.clone()
    keypoints[0, 0, 0, 0] += 10
    oks = math.exp(-100 / (2 * 1000 * 0.04))
    assert OKSLoss()(keypoints, labels).item() == pytest.approx((1 - oks) / 2, rel=1e-5)
    labels.weight[0, 0, 1] = 0  # the exact joint no longer counts
    assert OKSLoss()(keypoints, labels).item() == pytest.approx(1 - oks, rel=1e-5)
    assert OKSLoss(log=True, loss_weight=3)(keypoints, labels).item() == pytest.approx(3 * 100 / 80, rel=1e-5)


@pytest.mark.parametrize('missing', ['area', 'sigmas'])
def test_oks_loss_without_what_it_needs_is_refused_in_words(missing):
    labels = window()
    with pytest.raises(ConfigError, match=f'a loss needs the {missing} of the samples, which they do not all state'):
        OKSLoss()(labels.keypoints, replace(labels, **{missing: None}))


@pytest.mark.parametrize('width, height', [(256, 256), (640, 480), (100, 200)])
def test_velocity_loss_in_each_unit(width, height):
    """A joint of a body of 1000 px^2 is predicted to step by (6, 8) px: 100 px^2, a tenth of the body's area."""
    labels = window(frames=2, joints=1, size=(float(width), float(height)))
    keypoints = labels.keypoints.clone()
    keypoints[0, 1, 0] += torch.tensor([6.0, 8.0])
    expected = dict(px=100.0, body=0.1, image=(6 / width) ** 2 + (8 / height) ** 2)
    for unit, value in expected.items():
        loss = VelocityLoss(loss_weight=2, unit=unit)
        assert loss(keypoints, labels).item() == pytest.approx(2 * value, rel=1e-4)


def test_the_default_unit_is_one_in_which_the_paper_s_weight_is_felt():
    """Poses that are 5 px off and jump by as much: beside the OKS loss, 0.05 of the velocity loss is no trifle."""
    torch.manual_seed(0)
    labels = window(frames=9, joints=14, sigmas=HUPR_SIGMAS, size=SIZE.expand(2, 2))
    labels = replace(labels, keypoints=torch.rand(2, 9, 14, 2) * 100 + 75, area=torch.full((2, 9), 6000.0))
    shares = (labels.bounds.shares(labels.keypoints) + 5 / 256 * torch.randn(2, 9, 14, 2)).requires_grad_()

    def pull(loss):
        return torch.autograd.grad(loss(labels.bounds.positions(shares), labels), shares)[0].norm().item()

    oks = pull(OKSLoss())
    assert pull(VelocityLoss()) == pull(VelocityLoss(unit='px')) > 0.1 * oks
    assert pull(VelocityLoss(unit='body')) < 0.01 * oks > 10 * pull(VelocityLoss(unit='image'))


def test_velocity_loss_refuses_another_unit():
    with pytest.raises(ConfigError, match="VelocityLoss.unit must be one of 'image', 'px', 'body', 'm', found 'mm'"):
        VelocityLoss(unit='mm')
    labels = window(frames=2)
    with pytest.raises(ConfigError, match="VelocityLoss.unit is 'm', but the labels are in px"):
        VelocityLoss(unit='m')(labels.keypoints, labels)


@pytest.mark.parametrize('unit', ['image', 'px', 'body'])
def test_a_body_without_area_that_does_not_count_is_no_nan(unit):
    labels = window(frames=2)
    labels.weight.zero_(), labels.area.zero_()
    keypoints = (labels.keypoints + torch.arange(2)[:, None, None]).requires_grad_()
    VelocityLoss(unit=unit)(keypoints, labels).backward()
    assert (keypoints.grad == 0).all()


def test_samples_of_a_batch_may_have_images_of_different_sizes():
    sizes = torch.tensor([[100.0, 200.0], [640.0, 480.0]])
    labels, step = window(frames=2, size=sizes), sizes * 0.02
    keypoints = labels.keypoints.clone()
    keypoints[:, 1] += step[:, None]
    for loss in (OKSLoss(), VelocityLoss(unit='px'), VelocityLoss(unit='body'), KeypointL1Loss()):
        one = [loss(keypoints[i : i + 1], window(frames=2, size=sizes[i])) for i in (0, 1)]
        assert one[0] > 0
        torch.testing.assert_close(loss(keypoints, labels), sum(one) / 2)


def test_velocity_loss_by_hand():
    """A joint that stands still is predicted to move by (0.1, 0.2) of the image, then back by half of it."""
    labels = window(frames=3, joints=1)
    keypoints = labels.keypoints.clone()
    keypoints[0, 1, 0] += 256 * torch.tensor([0.1, 0.2])
    keypoints[0, 2, 0] += 256 * torch.tensor([0.05, 0.1])
    steps = (0.01 + 0.04 + 0.0025 + 0.01) / 2
    loss, heavier = VelocityLoss(unit='image'), VelocityLoss(loss_weight=1, unit='image')
    assert heavier(keypoints, labels).item() == pytest.approx(steps, rel=1e-4)
    assert loss(keypoints, labels).item() == pytest.approx(0.05 * steps, rel=1e-4)
    # a constant offset has no velocity error; a step from an invisible joint does not count; one frame has no step
    assert loss(labels.keypoints + 25.6, labels).item() == pytest.approx(0, abs=1e-12)
    labels.weight[0, 1] = 0
    assert loss(keypoints, labels).item() == 0
    assert loss(keypoints[:, :1], window(joints=1)).item() == 0


def test_l1_loss_by_hand():
    labels = window(size=(100.0, 200.0))
    keypoints = labels.keypoints + torch.tensor([10.0, -60.0])
    assert KeypointL1Loss(loss_weight=2)(keypoints, labels).item() == pytest.approx(0.4, rel=1e-5)


@pytest.mark.no_shape_checks
def test_losses_in_a_volume():
    """Two frames of a joint in a volume of 2 x 4 x 1 m, 0.2 m off to the right in the second."""
    low, high = torch.tensor([[-1.0, 0.0, 0.0]]), torch.tensor([[1.0, 4.0, 1.0]])
    labels = PoseLabels(
        torch.full((1, 2, 1, 3), 0.5), torch.ones(1, 2, 1), CoordinateBounds(low, high, 'm'), torch.tensor([1])
    )
    keypoints = labels.keypoints.clone()
    keypoints[0, 1, 0, 0] += 0.2
    assert KeypointL1Loss()(keypoints, labels).item() == pytest.approx(0.1 / 3 / 2, rel=1e-5)
    assert VelocityLoss(1, unit='m')(keypoints, labels).item() == pytest.approx(0.04, rel=1e-5)
    with pytest.raises(ConfigError, match="VelocityLoss.unit is 'px', but the labels are in m"):
        VelocityLoss()(keypoints, labels)
    with pytest.raises(ConfigError, match='In three dimensions'):
        OKSLoss()(keypoints, labels)


def test_kl_divergence_by_hand():
    """Two axes of three bins: one as its target, one even where the target is (1/2, 1/4, 1/4)."""
    target = torch.tensor([[0.2, 0.3, 0.5], [0.5, 0.25, 0.25]]).view(1, 1, 1, 2, 3)
    outputs = torch.stack((target[..., 0, :].log() + 7, torch.zeros(1, 1, 1, 3)), dim=-2)
    second = 0.5 * math.log(0.5 * 3) + 0.5 * math.log(0.25 * 3)
    loss = KLDivergenceLoss(loss_weight=2)
    assert loss(outputs, target, torch.ones(1, 1, 1)).item() == pytest.approx(2 * second / 2, rel=1e-5)
    both = [part.repeat(1, 1, 2, 1, 1) for part in (outputs, target)]
    both[0][0, 0, 1] += torch.tensor([5.0, 0, -5])
    assert loss(*both, torch.tensor([[[1.0, 0.0]]])).item() == pytest.approx(second, rel=1e-5)
    assert loss(target.log(), target, torch.ones(1, 1, 1)).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    'loss', [OKSLoss(), OKSLoss(log=True)] + [VelocityLoss(unit=unit) for unit in ('image', 'px', 'body')]
)
def test_gradients_against_finite_differences(loss):
    labels = window(frames=3)
    labels.weight[0, 1, 1] = 0
    doubled = {name: getattr(labels, name).double() for name in ('keypoints', 'weight', 'area', 'sigmas')}
    labels = replace(labels, **doubled, bounds=CoordinateBounds(torch.zeros(1, 2).double(), SIZE.double(), 'px'))
    keypoints = (labels.keypoints + 5 * torch.randn(1, 3, 2, 2, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, labels), keypoints)


def test_a_step_down_the_gradient_brings_the_joint_nearer():
    labels = window()
    keypoints = (labels.keypoints + 5).requires_grad_()
    OKSLoss()(keypoints, labels).backward()
    assert (keypoints.grad > 0).all()
