"""Visualizer of 2D poses and the 3D poses they are lifted to."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from mmpose.structures import PoseDataSample

from mmradar.registry import VISUALIZERS
from mmradar.visualization.sample_visualizer import SampleVisualizer, instances_of, panels, picture

# For each view, the camera axes (x right, y down, z away) drawn to the right and down, each as (axis, sign).
_VIEWS = {'front': ((0, 1), (1, 1)), 'side': ((2, 1), (1, 1)), 'top': ((0, 1), (2, -1))}


@VISUALIZERS.register_module()
class LiftingVisualizer(SampleVisualizer):
    """Visualizer of a sample's middle frame: the 2D input, then the true and the predicted pose from three sides.

    Joints that are missing in the input are not drawn there. All views have the same scale and origin.
    ``tools/test.py --show-dir`` and ``tools/misc/browse_dataset.py`` call it.

    Args:
        name, **kwargs: See :class:`~mmradar.visualization.sample_visualizer.SampleVisualizer`.
    """

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
        poses = {
            kind: np.asarray(found['keypoints_3d'][middle])
            for kind, found in instances_of(data_sample, draw_gt, draw_pred, 'gt_instance_labels').items()
        }
        figure, axes = panels(1 + len(_VIEWS) * len(poses), 2.2, 2.9)
        draw_input(self, axes[0], inputs[middle])
        largest_m = 1.1 * max((np.abs(pose).max() for pose in poses.values()), default=0.0)
        extent = (-largest_m, largest_m)
        turned = ((kind, side) for side in _VIEWS for kind in poses)
        for axis, (kind, side) in zip(axes[1:], turned):
            pose = np.stack([sign * poses[kind][:, index] for index, sign in _VIEWS[side]], axis=-1)
            self.draw_pose_panel(axis, f'{kind}, {side}', [pose], extent, extent)
        return picture(figure, title)


def draw_input(visualizer: SampleVisualizer, axis: Axes, frame: Float[np.ndarray, 'joints 3']) -> None:
    """Draw the 2D joints of an input frame in a panel, without those that are missing."""
    on_screen = np.where(frame[:, 2:] > 0, frame[:, :2], np.nan)
    visualizer.draw_pose_panel(axis, '2D input', [on_screen], *square_around(on_screen))


def square_around(
    pose: Float[np.ndarray, 'joints 2'],
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the x and y limits of a square with a margin around the known joints; -1 to 1 if there are none."""
    known = pose[np.isfinite(pose).all(axis=-1)]
    if not len(known):
        return (-1.0, 1.0), (-1.0, 1.0)
    x, y = (known.max(axis=0) + known.min(axis=0)) / 2
    half = max(np.ptp(known, axis=0).max(), 0.1) * 0.6
    return (x - half, x + half), (y - half, y + half)
