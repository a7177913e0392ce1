import importlib.util

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from conftest import REPOSITORY
from mmradar.radar import RadarConfig
from mmradar.simulation import Mounting, RadarSensor

CONFIG = RadarConfig()


@pytest.fixture
def tool(monkeypatch):
    """The script as a module, whose radar sees a single target."""
    spec = importlib.util.spec_from_file_location('draw_simulation', REPOSITORY / 'tools/misc/draw_simulation.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sensor = RadarSensor(CONFIG, Mounting((0, 0, 0), (1, 0, 0), (0, 0, 1)))

    def place(sine, range_m, speed_m_s):
        start = torch.tensor([[sine, np.sqrt(1 - sine**2), 0]], dtype=torch.float64) * range_m
        stop = start * (1 + speed_m_s * CONFIG.frame_duration_s / range_m)
        cube = (sensor.echo(torch.stack([start, stop]), torch.ones(1))).numpy() + 1e-3
        monkeypatch.setattr(module, 'frames_of', lambda person, view, start_s, seed: (cube[None], CONFIG))

    module.place = place
    return module


def brightest(axis):
    """Where the brightest cell of a map is drawn, and how large it is, (x, y) each."""
    (image,) = axis.images
    shown, (left, right, bottom, top) = np.asarray(image.get_array()), image.get_extent()
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    cell = np.array([(right - left) / shown.shape[1], (top - bottom) / shown.shape[0]])
    return np.array([left, bottom]) + (np.array([column, row]) + 0.5) * cell, cell


@pytest.mark.parametrize('sine, range_m, speed_m_s', [(0.5, 2.4, 1.5), (-0.7, 1.7, -3.3), (0.0, 3.1, 0.5)])
def test_a_target_is_drawn_where_it_is(tool, sine, range_m, speed_m_s):
    tool.place(sine, range_m, speed_m_s)
    heatmap, spectrogram = Figure().subplots(1, 2)
    tool.draw_heatmap(heatmap, None, 'hori', 0.0, 0)
    place, cell = brightest(heatmap)
    middle_m = range_m + speed_m_s * CONFIG.frame_duration_s / 2
    assert abs(place[0] - sine) <= 0.6 * cell[0] and abs(place[1] - middle_m) <= 0.6 * cell[1]
    tool.draw_spectrogram(spectrogram, None, 0.02, 0)
    place, cell = brightest(spectrogram)
    assert abs(place[1] - speed_m_s) <= 0.6 * cell[1]
