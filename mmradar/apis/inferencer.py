"""Inference on recordings, with poses, pictures and a video as output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import nn
from torch.utils.data import DataLoader

from mmradar.apis.data_folders import datasets_of
from mmradar.apis.evaluation import build_loader, predictions
from mmradar.apis.inference import recording_loader, views_and_radar
from mmradar.apis.models import config_of, init_model
from mmradar.apis.pose_lifting import PoseLifting
from mmradar.apis.presence import RecordedEchoes, seen_range_bins, somebody_moves
from mmradar.apis.sources import Source, open_source
from mmradar.apis.window_average import averaged_predictions
from mmradar.atomic_write import atomic_write
from mmradar.datasets import BaseRadarPoseDataset
from mmradar.errors import ConfigError
from mmradar.published_models import published_models
from mmradar.radar import Recording
from mmradar.visualization import PoseCanvas, save_picture, video

SPLITS = ('train', 'val', 'test')
_NO_SCREEN = 'show=True needs a screen, and there is none; out_dir writes a video'


class RadarPoseInferencer:
    """Predictor of the poses in a recording or data set split; it is used like mmpose's ``MMPoseInferencer``.

    .. code-block:: python

        inferencer = RadarPoseInferencer('millimamba-small')
        for result in inferencer('data/simhupr/single_409', out_dir='out'):
            result['predictions'][0]['keypoints']  # (14, 2), px

    Args:
        model: Name of a published model (:meth:`list_models`), a checkpoint, a configuration, or a model built by
            :func:`~mmradar.apis.init_model`.
        weights: A checkpoint, if ``model`` is a configuration.
        device: Device of the model; a model that is already built stays where it is.
        lifter, min_score: See :class:`~mmradar.apis.pose_lifting.PoseLifting`; poses stay 2D if ``lifter`` is ``None``.

    Raises:
        ConfigError: There is no such model or configuration, or the lifter does not fit the model.
        CheckpointError: See :func:`~mmradar.apis.init_model`.
    """

    def __init__(
        self,
        model: str | Path | Config | BaseModel,
        weights: str | Path | None = None,
        device: str = 'cpu',
        lifter: BaseModel | None = None,
        min_score: float = 0.0,
    ) -> None:
        if not isinstance(model, nn.Module):
            model = init_model(model, weights, device)
        self.model, self._config = model, config_of(model)
        self.dataset_meta: dict[str, Any] = getattr(model, 'dataset_meta', None) or {}
        self.views, self.radar = views_and_radar(self._config)
        settings = next(datasets_of(self._config.test_dataloader))
        width, height = settings.get('image_size') or (256, 256)
        self.image_size: tuple[int, int] = (width, height)
        self._lifting = None if lifter is None else PoseLifting(lifter, self.dataset_meta, self.image_size, min_score)

    @staticmethod
    def list_models() -> list[str]:
        """Return the names of the radar models that come with the package; those of plugins are not listed."""
        return [name for name, model in published_models().items() if model.plugin is None]

    def __call__(
        self,
        inputs: Source,
        *,
        frames: Sequence[int] | None = None,
        batch_size: int = 16,
        average: int = 1,
        min_echo_db: float | None = None,
        return_vis: bool = False,
        show: bool = False,
        out_dir: str | Path | None = None,
        vis_out_dir: str | Path | None = None,
        pred_out_dir: str | Path | None = None,
        draw_heatmap: bool = True,
        num_pictures: int = 8,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Predict the poses of a recording or split, frame by frame.

        Files are complete only after the last frame was consumed.

        Args:
            inputs: A recording, see :func:`~mmradar.apis.sources.open_source`; or ``'train'``, ``'val'`` or ``'test'``
                for a split of the model's data set.
            frames: Numbers of the frames to predict; all if ``None``.
            batch_size: Windows per batch.
            average: Number of windows around each frame whose poses of it are averaged, see
                :func:`~mmradar.apis.window_average.averaged_predictions`. With 1, poses are those of testing.
            min_echo_db: Weakest echo of a person, in dB above the noise, as in
                :class:`~mmradar.apis.RadarPoseStream`: results without one have no predictions. With ``None``, somebody
                is taken to be in every frame, as in a split.
            return_vis: Include pictures in the results.
            show: Show the pictures in a window.
            out_dir: Parent folder; sets the default of ``vis_out_dir`` to its folder ``visualizations``, and of
                ``pred_out_dir`` to ``predictions``.
            vis_out_dir: Folder for a video, ``NAME.mp4``, at the frame rate of the radar, and pictures,
                ``NAME/*.png``.
            pred_out_dir: Folder for the poses in COCO's result format, ``NAME.json``; poses that are lifted have
                ``keypoints_3d_m`` in addition.
            draw_heatmap: Draw the radar heatmaps next to the skeletons.
            num_pictures: Number of pictures saved in addition to the video, evenly spread over the frames.
            on_progress: Called with (frames done, frames in all).

        Yields:
            One dictionary for each frame: ``frame``, its number; ``time_s``, the time since frame 0; ``predictions``,
            for each person ``keypoints`` (J, 2) in px and ``keypoint_scores`` (J,), and with a lifter
            ``keypoints_3d_m`` (J, 3), see :meth:`~mmradar.apis.pose_lifting.PoseLifting.lift`; ``visualization``, an
            RGB picture, with ``return_vis``; ``truth``, keypoints (J, 2) in px, if the true pose is known.

        Raises:
            ConfigError: The views are not the model's, ``frames`` or ``min_echo_db`` is given for a split, or the
                split's data set is a wrapper or has no windows of radar frames.
            FileNotFoundError: There is no recording at the path.
            DataError: A recording is of another radar, or a frame does not exist.
        """
        name, loader, truth, recordings = self._open(inputs, frames, batch_size)
        dataset = loader.dataset
        if not isinstance(dataset, BaseRadarPoseDataset):
            raise ConfigError(
                f'{name} is a {type(dataset).__name__}; poses are predicted only for a single BaseRadarPoseDataset, '
                'without wrappers'
            )
        total, key = len(dataset), dataset.window.key_index
        echoes = None
        if min_echo_db is not None:
            if recordings is None:
                raise ConfigError('min_echo_db is for recordings; in a split, somebody is in every frame')
            echoes = RecordedEchoes(recordings, self.radar, seen_range_bins(dataset.pipeline))
        if out_dir is not None:
            vis_out_dir = vis_out_dir or Path(out_dir) / 'visualizations'
            pred_out_dir = pred_out_dir or Path(out_dir) / 'predictions'
        canvas = PoseCanvas(self.dataset_meta, self.image_size, self.views if draw_heatmap else ())
        pictured = set(np.linspace(0, total - 1, min(num_pictures, total)).round().astype(int).tolist())
        with ExitStack() as stack:
            film, picture_folder = None, Path(vis_out_dir or '.') / name
            if vis_out_dir is not None:
                path = Path(vis_out_dir) / f'{name}.mp4'
                film = stack.enter_context(video(path, self.radar.frame_rate_hz, canvas.size))
            coco, done, sequence = [], 0, None
            if self._lifting is not None:
                self._lifting.reset()
            found: Iterator[tuple[Any, list]] = predictions(self.model, loader)
            if average != 1:
                found = averaged_predictions(self.model, loader, key, average)
            for batch, samples in found:
                for heatmaps, sample in zip(batch['inputs'], samples):
                    if self._lifting is not None and sample.get('sequence') != sequence:  # the next one of a split
                        self._lifting.reset()
                    sequence = sample.get('sequence')
                    if min_echo_db is not None and echoes is not None:
                        in_window = dataset.window.frames(sample.frame, echoes.length)
                        if not somebody_moves(echoes.of_frames(in_window), min_echo_db):
                            sample.pred_instances = sample.pred_instances[:0]
                    result = self._result(sample, truth)
                    if return_vis or show or film:
                        picture = canvas.draw(
                            [person['keypoints'] for person in result['predictions']],
                            heatmaps[key].numpy() if draw_heatmap else (),
                            [result['truth']] if 'truth' in result else (),
                            f'{name}  frame {result["frame"]}  {result["time_s"]:.1f} s',
                            [person['keypoint_scores'] for person in result['predictions']],
                        )
                        if film:
                            film.write(picture)
                            if done in pictured:
                                save_picture(picture, picture_folder / f'{sample.img_id:06d}.png')
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

    def _open(
        self, inputs: Source, frames: Sequence[int] | None, batch_size: int
    ) -> tuple[str, DataLoader, Mapping[int, np.ndarray], Mapping[str, Recording] | None]:
        """Open a source.

        Returns:
            Its name; a loader of its windows; the true poses (J, 2) by frame, empty for a split, whose samples have
            them, and if they are unknown; and its recordings by view, ``None`` for a split.
        """
        if isinstance(inputs, str) and inputs in SPLITS and not Path(inputs).exists():
            if frames is not None:
                raise ConfigError('frames are numbers within one recording, and a split has several recordings')
            config = self._config.copy()
            if inputs != 'test':
                config.test_dataloader = config[f'{inputs}_dataloader']
                config.test_dataloader.sampler = dict(type='DefaultSampler', shuffle=False)
            config.test_dataloader.batch_size = batch_size
            return inputs, build_loader(config), {}, None
        joints = len(self.dataset_meta.get('sigmas', ())) or 14
        sequence = open_source(inputs, self.views, self.radar, joints, self.image_size)
        loader = recording_loader(self._config, sequence.recordings, frames, batch_size)
        truth = {} if sequence.truth is None else dict(enumerate(sequence.truth.keypoints))
        return sequence.name, loader, truth, sequence.recordings

    def _result(self, sample, truth: Mapping[int, np.ndarray]) -> dict[str, Any]:
        """Convert a predicted ``PoseDataSample`` into a result of :meth:`__call__`."""
        found = sample.cpu().numpy().pred_instances
        result: dict[str, Any] = dict(
            frame=int(sample.frame),
            time_s=sample.frame / self.radar.frame_rate_hz,
            predictions=[
                dict(keypoints=keypoints, keypoint_scores=scores)
                for keypoints, scores in zip(found.keypoints, found.keypoint_scores)
            ],
        )
        if self._lifting is not None:
            lifted = self._lifting.lift(found.keypoints, found.keypoint_scores, result['time_s'])
            if lifted is not None:
                result['predictions'][0]['keypoints_3d_m'] = lifted
        if sample.frame in truth:
            result['truth'] = truth[sample.frame]
        elif 'gt_instances' in sample:
            result['truth'] = np.asarray(sample.gt_instances.keypoints)[0]
        return result


def _coco(image_id: int, person: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Convert a person to an entry of COCO's results, whose keypoints are x, y and score of each joint in one list.

    Keypoints in 3D, which COCO does not have, are added as ``keypoints_3d_m``: x, y, z of each joint.
    """
    rows = np.concatenate([person['keypoints'], person['keypoint_scores'][:, None]], axis=1)
    lifted = person.get('keypoints_3d_m')
    return dict(
        image_id=int(image_id),
        category_id=1,
        keypoints=[round(float(value), 3) for value in rows.ravel()],
        score=round(float(person['keypoint_scores'].mean()), 4),
        **({} if lifted is None else dict(keypoints_3d_m=lifted.astype(float).round(4).tolist())),
    )


def _show(picture: np.ndarray, seconds: float) -> None:
    import cv2

    if sys.platform == 'linux' and not any(map(os.environ.get, ('DISPLAY', 'WAYLAND_DISPLAY', 'QT_QPA_PLATFORM'))):
        raise ConfigError(_NO_SCREEN)  # Qt would end the process
    try:
        cv2.imshow('mmradar', picture[..., ::-1])
    except cv2.error as error:
        raise ConfigError(_NO_SCREEN) from error
    cv2.waitKey(max(1, round(1000 * seconds)))
