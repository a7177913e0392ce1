"""What all visualizers of samples share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer
from mmpose.structures import PoseDataSample

from mmradar.interpolation import check_resolved

# Of panels, in points.
TITLE_SIZE = 10


class SampleVisualizer(Visualizer):
    """Draws a sample: what the network was given, the true pose, the predicted one.

    Subclasses say what a picture shows, in :meth:`render`; ``dataset_meta`` has the limbs and their colours.

    Args:
        line_width_px: Of the limbs.
        name, **kwargs: As mmengine's ``Visualizer``.
    """

    def __init__(self, name: str = 'visualizer', line_width_px: float = 3.0, **kwargs) -> None:
        super().__init__(name=name, **kwargs)
        self.line_width_px = line_width_px

    def add_config(self, config: Config, **kwargs) -> None:
        """The whole configuration, which a runner gives before it builds anything else.

        Raises:
            ConfigError: References are left in it.
        """
        check_resolved(config)
        super().add_config(config, **kwargs)

    def render(
        self, title: str, inputs: np.ndarray, data_sample: PoseDataSample, draw_gt: bool = True, draw_pred: bool = True
    ) -> UInt8[np.ndarray, 'height width 3']:
        """The picture as an RGB array; arguments as of :meth:`add_datasample`."""
        raise NotImplementedError(f'{type(self).__name__} must say what a picture shows: def render(...)')

    @master_only
    def add_datasample(
        self,
        name: str,
        inputs: np.ndarray,
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
            inputs: The network's, as the data set gives them.
            data_sample: With true and predicted poses.
            draw_gt: Draw the true pose.
            draw_pred: Draw the predicted pose.
            show: Open a window.
            wait_time: Seconds the window stays.
            out_file: Picture file.
            step: For the backends.
        """
        image = self.render(name, inputs, data_sample.cpu(), draw_gt, draw_pred)
        if show:
            self.show(image, win_name=name, wait_time=wait_time)
        if out_file is not None:
            save_picture(image, Path(out_file))
        elif not show:
            self.add_image(name, image, step)

    def draw_pose_panel(
        self,
        axis: Axes,
        title: str,
        poses: Iterable[Float[np.ndarray, 'joints 2']],
        across: tuple[float, float],
        down: tuple[float, float],
    ) -> None:
        """Skeletons alone, before dark; coordinates from ``across[0]`` to ``across[1]`` and downwards alike."""
        for keypoints in poses:
            self.draw_skeleton(axis, keypoints)
        axis.set(xlim=across, ylim=down[::-1], aspect='equal', facecolor='#10141c', xticks=[], yticks=[])
        axis.set_title(title, fontsize=TITLE_SIZE)

    def draw_skeleton(self, axis: Axes, keypoints: Float[np.ndarray, 'joints 2'], size: float = 10.0) -> None:
        """Limbs in the data set's colours, joints as white dots of ``size`` square points."""
        meta = self.dataset_meta or {}
        links, colours = meta.get('skeleton_links', []), meta.get('skeleton_link_colors', [])
        for (start, stop), colour in zip(links, colours):
            axis.plot(
                *keypoints[[start, stop]].T,
                color=np.asarray(colour) / 255,
                linewidth=self.line_width_px,
                solid_capstyle='round',
            )
        axis.scatter(*keypoints.T, s=size, color='white', zorder=3)


def instances_of(
    data_sample: PoseDataSample, draw_gt: bool, draw_pred: bool, gt_field: str = 'gt_instances'
) -> dict[str, InstanceData]:
    """Of the true and the predicted instances those that are wanted and there, by the title of their panel."""
    wanted = dict(true=(draw_gt, gt_field), predicted=(draw_pred, 'pred_instances'))
    return {title: data_sample.get(field) for title, (draw, field) in wanted.items() if draw and field in data_sample}


def picture_name(data_sample: PoseDataSample) -> str:
    """The number of the image, if there is one, and that of the person where several may be in it."""
    found = (data_sample.get('img_id'), data_sample.get('id'))
    numbers = dict.fromkeys(number for number in found if number is not None)
    return '_'.join(f'{number:08d}' for number in numbers)


def panels(count: int, width_in: float = 2.9, height_in: float = 3.3) -> tuple[Figure, np.ndarray]:
    """A figure of so many axes side by side, outside of pyplot, which would keep it."""
    figure = Figure(figsize=(width_in * count, height_in), dpi=100, layout='constrained')
    FigureCanvasAgg(figure)
    return figure, np.atleast_1d(figure.subplots(1, count))


def picture(figure: Figure, title: str) -> UInt8[np.ndarray, 'height width 3']:
    """What a figure looks like."""
    figure.suptitle(title, fontsize=9, color='#555555')
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()


def save_picture(image: UInt8[np.ndarray, 'height width 3'], path: Path) -> None:
    """To a file of the format its name says, in a folder that is made if need be."""
    from matplotlib.image import imsave

    path.parent.mkdir(parents=True, exist_ok=True)
    imsave(path, image)
