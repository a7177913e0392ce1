"""Pictures of radar heatmaps and skeletons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.dist import master_only
from mmengine.visualization import Visualizer
from mmpose.structures import PoseDataSample

from mmradar.registry import VISUALIZERS


@VISUALIZERS.register_module()
class RadarPoseVisualizer(Visualizer):
    """Draws a sample: what each radar saw, the true pose, the predicted one.

    Args:
        view_names: Titles of the radars' panels.
        line_width_px: Of the limbs.
        name, vis_backends, save_dir, **kwargs: As mmengine's ``Visualizer``.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        view_names: tuple[str, ...] = ('horizontal radar', 'vertical radar'),
        line_width_px: float = 3.0,
        **kwargs,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.view_names, self.line_width_px = tuple(view_names), line_width_px

    @master_only
    def add_datasample(
        self,
        name: str,
        heatmaps: Float[np.ndarray, 'frames views channels angle doppler range'],
        data_sample: PoseDataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0.0,
        out_file: str | None = None,
        step: int = 0,
    ) -> None:
        """Draw one sample; to a file, a window, or the visualizer's backends.

        Args:
            name: Of the picture.
            heatmaps: The network's input; its central frame is drawn.
            data_sample: With ``gt_instances`` and ``pred_instances``.
            draw_gt: Draw the true pose.
            draw_pred: Draw the predicted pose.
            show: Open a window.
            wait_time: Seconds the window stays.
            out_file: Picture file.
            step: For the backends.
        """
        image = self.render(name, heatmaps, data_sample, draw_gt, draw_pred)
        if show:
            self.show(image, win_name=name, wait_time=wait_time)
        if out_file is not None:
            self._save(image, Path(out_file))
        elif not show:
            self.add_image(name, image, step)

    def render(
        self,
        title: str,
        heatmaps: Float[np.ndarray, 'frames views channels angle doppler range'],
        data_sample: PoseDataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
    ) -> UInt8[np.ndarray, 'height width 3']:
        """The picture as an RGB array."""
        centre = heatmaps[len(heatmaps) // 2]
        poses = [
            (kind, label)
            for wanted, kind, label in ((draw_gt, 'gt_instances', 'true'), (draw_pred, 'pred_instances', 'predicted'))
            if wanted and kind in data_sample
        ]
        panels = len(centre) + len(poses)
        figure = Figure(figsize=(2.9 * panels, 3.3), dpi=100, layout='constrained')
        canvas = FigureCanvasAgg(figure)
        axes = np.atleast_1d(figure.subplots(1, panels))
        for view, axis in enumerate(axes[: len(centre)]):
            self._draw_heatmap(axis, centre[view])
            axis.set_title(self.view_names[view] if view < len(self.view_names) else f'radar {view}', fontsize=10)
        width, height = data_sample.get('image_size', (256, 256))
        for axis, (kind, label) in zip(axes[len(centre) :], poses):
            for keypoints in np.asarray(data_sample.get(kind).keypoints):
                self._draw_skeleton(axis, keypoints)
            axis.set(xlim=(0, width), ylim=(height, 0), aspect='equal', facecolor='#10141c', xticks=[], yticks=[])
            axis.set_title(label, fontsize=10)
        figure.suptitle(title, fontsize=9, color='#555555')
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()

    @staticmethod
    def _draw_heatmap(axis: Axes, heatmap: Float[np.ndarray, 'channels angle doppler range']) -> None:
        """Angle over range, strongest Doppler bin, in dB below the peak."""
        magnitude = np.sqrt(np.square(heatmap).sum(axis=0)).max(axis=1)
        level_db = 20 * np.log10(np.maximum(magnitude, 1e-6) / max(magnitude.max(), 1e-6))
        axis.imshow(
            level_db.T, origin='lower', aspect='auto', cmap='inferno', vmin=-25, vmax=0, interpolation='nearest'
        )
        axis.set_xlabel('angle bin', fontsize=8)
        axis.set_ylabel('range bin of the crop', fontsize=8)
        axis.tick_params(labelsize=7)

    def _draw_skeleton(self, axis: Axes, keypoints: Float[np.ndarray, 'joints 2']) -> None:
        meta = self.dataset_meta or {}
        links, colours = meta.get('skeleton_links', []), meta.get('skeleton_link_colors', [])
        for (start, stop), colour in zip(links, colours):
            axis.plot(
                *keypoints[[start, stop]].T,
                color=np.asarray(colour) / 255,
                linewidth=self.line_width_px,
                solid_capstyle='round',
            )
        axis.scatter(*keypoints.T, s=10, color='white', zorder=3)

    @staticmethod
    def _save(image: np.ndarray, path: Path) -> None:
        from matplotlib.image import imsave

        path.parent.mkdir(parents=True, exist_ok=True)
        imsave(path, image)
