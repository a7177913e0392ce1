"""Visualizer of radar heatmaps and skeletons."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from mmpose.structures import PoseDataSample

from mmradar.registry import VISUALIZERS
from mmradar.visualization.pose_canvas import heatmap_level
from mmradar.visualization.sample_visualizer import TITLE_SIZE, SampleVisualizer, instances_of, panels, picture


@VISUALIZERS.register_module()
class RadarPoseVisualizer(SampleVisualizer):
    """Visualizer of a sample: each radar's heatmap of the key frame, the true pose and the predicted pose.

    Args:
        view_names: Titles of the radars' panels.
        name, **kwargs: See :class:`~mmradar.visualization.sample_visualizer.SampleVisualizer`.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        view_names: tuple[str, ...] = ('horizontal radar', 'vertical radar'),
        **kwargs,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.view_names = tuple(view_names)

    def render(
        self,
        title: str,
        inputs: Float[np.ndarray, 'frames views channels angle doppler range'],
        data_sample: PoseDataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
    ) -> UInt8[np.ndarray, 'height width 3']:
        """Draw the picture and return it as an RGB array; see ``add_datasample`` for the arguments."""
        seen = inputs[data_sample.metainfo['key_index']]
        poses = instances_of(data_sample, draw_gt, draw_pred)
        figure, axes = panels(len(seen) + len(poses))
        for view, axis in enumerate(axes[: len(seen)]):
            self._draw_heatmap(axis, seen[view])
            title_of_view = self.view_names[view] if view < len(self.view_names) else f'radar {view}'
            axis.set_title(title_of_view, fontsize=TITLE_SIZE)
        width, height = data_sample.metainfo['image_size']
        for axis, (kind, found) in zip(axes[len(seen) :], poses.items()):
            self.draw_pose_panel(axis, kind, np.asarray(found['keypoints']), (0, width), (0, height))
        return picture(figure, title)

    @staticmethod
    def _draw_heatmap(axis: Axes, heatmap: Float[np.ndarray, 'channels angle doppler range']) -> None:
        """Draw range over angle in the strongest Doppler bin, scaled from the median to the peak."""
        axis.imshow(
            heatmap_level(heatmap).T,
            origin='lower',
            aspect='auto',
            cmap='inferno',
            vmin=0,
            vmax=1,
            interpolation='nearest',
        )
        axis.set_xlabel('angle bin', fontsize=8)
        axis.set_ylabel('range bin of the crop', fontsize=8)
        axis.tick_params(labelsize=7)
