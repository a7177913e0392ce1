"""Model of the body as a radar target: facets on trunk, head and limbs, with cross-sections that depend on aspect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.simulation.skeleton import JOINTS, Subject


class Scatterers(NamedTuple):
    """Points of a moving object as one radar sees them.

    Args:
        positions_m: Positions at several times (nodes) within each frame, (frames, nodes, points, 3).
        rcs_m2: Radar cross-section of each point, (frames, points), 0 where it is hidden.
    """

    positions_m: Float[Tensor, 'frames nodes p 3']
    rcs_m2: Float[Tensor, 'frames p']


@dataclass(frozen=True)
class Skin:
    """Scattering properties of a body's surface.

    The specular part is the geometric-optics limit of a rough surface (Ulaby, Moore and Fung, Microwave Remote Sensing,
    volume II, section 12-4): facets of all slopes around the mean surface, each a mirror. Integrated over a smooth
    convex body, it gives the body's own pi R1 R2 |reflectivity| for any slopes; the slopes spread it over aspects. The
    smaller they are, the more a limb flashes when seen broadside, and the less it returns at other aspects.

    Args:
        reflectivity: Share of the power that a mirror of skin under clothes returns. Skin alone returns about 0.4 by
            its permittivity at 77 GHz; the lower value for clothes is our choice.
        slope: Root mean square slope of the surface, in each direction; our choice, by comparison with recordings, see
            docs/simulation.md.
        diffuse: Share of the power that is scattered diffusely (Lambert's law).
        roughness_m: Standard deviation of the facets' distance from the smooth body; a fraction of a wavelength makes
            their phases random.
    """

    reflectivity: float = 0.33
    slope: float = 0.12
    diffuse: float = 0.01
    roughness_m: float = 0.003

    def __post_init__(self) -> None:
        for name, low, high in (
            ('reflectivity', 0, 1),
            ('slope', 0.02, 1),
            ('diffuse', 0, 1),
            ('roughness_m', 0, 0.05),
        ):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f'Skin.{name} must be between {low} and {high}, found {getattr(self, name)!r}')


# Parts of the body. Each has: joints whose mean is the bone's start; joints whose mean is its end; radii (to the side,
# to the front) at the start and at the end; extension beyond the end; number of facets along the bone. Radii and
# extension are in fractions of body height. Our choice, after the girths of anthropometric tables.
_LIMBS = (
    (('R_Hip',), ('R_Knee',), (0.046, 0.046), (0.034, 0.034), 0.0, 8),
    (('L_Hip',), ('L_Knee',), (0.046, 0.046), (0.034, 0.034), 0.0, 8),
    (('R_Knee',), ('R_Ankle',), (0.033, 0.033), (0.021, 0.021), 0.0, 8),
    (('L_Knee',), ('L_Ankle',), (0.033, 0.033), (0.021, 0.021), 0.0, 8),
    (('R_Shoulder',), ('R_Elbow',), (0.029, 0.029), (0.024, 0.024), 0.0, 6),
    (('L_Shoulder',), ('L_Elbow',), (0.029, 0.029), (0.024, 0.024), 0.0, 6),
    # with the hand
    (('R_Elbow',), ('R_Wrist',), (0.024, 0.024), (0.017, 0.017), 0.08, 7),
    (('L_Elbow',), ('L_Wrist',), (0.024, 0.024), (0.017, 0.017), 0.08, 7),
    (('R_Hip', 'L_Hip'), ('Neck',), (0.090, 0.065), (0.098, 0.062), 0.0, 11),
    (('Neck',), ('Head',), (0.036, 0.036), (0.045, 0.052), 0.05, 5),
)
# Angles of the normals of a row of facets, in rad; the one at 0 faces the radar.
_FAN = torch.tensor([-0.8, -0.4, 0.0, 0.4, 0.8], dtype=torch.float64)
_FAN_STEP = 0.4


@dataclass
class BodySurface:
    """Facets on one subject's body, computed for each pose and radar.

    Trunk, head and limbs are elliptical cones around the bones. On each, rows of facets cover the side that faces the
    radar. Their normals fan out from the line of sight, so that the brightest point slides over a turning limb as it
    does on a smooth body. A facet's cross-section follows :class:`Skin`, and is 0 where another part of the body hides
    the facet.

    Args:
        subject: The person, whose height and girth set all sizes.
        generator: Draws the unevenness of the surface, which is then fixed.
        skin: Scattering properties.
        occlusion: Whether parts of the body hide each other.
    """

    subject: Subject
    generator: torch.Generator
    skin: Skin = field(default_factory=Skin)
    occlusion: bool = True

    def __post_init__(self) -> None:
        height, girth = self.subject.height_m, self.subject.girth
        rows = [(limb, (row + 0.5) / limb[5]) for limb in _LIMBS for row in range(limb[5])]
        self.part = torch.tensor([_LIMBS.index(limb) for limb, _ in rows]).repeat_interleave(len(_FAN))
        share = torch.tensor([share for _, share in rows], dtype=torch.float64)
        first, last = (torch.tensor([limb[i] for limb, _ in rows], dtype=torch.float64) for i in (2, 3))
        radii = height * girth * (first + share[:, None] * (last - first))
        self._radii_m = radii.repeat_interleave(len(_FAN), 0)
        self._share = share.repeat_interleave(len(_FAN))
        self._count = torch.tensor([limb[5] for limb, _ in rows]).repeat_interleave(len(_FAN))
        self._beyond_m = height * torch.tensor([limb[4] for limb in _LIMBS], dtype=torch.float64)
        self._fan = _FAN.repeat(len(rows))
        count = len(self._share)
        noise = torch.randn(2, count, generator=self.generator, dtype=torch.float64)
        self._share = self._share + 0.2 * noise[0] / self._count
        self._uneven_m = self.skin.roughness_m * noise[1]
        # parts hide others as capsules slightly thinner than themselves, so that no part hides itself
        thin = [min(*limb[2], *limb[3]) for limb in _LIMBS]
        self._capsule_m = 0.9 * height * girth * torch.tensor(thin, dtype=torch.float64)

    @property
    def num_facets(self) -> int:
        """Number of facets."""
        return len(self._share)

    def scatterers(self, joints_m: Float[Tensor, 'frames nodes joints 3'], sensor_m: Float[Tensor, '3']) -> Scatterers:
        """Return the facets that face a radar, with their radar cross-sections.

        Args:
            joints_m: Joint positions in m at several times within each frame, (frames, nodes, 14, 3); cross-sections
                are computed at the middle time.
            sensor_m: Position of the radar, (3,).
        """
        start, stop, side = self._bones(joints_m)
        axis = stop - start
        length = axis.norm(dim=-1, keepdim=True).clamp_min(1e-6)
        axis = axis / length
        part = self.part
        along = axis[..., part, :]
        centre = start[..., part, :] + self._share[:, None] * length[..., part, :] * along
        # across the bone: towards the radar, and sideways
        sight = sensor_m - centre
        sight = sight / sight.norm(dim=-1, keepdim=True)
        facing = sight - (sight * along).sum(-1, keepdim=True) * along
        facing = facing / facing.norm(dim=-1, keepdim=True).clamp_min(1e-6)
        turned = torch.linalg.cross(along, facing)
        normal = facing * self._fan.cos()[:, None] + turned * self._fan.sin()[:, None]
        # the point of the ellipse that has this normal, and the radius of curvature there
        lateral = side[..., part, :]
        lateral = lateral - (lateral * along).sum(-1, keepdim=True) * along
        lateral = lateral / lateral.norm(dim=-1, keepdim=True).clamp_min(1e-6)
        front = torch.linalg.cross(along, lateral)
        wide, deep = self._radii_m.unbind(-1)
        to_side, to_front = (normal * lateral).sum(-1), (normal * front).sum(-1)
        reach = ((wide * to_side).square() + (deep * to_front).square()).sqrt().clamp_min(1e-6)
        offset = (wide**2 * to_side / reach)[..., None] * lateral + (deep**2 * to_front / reach)[..., None] * front
        positions = centre + offset + self._uneven_m[:, None] * normal

        middle = joints_m.shape[1] // 2
        curvature_m = ((wide * deep) ** 2 / reach**3)[:, middle]
        area = curvature_m * _FAN_STEP * (length[:, middle, part, 0] / self._count)
        rcs = area * self._backscatter(sight[:, middle], normal[:, middle], along[:, middle])
        if self.occlusion:
            hidden = self._hidden(positions[:, middle], start[:, middle], stop[:, middle], sensor_m)
            rcs = torch.where(hidden, 0, rcs)
        return Scatterers(positions, rcs)

    def _bones(self, joints_m: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return start, end and side direction of each part, (..., parts, 3)."""

        def middle(names: tuple[str, ...]) -> Tensor:
            return joints_m[..., [JOINTS[name] for name in names], :].mean(-2)

        start = torch.stack([middle(limb[0]) for limb in _LIMBS], -2)
        stop = torch.stack([middle(limb[1]) for limb in _LIMBS], -2)
        axis = stop - start
        axis = axis / axis.norm(dim=-1, keepdim=True).clamp_min(1e-6)
        stop = stop + self._beyond_m[:, None] * axis
        hips = joints_m[..., JOINTS['R_Hip'], :] - joints_m[..., JOINTS['L_Hip'], :]
        shoulders = joints_m[..., JOINTS['R_Shoulder'], :] - joints_m[..., JOINTS['L_Shoulder'], :]
        side = (hips + shoulders)[..., None, :].expand_as(start)
        return start, stop, side

    def _backscatter(self, sight: Tensor, normal: Tensor, along: Tensor) -> Tensor:
        """Return radar cross-section per surface area, from the directions of radar, surface normal, and bone."""
        skin = self.skin
        cosine = (sight * normal).sum(-1).clamp_min(0.05)
        lengthwise = (sight * along).sum(-1) / cosine
        crosswise = (sight * torch.linalg.cross(along, normal)).sum(-1) / cosine
        # each facet of a row represents all normals up to its neighbours'
        across_slope = (skin.slope**2 + _FAN_STEP**2 / 12) ** 0.5
        exponent = (lengthwise / skin.slope).square() + (crosswise / across_slope).square()
        specular = torch.exp(-exponent / 2) / (2 * skin.slope * across_slope * cosine**4)
        lambert = 4 * cosine**2
        return skin.reflectivity * ((1 - skin.diffuse) * specular + skin.diffuse * lambert)

    def _hidden(self, points: Tensor, start: Tensor, stop: Tensor, sensor_m: Tensor) -> Tensor:
        """Return which facets, (frames, points), another part hides.

        A part hides a facet if the line of sight passes its bone at less than the radius of its capsule.
        """
        sight = points - sensor_m
        distance = sight.norm(dim=-1, keepdim=True)
        direction = sight / distance
        bone, between = stop - start, sensor_m - start  # frames, parts, 3
        squared = bone.square().sum(-1)[:, None].clamp_min(1e-9)
        # inner products, (frames, points or 1, parts); vectors would be three times as large
        b, d = direction @ bone.mT, direction @ between.mT
        e = (bone * between).sum(-1)[:, None]
        share = ((e - b * d) / (squared - b**2).clamp_min(1e-9)).clamp(0, 1)
        along = b * share - d
        # a part this close to the facet is the facet's own or adjoins it, so it must not count
        along = torch.minimum(along, distance - 2.5 * self._capsule_m)
        # compare the squared length of between + along * direction - share * bone with the squared radius
        across = share * (share * squared - 2 * (e + along * b))
        near = between.square().sum(-1)[:, None] + along * (along + 2 * d) + across < self._capsule_m.square()
        near &= self.part[:, None] != torch.arange(len(_LIMBS))
        return near.any(-1)
