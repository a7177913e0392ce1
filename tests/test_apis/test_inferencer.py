"""From a recording to poses and files."""

import json
import shutil

import cv2
import numpy as np
import pytest
import torch

from conftest import SMALL_PLAN
from mmradar.apis import RadarPoseInferencer, inference, init_model
from mmradar.errors import ConfigError, DataError
from mmradar.radar import ADCFileError, open_recording


@pytest.fixture
def inferencer(tiny_config):
    torch.manual_seed(1)
    return RadarPoseInferencer(init_model(tiny_config))


def test_a_folder_becomes_poses_a_video_pictures_and_coco_json(inferencer, simulated_root, tmp_path):
    done = []
    results = list(
        inferencer(
            simulated_root / 'single_7',
            out_dir=tmp_path,
            num_pictures=2,
            return_vis=True,
            on_progress=lambda *step: done.append(step),
        )
    )
    files = {view: simulated_root / f'single_7/{view}/adc_data.bin' for view in ('hori', 'vert')}
    expected = inference(inferencer.model, files)
    truth = json.loads((simulated_root / 'single_7' / 'annotation.json').read_text())
    assert done == [(n, 5) for n in range(1, 6)] and [result['frame'] for result in results] == [0, 1, 2, 3, 4]
    assert [result['time_s'] for result in results] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    for result, sample, frame in zip(results, expected, truth):
        (person,) = result['predictions']
        np.testing.assert_allclose(person['keypoints'], sample.pred_instances.keypoints[0], atol=1e-3)
        assert person['keypoint_scores'].shape == (14,)
        np.testing.assert_allclose(result['truth'], frame['joints'], atol=1e-3)
        assert result['visualization'].shape == (512, 768, 3)

    coco = json.loads((tmp_path / 'predictions' / 'single_7.json').read_text())
    assert [entry['image_id'] for entry in coco] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(
        np.reshape(coco[3]['keypoints'], (14, 3))[:, :2], results[3]['predictions'][0]['keypoints'], atol=1e-3
    )
    pictures = sorted(path.name for path in (tmp_path / 'visualizations' / 'single_7').iterdir())
    assert pictures == ['000000.png', '000004.png']
    film = cv2.VideoCapture(str(tmp_path / 'visualizations' / 'single_7.mp4'))
    frames = [film.read()[1] for _ in range(5)]
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(10) and not film.read()[0]
    # compressed, yet the same picture
    assert all(abs(f[..., ::-1].astype(int) - r['visualization']).mean() < 10 for f, r in zip(frames, results))


def test_all_that_may_be_pointed_at_is_the_same_recording(inferencer, simulated_root):
    folder = simulated_root / 'single_7'
    paths = {view: folder / view / 'adc_data.bin' for view in ('hori', 'vert')}
    opened = {view: open_recording(path, SMALL_PLAN.radar_config) for view, path in paths.items()}
    sources = (
        str(folder),
        paths,
        list(paths.values()),
        opened,
        {view: recording.cube() for view, recording in opened.items()},
        dict(reversed(opened.items())),
    )
    found = [
        np.stack([result['predictions'][0]['keypoints'] for result in inferencer(source, frames=[3, 1])])
        for source in sources
    ]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-2)


def test_a_split_of_the_model_s_data_set(inferencer, simulated_root, tmp_path):
    results = list(inferencer('val', pred_out_dir=tmp_path))
    assert len(results) == 10 and all('truth' in result for result in results)
    ids = [entry['image_id'] for entry in json.loads((tmp_path / 'val.json').read_text())]
    assert ids == [*range(500_000, 500_005), *range(600_000, 600_005)]
    with pytest.raises(ConfigError, match='frames are numbers within one recording'):
        next(inferencer('val', frames=[1]))


def test_mistakes_are_told(inferencer, simulated_root, tmp_path):
    def refused(source, error, message):
        with pytest.raises(error, match=message):
            next(inferencer(source))

    folder = simulated_root / 'single_7'
    refused(tmp_path, FileNotFoundError, r"no recording of the view 'hori'.*hori/adc_data.bin and ")
    refused(folder / 'hori' / 'adc_data.bin', ConfigError, 'is one file, and the model takes a recording of each')
    refused([folder / 'hori' / 'adc_data.bin'], ConfigError, r'the model takes 2 views \(hori, vert\), found 1')
    refused({'hori': 'a', 'left': 'b'}, ConfigError, 'the model takes the views hori, vert, found hori, left')
    cube = np.zeros((3, 12, 8, 128), np.complex64)
    refused([cube, cube[:, :8]], ADCFileError, r'vert: expected complex samples \(frames, 12, 8, 128\)')
    refused([cube, cube.real], ADCFileError, 'expected complex samples .* found float32')
    with pytest.raises(DataError, match='frames 5 to 5 are wanted, there are 5'):
        next(inferencer(folder, frames=[5]))
    shutil.copytree(folder, tmp_path / 'short')
    truth = json.loads((folder / 'annotation.json').read_text())
    (tmp_path / 'short' / 'annotation.json').write_text(json.dumps(truth[:4]))
    refused(tmp_path / 'short', DataError, 'poses of 4 frames, and the recordings have more')


def test_a_split_within_a_wrapper_is_refused(inferencer):
    loader = inferencer.model.cfg.val_dataloader
    loader.dataset = dict(type='ConcatDataset', datasets=[loader.dataset])
    with pytest.raises(ConfigError, match='val is a ConcatDataset; poses are predicted only for a single'):
        next(inferencer('val'))
