"""Renderer of scenes, and of the joints' positions and visibility."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from glsmamba.datasets.posetrack_files import POSETRACK_KEYPOINTS
from glsmamba.datasets.synthetic_video.body import PARTS, POINTS, root
from glsmamba.datasets.synthetic_video.scene import Actor, Scene

NUM_JOINTS = len(POSETRACK_KEYPOINTS)
NOT_IN_IMAGE, OCCLUDED, VISIBLE = 0, 1, 2
# Movement per picture while the shutter is open, and maximum number of pictures.
_BLUR_STEP_PX, _MAX_EXPOSURES = 2.5, 5
# A joint is hidden by parts that are nearer to the camera by more than this.
_NEARER_M = 0.04
_SHIFT = 4  # fractional bits of cv2's coordinates

_NAMES = tuple(PARTS)
_TRUNK = _NAMES.index('trunk')
_HEAD = _NAMES.index('head')
_ROOTS = np.array([_NAMES.index(root(name)) for name in _NAMES])
_BODY = [index for index, part in enumerate(PARTS.values()) if part.on is None]
_FACE = np.array([root(name) == 'head' and part.on is not None for name, part in PARTS.items()])
_OWN = [np.array([POINTS[name] for name in part.own], dtype=int) for part in PARTS.values()]
_TRUNK_BALLS = np.array([POINTS[name] for name, _ in PARTS['trunk'].balls])
_TRUNK_RADII = np.array([radius for _, radius in PARTS['trunk'].balls])
# All parts except the trunk have one or two balls; one ball counts twice here.
_BALLS = np.array([[POINTS[part.balls[0][0]], POINTS[part.balls[-1][0]]] for part in PARTS.values()])
_RADII = np.array([[part.balls[0][1], part.balls[-1][1]] for part in PARTS.values()])

# Polygons filled for a part, in order: scale, shift towards the light in radii, brightness.
_ROUND = ((1.0, 0.0, 0.65), (0.62, 0.25, 1.0))
_FLAT = ((1.0, 0.0, 0.9),)
_FILLS = [(index, *fill) for index in range(len(_NAMES)) for fill in (_ROUND if index in _BODY else _FLAT)]
_FILL_PART = np.array([fill[0] for fill in _FILLS])
_FILL_SHRINK, _FILL_TOWARDS, _FILL_BRIGHTNESS = np.array([fill[1:] for fill in _FILLS]).T
_TRUNK_FILLS = [fill for fill in _FILLS if fill[0] == _TRUNK]
_FILLS_OF = [np.flatnonzero(index == _FILL_PART).tolist() for index in range(len(_NAMES))]
# Angles of the corners around the two balls, relative to the direction of the bone.
_ARCS = np.stack([np.linspace(np.pi / 2, 3 * np.pi / 2, 5), np.linspace(-np.pi / 2, np.pi / 2, 5)])
_CIRCLE = np.stack([f(np.linspace(0, 2 * np.pi, 12, endpoint=False)) for f in (np.cos, np.sin)], axis=-1)


@dataclass(frozen=True, eq=False)
class RenderedClip:
    """Clip and the pose of its first actor in the key frame, the middle one.

    Args:
        images: RGB images, (T, H, W, 3).
        keypoints_px: PoseTrack's joints in the middle of the exposure, (17, 2).
        visibility: 2 visible, 1 hidden by a person or an object, 0 outside the image, (17,).
        bbox_px: Box [x1, y1, x2, y2] around the body, (4,); may extend beyond the image.
        head_bbox_px: Box around the head, from the upper neck to the top, (4,).
    """

    images: UInt8[np.ndarray, 'T H W 3']
    keypoints_px: Float[np.ndarray, '17 2']
    visibility: Int[np.ndarray, '17']
    bbox_px: Float[np.ndarray, '4']
    head_bbox_px: Float[np.ndarray, '4']


@dataclass(frozen=True, eq=False)
class _Figure:
    """Actor in the image at several times: points in px, their depths in m, and scale (height x girth) in px."""

    actor: Actor
    light: Float[np.ndarray, '2']
    points: Float[np.ndarray, 'time points 2']
    depth: Float[np.ndarray, 'time points']
    scale: Float[np.ndarray, 'time points']

    @classmethod
    def of(cls, scene: Scene, actor: Actor, times_s: Float[np.ndarray, 'time']) -> _Figure:
        px, depth = scene.camera.project(actor.points_m(times_s))
        px = px + scene.camera.shift_px(times_s)[:, None]
        return cls(actor, scene.light, px, depth, scene.camera.focal_px * actor.height_m * actor.girth / depth)

    @cached_property
    def outlines(self) -> Float[np.ndarray, 'time fills 10 2']:
        """Corners of all filled polygons; those of the trunk are in ``trunks``."""
        balls = _BALLS[_FILL_PART]
        middles = self.points[:, balls]  # time, fills, 2 balls, xy
        radii = (_RADII[_FILL_PART] * self.scale[:, balls])[..., None]
        bone = middles[:, :, 1] - middles[:, :, 0]
        angles = np.arctan2(bone[..., 1], bone[..., 0])[..., None, None] + _ARCS
        arcs = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        middles = middles + _FILL_TOWARDS[:, None, None] * self.light * radii
        corners = middles[..., None, :] + (_FILL_SHRINK[:, None, None] * radii)[..., None] * arcs
        return corners.reshape(*corners.shape[:2], -1, 2)

    @cached_property
    def trunks(self) -> Float[np.ndarray, 'time fills 48 2']:
        """Points around the trunk's four balls, float32, shrunk and shifted towards the light; their hull is filled."""
        balls = []
        for _, shrink, towards, _ in _TRUNK_FILLS:
            middles = self.points[:, _TRUNK_BALLS]
            radii = (_TRUNK_RADII * self.scale[:, _TRUNK_BALLS])[..., None]
            inwards = middles.mean(axis=1, keepdims=True) - middles
            middles = middles + 0.4 * (1 - shrink) * inwards + towards * radii * self.light
            balls.append(middles[:, :, None] + shrink * radii[..., None] * _CIRCLE)
        return np.stack(balls, axis=1).reshape(len(self.points), len(balls), -1, 2).astype(np.float32)

    def outline(self, time: int, part: int) -> Float[np.ndarray, 'corners 2']:
        """Return the outline of a whole part, float32."""
        if part == _TRUNK:
            return cv2.convexHull(self.trunks[time, 0])[:, 0]
        return self.outlines[time, _FILLS_OF[part][0]].astype(np.float32)

    @cached_property
    def part_depth(self) -> Float[np.ndarray, 'time parts']:
        """Mean depth of every part."""
        depth = self.depth[:, _BALLS].mean(axis=-1)
        depth[:, _TRUNK] = self.depth[:, _TRUNK_BALLS].mean(axis=-1)
        return depth

    def painting(self, time: int) -> list[tuple[float, int, np.ndarray, tuple[float, ...]]]:
        """List the polygons to fill: depth, index of the fill, corners in cv2's fixed point, and colour."""
        depth = self.part_depth[time]
        # parts of the face are drawn only if they are nearer than the head
        shown = np.flatnonzero(~_FACE | (depth < depth[_ROOTS]))
        fixed = self._fixed[time]
        strokes = []
        for part in shown.tolist():
            for turn, fill in enumerate(_FILLS_OF[part]):
                corners = _fixed(cv2.convexHull(self.trunks[time, turn])) if part == _TRUNK else fixed[fill]
                strokes.append((depth[_ROOTS[part]], fill, corners, self._colours[fill]))
        return strokes

    @cached_property
    def _fixed(self) -> np.ndarray:
        return _fixed(self.outlines)

    @cached_property
    def _colours(self) -> list[tuple[float, ...]]:
        parts = list(PARTS.values())
        return [
            tuple((brightness * self.actor.outfit[parts[part].colour]).tolist())
            for part, brightness in zip(_FILL_PART, _FILL_BRIGHTNESS)
        ]


