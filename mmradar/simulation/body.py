"""The body as a radar sees it: points on the facing side of capsules around the bones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mmradar.simulation.skeleton import JOINTS, Subject

# bone: (joint, joint), radius in fractions of body height, points along it. Ours; the radii follow the girths of
# anthropometric tables, the density is half a range bin or less.
_BONES = (
    (('R_Hip', 'R_Knee'), 0.045, 9),
    (('L_Hip', 'L_Knee'), 0.045, 9),
    (('R_Knee', 'R_Ankle'), 0.030, 9),
    (('L_Knee', 'L_Ankle'), 0.030, 9),
    (('R_Shoulder', 'R_Elbow'), 0.027, 7),
    (('L_Shoulder', 'L_Elbow'), 0.027, 7),
    (('R_Elbow', 'R_Wrist'), 0.021, 7),
    (('L_Elbow', 'L_Wrist'), 0.021, 7),
    (('R_Shoulder', 'R_Hip'), 0.050, 12),
    (('L_Shoulder', 'L_Hip'), 0.050, 12),
    (('Neck', 'R_Hip'), 0.062, 12),
    (('Neck', 'L_Hip'), 0.062, 12),
    (('Neck', 'Head'), 0.052, 6),
)


@dataclass
class BodySurface:
    """Scatterers on one subject, found anew for every pose and radar.

    Each point lies on the side of its capsule that faces the radar. Its strength falls with the angle between the
    line of sight and the plane across the bone: a smooth limb returns a specular flash when it is seen broadside and
    little otherwise, which is why extremities vanish from a radar's view for long stretches.

    Args:
        subject: Gives the sizes.
        generator: Seeds the unevenness of the surface (a few millimetres), fixed for the subject.
        specular_width: Width of the lobe, as a sine.
        diffuse_floor: Amplitude that is left off the lobe, as a share of the specular one.
    """

    subject: Subject
    generator: torch.Generator
    specular_width: float = 0.22
    diffuse_floor: float = 0.12

    def __post_init__(self) -> None:
        first, second, radius, share, area = [], [], [], [], []
        for (joint_a, joint_b), relative_radius, count in _BONES:
            for index in range(count):
                first.append(JOINTS[joint_a])
                second.append(JOINTS[joint_b])
                share.append((index + 0.5) / count)
                radius.append(relative_radius * self.subject.height_m * self.subject.girth)
                area.append(1.0 / count)
        self.first, self.second = torch.tensor(first), torch.tensor(second)
        self.share = torch.tensor(share, dtype=torch.float64)
        self.share += 0.02 * torch.randn(len(share), generator=self.generator, dtype=torch.float64)
        self.radius_m = torch.tensor(radius, dtype=torch.float64)
        self.radius_m += 0.004 * torch.randn(len(share), generator=self.generator, dtype=torch.float64)
        # Peak radar cross-section of a point: the broadside return of a cylinder grows with its radius. The constant
        # puts a standing adult at about -5 dBsm in total at 77 GHz.
        self.peak_rcs_m2 = 0.6 * self.radius_m * torch.tensor(area, dtype=torch.float64)

    def scatterers(
        self, joints_m: Float[Tensor, 'time joints 3'], sensor_m: Float[Tensor, '3']
    ) -> tuple[Float[Tensor, 'time p 3'], Float[Tensor, 'time p']]:
        """Points that face the sensor, and the amplitude of each.

        Args:
            joints_m: Joint positions, (time, 14, 3).
            sensor_m: Where the radar is, (3,).

        Returns:
            Positions in m, (time, points, 3), and the square root of the radar cross-section in m, (time, points).
        """
        start, stop = joints_m[:, self.first], joints_m[:, self.second]
        axis = stop - start
        points = start + self.share[:, None] * axis
        axis = axis / axis.norm(dim=-1, keepdim=True).clamp_min(1e-9)
        sight = points - sensor_m
        sight = sight / sight.norm(dim=-1, keepdim=True)
        along = (sight * axis).sum(-1, keepdim=True)
        across = sight - along * axis
        facing = points - self.radius_m[:, None] * across / across.norm(dim=-1, keepdim=True).clamp_min(1e-9)
        lobe = torch.exp(-0.5 * (along[..., 0] / self.specular_width) ** 2)
        amplitude = self.peak_rcs_m2.sqrt() * (self.diffuse_floor + (1 - self.diffuse_floor) * lobe)
        return facing, amplitude
