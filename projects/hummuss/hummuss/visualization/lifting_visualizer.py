"""Pictures of 2D poses and what they were lifted to."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from mmpose.structures import PoseDataSample

from mmradar.registry import VISUALIZERS
from mmradar.visualization.sample_visualizer import SampleVisualizer, panels, picture

# Axes of a pose in camera coordinates (x right, y down, z away) that a view has to the right and down.
_VIEWS = {'front': ((0, 1), (1, 1)), 'side': ((2, 1), (1, 1)), 'top': ((0, 1), (2, -1))}


@VISUALIZERS.register_module()
class LiftingVisualizer(SampleVisualizer):
    """Draws the frame in the middle of a sample: the 2D input, then the true and the predicted pose from three sides.

    Joints that are missing in the input are not drawn there. All views have the same scale; the prediction's place is
    the truth's, as both are relative to the root. ``tools/test.py --show-dir`` and ``tools/misc/browse_dataset.py``
    call it.

    Args:
        name, **kwargs: As :class:`~mmradar.visualization.sample_visualizer.SampleVisualizer`.
    """

    def render(
        self,
        title: str,
        inputs: Float[np.ndarray, 'frames joints 3'],
        data_sample: PoseDataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
    ) -> UInt8[np.ndarray, 'height width 3']:
        """The picture as an RGB array; arguments as of ``add_datasample``."""
        middle = len(inputs) // 2
        poses = {}
        if draw_gt and 'gt_instance_labels' in data_sample:
            poses['true'] = data_sample.gt_instance_labels.keypoints_3d[middle]
        if draw_pred and 'pred_instances' in data_sample:
            poses['predicted'] = data_sample.pred_instances.keypoints_3d[middle]
        poses = {kind: np.asarray(pose) for kind, pose in poses.items()}
        figure, axes = panels(1 + len(_VIEWS) * len(poses), 2.2, 2.9)
        found = inputs[middle]
        self._draw(axes[0], np.where(found[:, 2:] > 0, found[:, :2], np.nan), '2D input')
        turned = ((kind, side) for side in _VIEWS for kind in poses)
        for axis, (kind, side) in zip(axes[1:], turned):
            pose = np.stack([sign * poses[kind][:, index] for index, sign in _VIEWS[side]], axis=-1)
            self._draw(axis, pose, f'{kind}, {side}', _extent_m(poses.values()))
        return picture(figure, title)

    def _draw(self, axis: Axes, pose: Float[np.ndarray, 'joints 2'], label: str, extent: float | None = None) -> None:
        self.draw_skeleton(axis, pose)
        if extent is None:  # on screen: the square around the joints
            known = pose[np.isfinite(pose).all(axis=-1)]
            middle = (known.max(axis=0) + known.min(axis=0)) / 2 if len(known) else np.zeros(2)
            extent = max(np.ptp(known, axis=0).max(), 0.1) * 0.6 if len(known) else 1.0
        else:
            middle = np.zeros(2)
        axis.set(
            xlim=(middle[0] - extent, middle[0] + extent),
            ylim=(middle[1] + extent, middle[1] - extent),
            aspect='equal',
            facecolor='#10141c',
            xticks=[],
            yticks=[],
        )
        axis.set_title(label, fontsize=10)


def _extent_m(poses) -> float:
    """Half the width of a view in which every pose fits."""
    return 1.1 * max(np.abs(pose).max() for pose in poses)
