"""From a recording to poses, files, pictures and a video."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from torch import nn
from torch.utils.data import DataLoader

from mmradar.apis.data_folders import datasets_of
from mmradar.apis.evaluation import build_loader, predictions
from mmradar.apis.inference import recording_loader, views_and_radar
from mmradar.apis.models import init_model
from mmradar.apis.published_models import published_models
from mmradar.apis.sources import Source, open_source
from mmradar.atomic_write import atomic_write
from mmradar.errors import ConfigError
from mmradar.visualization import PoseCanvas, save_picture, video

SPLITS = ('train', 'val', 'test')


class RadarPoseInferencer:
    """Poses of whatever a model can read; in use like mmpose's ``MMPoseInferencer``.

    .. code-block:: python

        inferencer = RadarPoseInferencer('millimamba-small')
        for result in inferencer('data/simhupr/single_409', out_dir='out'):
            result['predictions'][0]['keypoints']  # (14, 2), px

    Args:
        model: Name of a published model (:meth:`list_models`), a checkpoint, a configuration, or a model that is at
            hand, as :func:`~mmradar.apis.init_model` makes one.
        weights: A checkpoint, if ``model`` is a configuration.
        device: Where the model goes.

    Raises:
        ConfigError: No such model or configuration, or one of poses in three dimensions.
        CheckpointError: As of :func:`~mmradar.apis.init_model`.
    """

    def __init__(
        self,
        model: str | Path | Config | nn.Module,
        weights: str | Path | None = None,
        device: str = 'cpu',
    ) -> None:
        if not isinstance(model, nn.Module):
            model = init_model(model, weights, device)
        self.model = model
        self.dataset_meta = model.dataset_meta or {}
        settings = next(datasets_of(model.cfg.test_dataloader))
        self.views, self.radar = views_and_radar(model.cfg)
        self.image_size = tuple(settings.get('image_size') or (256, 256))

    @staticmethod
    def list_models() -> list[str]:
        """Names of the models that come with the package."""
        return list(published_models())

    def __call__(
        self,
        inputs: Source,
        *,
        frames: Sequence[int] | None = None,
        batch_size: int = 16,
        return_vis: bool = False,
        show: bool = False,
        out_dir: str | Path | None = None,
        vis_out_dir: str | Path | None = None,
        pred_out_dir: str | Path | None = None,
        draw_heatmap: bool = True,
        num_pictures: int = 8,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Poses of a recording, frame by frame; files are whole when the last one was taken.

        Args:
            inputs: As of :func:`~mmradar.apis.sources.open_source`, or ``'train'``, ``'val'`` or ``'test'``, a split of
                the model's data set.
            frames: Frames wanted; all if ``None``.
            batch_size: Windows at once.
            return_vis: Pictures in the results.
            show: Open a window.
            out_dir: Folder in which ``vis_out_dir`` is ``visualizations`` and ``pred_out_dir`` ``predictions``.
            vis_out_dir: Folder for a video, ``NAME.mp4``, at the recording's own rate, and pictures, ``NAME/*.png``.
            pred_out_dir: Folder for the poses as COCO has them, ``NAME.json``.
            draw_heatmap: Draw what the radars see beside the skeletons.
            num_pictures: Pictures beside the video, evenly spread.
            on_progress: Called with (frames done, frames in all).

        Yields:
            A frame each: ``frame`` (its number), ``time_s`` (since the first), ``predictions`` (of each person
            ``keypoints`` (J, 2) in px and ``keypoint_scores`` (J,)), with ``return_vis`` ``visualization`` (RGB), where
            true poses are known ``truth`` (J, 2).

        Raises:
            ConfigError: As of :func:`~mmradar.apis.sources.open_source`.
            FileNotFoundError: As there.
            DataError: As there; or a frame that is not there.
        """
        name, loader, truth = self._opened(inputs, frames, batch_size)
        total, key = len(loader.dataset), loader.dataset.window.key_index
        if out_dir is not None:
            vis_out_dir = vis_out_dir or Path(out_dir) / 'visualizations'
            pred_out_dir = pred_out_dir or Path(out_dir) / 'predictions'
        canvas = PoseCanvas(self.dataset_meta, self.image_size, self.views if draw_heatmap else ())
        pictured = set(np.linspace(0, total - 1, min(num_pictures, total)).round().astype(int).tolist())
        with ExitStack() as stack:
            film = None
            if vis_out_dir is not None:
                path = Path(vis_out_dir) / f'{name}.mp4'
                film = stack.enter_context(video(path, self.radar.frame_rate_hz, canvas.size))
            coco, done = [], 0
            for batch, samples in predictions(self.model, loader):
                for heatmaps, sample in zip(batch['inputs'], samples):
                    result = self._result(sample, truth)
                    if return_vis or show or film:
                        picture = canvas.draw(
                            [person['keypoints'] for person in result['predictions']],
                            heatmaps[key].numpy() if draw_heatmap else (),
                            [result['truth']] if 'truth' in result else (),
                            f'{name}  frame {result["frame"]}  {result["time_s"]:.1f} s',
                        )
                        if film:
                            film.write(picture)
                            if done in pictured:
                                save_picture(picture, Path(vis_out_dir) / name / f'{sample.img_id:06d}.png')
                        if show:
                            _show(picture, 1 / self.radar.frame_rate_hz)
                        if return_vis:
                            result['visualization'] = picture
                    coco += [_coco(sample.img_id, person) for person in result['predictions']]
                    done += 1
                    yield result
                    if on_progress:
                        on_progress(done, total)
            if pred_out_dir is not None:
                Path(pred_out_dir).mkdir(parents=True, exist_ok=True)
                with atomic_write(Path(pred_out_dir) / f'{name}.json') as file:
                    file.write(json.dumps(coco).encode())

    def _opened(
        self, inputs: Source, frames: Sequence[int] | None, batch_size: int
    ) -> tuple[str, DataLoader, Mapping[int, np.ndarray]]:
        """A name, windows, and true poses by frame where windows do not carry them."""
        if isinstance(inputs, str) and inputs in SPLITS and not Path(inputs).exists():
            if frames is not None:
                raise ConfigError('frames are numbers within one recording, and a split has several')
            config = self.model.cfg.copy()
            if inputs != 'test':
                config.test_dataloader = config[f'{inputs}_dataloader']
                config.test_dataloader.sampler = dict(type='DefaultSampler', shuffle=False)
            config.test_dataloader.batch_size = batch_size
            return inputs, build_loader(config), {}
        joints = len(self.dataset_meta.get('sigmas', ())) or 14
        sequence = open_source(inputs, self.views, self.radar, joints, self.image_size)
        loader = recording_loader(self.model.cfg, sequence.recordings, frames, batch_size)
        return sequence.name, loader, {} if sequence.truth is None else dict(enumerate(sequence.truth.keypoints))

    def _result(self, sample, truth: Mapping[int, np.ndarray]) -> dict[str, Any]:
        found = sample.cpu().numpy().pred_instances
        result: dict[str, Any] = dict(
            frame=int(sample.frame),
            time_s=sample.frame / self.radar.frame_rate_hz,
            predictions=[
                dict(keypoints=keypoints, keypoint_scores=scores)
                for keypoints, scores in zip(found.keypoints, found.keypoint_scores)
            ],
        )
        if sample.frame in truth:
            result['truth'] = truth[sample.frame]
        elif 'gt_instances' in sample:
            result['truth'] = np.asarray(sample.gt_instances.keypoints)[0]
        return result


def _coco(image_id: int, person: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """A person as COCO's results have it: x, y and score of each joint in a row."""
    rows = np.concatenate([person['keypoints'], person['keypoint_scores'][:, None]], axis=1)
    return dict(
        image_id=int(image_id),
        category_id=1,
        keypoints=[round(float(value), 3) for value in rows.ravel()],
        score=round(float(person['keypoint_scores'].mean()), 4),
    )


def _show(picture: np.ndarray, seconds: float) -> None:
    import cv2

    try:
        cv2.imshow('mmradar', picture[..., ::-1])
    except cv2.error as error:
        raise ConfigError('show=True needs a screen, and there is none; out_dir writes a video') from error
    cv2.waitKey(max(1, round(1000 * seconds)))