def render_clip(scene: Scene, num_frames: int, frame_rate_hz: float, rng: np.random.Generator) -> RenderedClip:
    """Render a clip of a scene.

    People are painted part by part, from far to near. Motion blur is the mean of several pictures taken while the
    shutter is open; their number depends on the fastest movement.

    Args:
        scene: Scene to render.
        num_frames: Number of frames T.
        frame_rate_hz: Frames per second.
        rng: Random generator of the noise.
    """
    times = (np.arange(num_frames) - num_frames // 2) / frame_rate_hz
    open_s = scene.shutter / frame_rate_hz
    # the key frame, and the times at which the shutter opens and closes, which show how fast everything moves
    probes = [0.0, *times - open_s / 2, *times + open_s / 2] if open_s else [0.0]
    key = [_Figure.of(scene, actor, np.array(probes)) for actor in scene.actors]
    moments = (times[:, None] + open_s * _exposures(scene, key, open_s)).reshape(-1)
    figures = [_Figure.of(scene, actor, moments) for actor in scene.actors]
    width, height = scene.image_size
    exposures = len(moments) // num_frames
    images = np.empty((num_frames, height, width, 3), np.uint8)
    for frame in range(num_frames):
        total = np.zeros((height, width, 3), np.float32)
        for index in range(frame * exposures, (frame + 1) * exposures):
            cv2.accumulate(_picture(scene, figures, index, moments[index]), total)
        image = cv2.convertScaleAbs(total, alpha=1 / exposures)
        if scene.defocus_px > 0.2:
            image = cv2.GaussianBlur(image, (0, 0), scene.defocus_px)
        x, y = rng.integers(16, size=2)
        cv2.add(image, scene.noise[y : y + height, x : x + width], images[frame], dtype=cv2.CV_8U)
    head = np.concatenate([key[0].outline(0, _HEAD), key[0].points[0, [POINTS['head_bottom'], POINTS['head_top']]]])
    return RenderedClip(
        images,
        key[0].points[0, :NUM_JOINTS].astype(np.float32),
        _visibility(scene, key),
        _box(np.concatenate([key[0].outline(0, part) for part in _BODY])),
        _box(head),
    )


def _exposures(scene: Scene, figures: list[_Figure], open_s: float) -> Float[np.ndarray, 'exposures']:
    """Return the times of the pictures, relative to the middle of the exposure and in units of its duration."""
    if open_s == 0:
        return np.zeros(1)
    longest = max((np.linalg.norm(occluder.velocity_px_s) * open_s for occluder in scene.occluders), default=0.0)
    for figure in figures:
        start, end = np.split(figure.points[1:], 2)
        longest = max(longest, np.linalg.norm(end - start, axis=-1).max())
    count = int(np.clip(np.ceil(longest / _BLUR_STEP_PX), 1, _MAX_EXPOSURES))
    return (np.arange(count) + 0.5) / count - 0.5


def _picture(scene: Scene, figures: list[_Figure], index: int, time_s: float) -> UInt8[np.ndarray, 'H W 3']:
    """Render one picture without blur."""
    shift = scene.camera.shift_px(time_s)
    middle = (np.array(scene.image_size) - 1) / 2 + scene.margin - shift
    image = cv2.getRectSubPix(scene.background, scene.image_size, middle.tolist())
    strokes = [stroke for figure in figures for stroke in figure.painting(index)]
    # from far to near; parts painted on a part have the same depth and a later fill
    for _, _, corners, colour in sorted(strokes, key=lambda stroke: (-stroke[0], stroke[1])):
        cv2.fillConvexPoly(image, corners, colour, cv2.LINE_AA, _SHIFT)
    for occluder in scene.occluders:
        corners = occluder.corners_px(time_s) + shift
        inner = corners.mean(axis=0) + 0.85 * (corners - corners.mean(axis=0))
        for outline, brightness in ((corners, 0.7), (inner, 1.0)):
            colour = tuple((brightness * occluder.colour).tolist())
            cv2.fillConvexPoly(image, _fixed(outline), colour, cv2.LINE_AA, _SHIFT)
    return image


def _fixed(corners: np.ndarray) -> np.ndarray:
    """Convert coordinates to the fixed point that ``cv2.fillConvexPoly`` takes for fractions of px."""
    return np.round(corners * (1 << _SHIFT)).astype(np.int32)


def _visibility(scene: Scene, figures: list[_Figure]) -> Int[np.ndarray, '17']:
    """Compute the visibility of the first figure's joints: a depth test against all bodies' parts, and occluders."""
    joints, depth = figures[0].points[0, :NUM_JOINTS], figures[0].depth[0, :NUM_JOINTS]
    hidden = np.zeros(NUM_JOINTS, bool)
    for figure in figures:
        for part in _BODY:
            nearer = depth - _depth_at(figure, part, joints) > _NEARER_M
            if figure is figures[0]:  # a part does not hide the joints inside it
                nearer[_OWN[part]] = False
            if nearer.any():
                hidden |= nearer & _within(figure.outline(0, part), joints)
    shift = scene.camera.shift_px(0.0)
    for occluder in scene.occluders:
        hidden |= _within((occluder.corners_px(0.0) + shift).astype(np.float32), joints)
    inside = ((joints >= 0) & (joints <= np.array(scene.image_size) - 1)).all(axis=1)
    return np.where(inside, np.where(hidden, OCCLUDED, VISIBLE), NOT_IN_IMAGE)


def _depth_at(figure: _Figure, part: int, points: Float[np.ndarray, 'n 2']) -> Float[np.ndarray, 'n']:
    """Return the depth of a part at image points: interpolated between its ends, or the mean for the trunk."""
    if part == _TRUNK:
        return np.full(len(points), figure.part_depth[0, part])
    start, end = figure.points[0, _BALLS[part]]
    near, far = figure.depth[0, _BALLS[part]]
    along = end - start
    share = np.clip((points - start) @ along / max(float(along @ along), 1e-6), 0, 1)
    return near + share * (far - near)


def _within(outline: Float[np.ndarray, 'corners 2'], points: Float[np.ndarray, 'n 2']) -> np.ndarray:
    return np.array([cv2.pointPolygonTest(outline, point, False) > 0 for point in points.tolist()])


def _box(points: Float[np.ndarray, 'n 2']) -> Float[np.ndarray, '4']:
    return np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float32)
