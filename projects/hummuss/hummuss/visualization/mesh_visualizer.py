"""Visualizer of 2D poses and the meshes recovered from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from mmpose.structures import PoseDataSample

from hummuss.body_models import LinearBody
from hummuss.visualization.lifting_visualizer import draw_input
from mmradar.registry import MODELS, VISUALIZERS
from mmradar.visualization.sample_visualizer import TITLE_SIZE, SampleVisualizer, instances_of, panels, picture

# For each view, the camera axes (x right, y down, z away) that become right, down and away in the picture.
_VIEWS = {'front': np.eye(3), 'side': np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])}
_COLOURS = {'true': (0.55, 0.75, 0.55), 'predicted': (0.6, 0.7, 0.95)}
_LIGHT = np.array([-0.4, -0.6, -0.7]) / np.linalg.norm([0.4, 0.6, 0.7])  # from above the camera's left shoulder


@VISUALIZERS.register_module()
class MeshVisualizer(SampleVisualizer):
    """Visualizer of a sample's middle frame: the 2D input, then the true and the predicted mesh from two sides.

    All views have the same scale and the pelvis in the middle.

    Args:
        body_model: Configuration of the body model.
        name, **kwargs: See :class:`~mmradar.visualization.sample_visualizer.SampleVisualizer`.
    """

    def __init__(self, body_model: dict[str, Any], name: str = 'visualizer', **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.body: LinearBody = MODELS.build(body_model)

    def render(
        self,
        title: str,
        inputs: Float[np.ndarray, 'frames joints 3'],
        data_sample: PoseDataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
    ) -> UInt8[np.ndarray, 'height width 3']:
        """Draw the picture and return it as an RGB array; see ``add_datasample`` for the arguments."""
        middle = len(inputs) // 2
        meshes = {}
        for kind, found in instances_of(data_sample, draw_gt, draw_pred, 'gt_instance_labels').items():
            with torch.no_grad():
                parameters = (torch.as_tensor(found[name][middle]).float() for name in ('rotations', 'betas'))
                meshes[kind] = self.body(*parameters).numpy()
        figure, axes = panels(1 + len(_VIEWS) * len(meshes), 2.4, 2.9)
        draw_input(self, axes[0], inputs[middle])
        largest_m = 1.05 * max((float(np.abs(mesh).max()) for mesh in meshes.values()), default=1.0)
        turned = ((kind, side) for side in _VIEWS for kind in meshes)
        for axis, (kind, side) in zip(axes[1:], turned):
            draw_mesh(axis, meshes[kind] @ _VIEWS[side].T, self.body.faces, _COLOURS[kind])
            axis.set(xlim=(-largest_m, largest_m), ylim=(largest_m, -largest_m), aspect='equal', facecolor='#10141c')
            axis.set(xticks=[], yticks=[])
            axis.set_title(f'{kind}, {side}', fontsize=TITLE_SIZE)
        return picture(figure, title)


def draw_mesh(
    axis: Axes, vertices: Float[np.ndarray, 'vertices 3'], faces: np.ndarray, colour: tuple[float, float, float]
) -> None:
    """Draw a mesh in parallel projection, from far to near: its faces towards the viewer, under a light.

    Args:
        axis: The panel.
        vertices: Coordinates to the right, down and away from the viewer.
        faces: Triangles, as indices of vertices.
        colour: Red, green and blue in [0, 1] of a face towards the light.
    """
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    towards = np.flatnonzero(normals[:, 2] < 0)
    order = towards[np.argsort(-corners[towards, :, 2].mean(axis=1))]
    shade = 0.35 + 0.65 * np.maximum(normals[order] @ _LIGHT, 0)
    colours = shade[:, None] * np.array(colour)
    triangles = list(corners[order, :, :2])
    axis.add_collection(PolyCollection(triangles, facecolors=colours, edgecolors=colours, linewidths=0.3))
