"""The body as a radar sees it: facets on trunk, head and limbs, each with a radar cross-section by its aspect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.simulation.skeleton import JOINTS, Subject


class Scatterers(NamedTuple):
    """What one radar sees of something that moves.

    Args:
        positions_m: (frames, nodes, points, 3), at several times within each frame.
        rcs_m2: Radar cross-section of each point, (frames, points), 0 where it is hidden.
    """

    positions_m: Float[Tensor, 'frames nodes p 3']
    rcs_m2: Float[Tensor, 'frames p']


@dataclass(frozen=True)
class Skin:
    """How a body's surface scatters.

    The specular part is the geometric-optics limit of a rough surface (Ulaby, Moore and Fung, Microwave Remote Sensing,
    volume II, section 12-4): facets of all slopes around the mean surface, each a mirror. Its integral over a smooth
    convex body is the body's own pi R1 R2 |reflectivity|, whatever the slopes; they spread it over aspects. The smaller
    they are, the more a limb flashes when it is seen broadside, and the less is left of it otherwise.

    Args:
        reflectivity: Share of the power that a mirror of skin under clothes returns. Skin alone returns about 0.4 by
            its permittivity at 77 GHz; a little less for clothes is ours.
        slope: Root mean square slope of the surface, in each direction; ours, by comparison with recordings, see
            docs/simulation.md.
        diffuse: Share of the power that is scattered evenly (Lambert's law).
        roughness_m: How far facets lie off the smooth body; a fraction of a wavelength makes their phases random.
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


# What the body is made of: bone (the middle of joints to the middle of joints), radii across it in fractions of body
# height (to the side and to the front, at its start and at its end), how far it goes on behind its end in fractions of
# body height, and facets along it. Ours, after the girths of anthropometric tables.
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
# Normals of a row of facets, from the one that looks at the radar, in rad.
_FAN = torch.tensor([-0.8, -0.4, 0.0, 0.4, 0.8], dtype=torch.float64)
_FAN_STEP = 0.4


@dataclass
class BodySurface:
    """Facets on one subject, found anew for every pose and radar.

    Trunk, head and limbs are elliptical cones around the bones. A radar sees of each the side that faces it: rows of
    facets whose normals fan out from the line of sight, so that the point that flashes slides over a turning limb as it
    does on a smooth body. A facet's cross-section follows :class:`Skin`; what is behind another part of the body is
    hidden.

    Args:
        subject: Gives the sizes.
        generator: Seeds the unevenness of the surface, fixed for the subject.
        skin: How it scatters.
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
        # for hiding: a capsule in each part, not quite as thick, so that nothing hides itself
        thin = [min(*limb[2], *limb[3]) for limb in _LIMBS]
        self._capsule_m = 0.9 * height * girth * torch.tensor(thin, dtype=torch.float64)

    @property
    def num_facets(self) -> int:
        """Facets that may be seen at a time."""
        return len(self._share)

    def scatterers(self, joints_m: Float[Tensor, 'frames nodes joints 3'], sensor_m: Float[Tensor, '3']) -> Scatterers:
        """Facets that face a radar, and their radar cross-sections.

        Args:
            joints_m: Joint positions in m at several times within each frame, (frames, nodes, 14, 3); cross-sections
                are those of the middle one.
            sensor_m: Where the radar is, (3,).
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
        # the point of an ellipse whose normal that is, and its radius of curvature there
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
        """Start, end and side direction of each part, (..., parts, 3)."""

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
        """Radar cross-section per area of surface, by the directions to the radar, off the surface and of the bone."""
        skin = self.skin
        cosine = (sight * normal).sum(-1).clamp_min(0.05)
        lengthwise = (sight * along).sum(-1) / cosine
        crosswise = (sight * torch.linalg.cross(along, normal)).sum(-1) / cosine
        # a row's facets stand for all normals between them
        across_slope = (skin.slope**2 + _FAN_STEP**2 / 12) ** 0.5
        exponent = (lengthwise / skin.slope).square() + (crosswise / across_slope).square()
        specular = torch.exp(-exponent / 2) / (2 * skin.slope * across_slope * cosine**4)
        lambert = 4 * cosine**2
        return skin.reflectivity * ((1 - skin.diffuse) * specular + skin.diffuse * lambert)

    def _hidden(self, points: Tensor, start: Tensor, stop: Tensor, sensor_m: Tensor) -> Tensor:
        """Which facets, (frames, points), are behind another part: closest approach of sight line and bone."""
        sight = points - sensor_m
        distance = sight.norm(dim=-1, keepdim=True)
        direction = sight / distance
        bone, between = stop - start, sensor_m - start  # frames, parts, 3
        squared = bone.square().sum(-1)[:, None].clamp_min(1e-9)
        # inner products, (frames, points or 1, parts): of vectors there would be three times as much to go through
        b, d = direction @ bone.mT, direction @ between.mT
        e = (bone * between).sum(-1)[:, None]
        share = ((e - b * d) / (squared - b**2).clamp_min(1e-9)).clamp(0, 1)
        along = b * share - d
        # what is nearer to the facet than the part is thick is the part it lies on, or joins it
        along = torch.minimum(along, distance - 2.5 * self._capsule_m)
        # of between + along * direction - share * bone
        across = share * (share * squared - 2 * (e + along * b))
        near = between.square().sum(-1)[:, None] + along * (along + 2 * d) + across < self._capsule_m.square()
        near &= self.part[:, None] != torch.arange(len(_LIMBS))
        return near.any(-1)
