"""Models as files that run without mmradar."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from conftest import on_small_data
from mmradar.apis import export, init_model, read_config
from mmradar.apis.exporting import WindowModel
from mmradar.errors import ConfigError
from mmradar.models.layers.vision_mamba import DirectedScan
from mmradar.structures import RadarWindow


@pytest.fixture
def model(simulated_root):
    """The small one with T = 4 and one layer, so that it is exported in seconds."""
    options = {'num_frames': 4, 'model.backbone.mixer.num_layers': 1, 'model.backbone.mixer.out_dims': 32}
    torch.manual_seed(1)
    return init_model(on_small_data(read_config('millimamba_small_simhupr', options), simulated_root))


@pytest.fixture
def window():
    return torch.randn(1, 4, 2, 1, 32, 8, 64, generator=torch.Generator().manual_seed(2))


def test_torch_s_program_runs_without_mmradar(model, window, tmp_path):
    expected = torch.cat([part.flatten() for part in WindowModel(model, RadarWindow(4), (256, 256))(window)])
    path = export(model, tmp_path / 'own.pt2', 'torch')
    torch.save(window, tmp_path / 'window.pt')
    code = (
        'import sys, torch; program = torch.export.load(sys.argv[1]).module(); '
        "assert 'mmradar' not in sys.modules; print("
        'torch.cat([x.detach().flatten() for x in program(torch.load(sys.argv[2]))]).tolist())'
    )
    command = [sys.executable, '-c', code, str(path), str(tmp_path / 'window.pt')]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    np.testing.assert_allclose(eval(done.stdout), expected.detach(), atol=1e-3)
    # and the model is as it was
    assert all(scan.backend == 'auto' for scan in model.modules() if isinstance(scan, DirectedScan))


def test_onnx_gives_equal_keypoints(model, window, tmp_path):
    runtime = pytest.importorskip('onnxruntime', reason="ONNX needs pip install 'mmradar[onnx]'")
    pytest.importorskip('onnxscript', reason="ONNX needs pip install 'mmradar[onnx]'")
    expected, scores = (part.detach() for part in WindowModel(model, RadarWindow(4), (256, 256))(window))
    session = runtime.InferenceSession(str(export(model, tmp_path / 'own.onnx')))
    found, found_scores = session.run(['keypoints', 'scores'], {'heatmaps': window.numpy()})
    assert found.shape == (1, 14, 2) and found_scores.shape == (1, 14)
    assert ((scores > 0) & (scores < 1)).all()
    np.testing.assert_allclose(found_scores, scores, atol=1e-4)
    np.testing.assert_allclose(found, expected, atol=256e-4)  # px: 1e-4 of the image


def test_what_cannot_be_exported_is_told(model, tiny_config, tmp_path):
    with pytest.raises(ConfigError, match='format must be one of onnx, torch'):
        export(model, tmp_path / 'own.onnx', 'tflite')
    with pytest.raises(ConfigError, match=r'a file of format torch ends in .pt2, found .*own.onnx'):
        export(model, tmp_path / 'own.onnx', 'torch')
    with pytest.raises(ConfigError, match=r'the model scans 1,\d+ tokens, and an exported scan has a step for each'):
        export(init_model(tiny_config), tmp_path / 'own.onnx')
    one = init_model(tiny_config, cfg_options={'model.head.type': 'KeyFrameHead'})
    with pytest.raises(ConfigError, match='a model that decodes two coordinates of all frames'):
        export(one, tmp_path / 'own.onnx')
    assert not list(tmp_path.iterdir())
