import sys

import cv2
import numpy as np
import pytest

from mmradar.errors import DataError
from mmradar.visualization import video


def frames_of(path):
    film = cv2.VideoCapture(str(path))
    found = []
    while (read := film.read())[0]:
        found.append(read[1][..., ::-1])
    return found, film.get(cv2.CAP_PROP_FPS)


@pytest.mark.parametrize('library', ['imageio_ffmpeg', 'OpenCV'])
def test_a_video_shows_the_pictures_at_their_rate(tmp_path, library, monkeypatch):
    if library == 'imageio_ffmpeg':
        pytest.importorskip('imageio_ffmpeg', reason="videos in H.264 need pip install 'mmradar[video]'")
    else:
        monkeypatch.setitem(sys.modules, 'imageio_ffmpeg', None)
    pictures = [np.full((64, 96, 3), (40 * n, 100, 200 - 40 * n), np.uint8) for n in range(5)]
    path = tmp_path / 'new' / 'film.mp4'
    with video(path, 12.5, (96, 64)) as film:
        for picture in pictures:
            film.write(picture)
    found, rate_hz = frames_of(path)
    assert len(found) == 5 and rate_hz == pytest.approx(12.5)
    for picture, expected in zip(found, pictures):
        assert abs(picture.astype(int) - expected).mean() < 6  # red is red


def test_where_no_video_can_be(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'imageio_ffmpeg', None)
    (tmp_path / 'film.mp4').mkdir()
    with pytest.raises(DataError, match='film.mp4 is a folder'), video(tmp_path / 'film.mp4', 10, (96, 64)):
        pass
    with pytest.raises(DataError, match='cannot write an MP4 there'), video(tmp_path / 'film.txt', 10, (96, 64)):
        pass


@pytest.mark.parametrize('pictures', [0, 3])
def test_an_interrupted_video_leaves_the_earlier_one(tmp_path, pictures):
    (tmp_path / 'film.mp4').write_bytes(b'earlier')
    with pytest.raises(KeyboardInterrupt), video(tmp_path / 'film.mp4', 10, (96, 64)) as film:
        for _ in range(pictures):
            film.write(np.zeros((64, 96, 3), np.uint8))
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ['film.mp4']
    assert (tmp_path / 'film.mp4').read_bytes() == b'earlier'
