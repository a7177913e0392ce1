"""Visualizer of clips and of poses in the key frame."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8
from mmpose.structures import PoseDataSample
from mmpose.structures.bbox import get_udp_warp_matrix

from mmradar.errors import ConfigError
from mmradar.registry import VISUALIZERS
from mmradar.visualization.sample_visualizer import TITLE_SIZE, SampleVisualizer, instances_of, panels, picture


@VISUALIZERS.register_module()
class ClipPoseVisualizer(SampleVisualizer):
    """Visualizer that draws the crops of all frames, and the key frame's crop with the true and the predicted pose.

    ``tools/test.py --show-dir`` and ``tools/misc/browse_dataset.py`` call it. Images are RGB, as in this project's data
    sets.

    If the sample has activation maps (``model.test_cfg.activations``), each is drawn over the key frame, from its
    smallest value (blue) to its largest (red).

    Args:
        activation_opacity: Opacity of activation maps, 0 to 1; 0 leaves their panels out.
        name, **kwargs: See :class:`~mmradar.visualization.sample_visualizer.SampleVisualizer`.
    """

    def __init__(self, name: str = 'visualizer', activation_opacity: float = 0.5, **kwargs) -> None:
        if not 0 <= activation_opacity <= 1:
            raise ConfigError(f'activation_opacity must be between 0 and 1, found {activation_opacity}')
        super().__init__(name=name, **kwargs)
        self.activation_opacity = activation_opacity

    def render(
        self,
        title: str,
        inputs: UInt8[np.ndarray, 'frames 3 height width'],
        data_sample: PoseDataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
    ) -> UInt8[np.ndarray, 'height width 3']:
        """Return the picture as an RGB array; see ``add_datasample`` for the arguments."""
        key = len(inputs) // 2
        shown = [(frame, 'key frame' if frame == key else f'{frame - key:+d}', ()) for frame in range(len(inputs))]
        shown += [
            (key, kind, to_crop(np.asarray(found['keypoints']), data_sample))
            for kind, found in instances_of(data_sample, draw_gt, draw_pred).items()
            if kind != 'true' or np.asarray(found['keypoints_visible']).any()  # detected people have no true pose
        ]
        maps = self._activations(data_sample)
        height, width = inputs.shape[-2:]
        figure, axes = panels(len(shown) + len(maps), 2.4 * width / height + 0.1, 2.9)
        for axis, (frame, label, poses) in zip(axes, shown):
            axis.imshow(inputs[frame].transpose(1, 2, 0), interpolation='nearest')
            for keypoints in poses:
                self.draw_skeleton(axis, keypoints, size=6)
            axis.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), xticks=[], yticks=[])
            axis.set_title(label, fontsize=TITLE_SIZE)
        edges = (-0.5, width - 0.5, height - 0.5, -0.5)
        for axis, (label, values) in zip(axes[len(shown) :], maps.items()):
            axis.imshow(inputs[key].transpose(1, 2, 0), interpolation='nearest')
            axis.imshow(values, cmap='jet', alpha=self.activation_opacity, extent=edges, interpolation='bilinear')
            axis.set(xlim=edges[:2], ylim=edges[2:], xticks=[], yticks=[])
            axis.set_title(label, fontsize=TITLE_SIZE)
        return picture(figure, title)

    def _activations(self, data_sample: PoseDataSample) -> dict[str, Float[np.ndarray, 'rows columns']]:
        if not self.activation_opacity or 'activations' not in data_sample:
            return {}
        maps = data_sample.get('activations')
        return {name: np.asarray(maps.get(name))[0] for name in maps.get('parts', sorted(maps.keys()))}


def to_crop(keypoints_px: np.ndarray, data_sample: PoseDataSample) -> Float[np.ndarray, 'people joints 2']:
    """Map joints from px of the image to px of the crop made by ``TopdownAffine(use_udp=True)``."""
    made = data_sample.metainfo
    turn = float(np.ravel(made.get('bbox_rotation', 0.0))[0])
    centre, scale = np.ravel(made['input_center']), np.ravel(made['input_scale'])
    affine = get_udp_warp_matrix(centre, scale, turn, made['input_size'])
    return keypoints_px @ affine[:, :2].T + affine[:, 2]
