"""Base class of all visualizers of samples."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

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

TITLE_SIZE = 10  # font size of panel titles, in points


class SampleVisualizer(Visualizer):
    """Base class for pictures of a sample: the network's input, the true pose and the predicted pose.

    Subclasses draw the picture in :meth:`render`; ``dataset_meta`` contains the limbs and their colours.

    Args:
        line_width_px: Line width of the limbs.
        name, **kwargs: See mmengine's ``Visualizer``.
    """

    def __init__(self, name: str = 'visualizer', line_width_px: float = 3.0, **kwargs) -> None:
        super().__init__(name=name, **kwargs)
        self.line_width_px = line_width_px

    def add_config(self, config: Config, **kwargs) -> None:
        """Store the whole configuration; a runner calls this before it builds anything else.

        Raises:
            ConfigError: The configuration contains unresolved references.
        """
        check_resolved(config)
        super().add_config(config, **kwargs)

    def render(
        self, title: str, inputs: np.ndarray, data_sample: PoseDataSample, draw_gt: bool = True, draw_pred: bool = True
    ) -> UInt8[np.ndarray, 'height width 3']:
        """Draw the picture and return it as an RGB array; see :meth:`add_datasample` for the arguments."""
        raise NotImplementedError(f'{type(self).__name__} must define what a picture shows: def render(...)')

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
        """Draw one sample to a file, a window or the visualizer's backends.

        Args:
            name: Title of the picture, and its name in the backends.
            inputs: The network's input, as the data set returns it.
            data_sample: Sample with the true and predicted poses.
            draw_gt: Draw the true pose.
            draw_pred: Draw the predicted pose.
            show: Show the picture in a window.
            wait_time: How long the window stays, in s.
            out_file: Picture file. Without it and without ``show``, the picture goes to the backends.
            step: Training step, for the backends.
        """
        # mmengine annotates cpu() as the base class; it returns the sample's own class
        image = self.render(name, inputs, cast(PoseDataSample, data_sample.cpu()), draw_gt, draw_pred)
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
        """Draw skeletons on a dark panel.

        Args:
            axis: The panel.
            title: Its title.
            poses: Keypoints of each person.
            across: Horizontal coordinates of the left and right edge.
            down: Vertical coordinates of the upper and lower edge; they increase downwards.
        """
        for keypoints in poses:
            self.draw_skeleton(axis, keypoints)
        axis.set(xlim=across, ylim=down[::-1], aspect='equal', facecolor='#10141c', xticks=[], yticks=[])
        axis.set_title(title, fontsize=TITLE_SIZE)

    def draw_skeleton(self, axis: Axes, keypoints: Float[np.ndarray, 'joints 2'], size: float = 10.0) -> None:
        """Draw limbs in the data set's colours, and joints as white dots of ``size`` square points."""
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
    """Return the true and predicted instances by the title of their panel, if requested and present."""
    wanted = dict(true=(draw_gt, gt_field), predicted=(draw_pred, 'pred_instances'))
    return {title: data_sample.get(field) for title, (draw, field) in wanted.items() if draw and field in data_sample}


def picture_name(data_sample: PoseDataSample) -> str:
    """Return a file name from the numbers or names of image and person, if the sample has them; equal ones once."""
    found = (data_sample.get('img_id'), data_sample.get('id'))
    numbers = dict.fromkeys(number for number in found if number is not None)
    return '_'.join(f'{n:08d}' if isinstance(n, int) else str(n).replace('/', '_') for n in numbers)


def panels(count: int, width_in: float = 2.9, height_in: float = 3.3) -> tuple[Figure, np.ndarray]:
    """Create a figure with ``count`` axes in one row, without pyplot, which would keep a reference to it."""
    figure = Figure(figsize=(width_in * count, height_in), dpi=100, layout='constrained')
    return figure, np.atleast_1d(figure.subplots(1, count))


def picture(figure: Figure, title: str) -> UInt8[np.ndarray, 'height width 3']:
    """Render a figure with a title to an RGB array."""
    figure.suptitle(title, fontsize=9, color='#555555')
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def save_picture(image: UInt8[np.ndarray, 'height width 3'], path: Path) -> None:
    """Save a picture in the format of the file name's suffix, and create its folder if necessary."""
    from matplotlib.image import imsave

    path.parent.mkdir(parents=True, exist_ok=True)
    imsave(path, image)
