import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmradar.apis import init_model
from mmradar.commands import main
from mmradar.engine.checkpoint import config_text


@pytest.fixture
def own_model(tiny_config, tmp_path):
    """A checkpoint with its configuration."""
    state = init_model(tiny_config).state_dict()
    torch.save(dict(meta=dict(config_json=config_text(tiny_config)), state_dict=state), tmp_path / 'own.pth')
    return tmp_path / 'own.pth'


def test_a_checkpoint_and_a_folder_become_files(own_model, simulated_root, tmp_path, monkeypatch, capsys):
    command = ['mmradar', 'infer', str(simulated_root / 'single_7'), '-o', str(tmp_path / 'out')]
    options = ['--model', str(own_model), '--frames', '1:4', '--pictures', '1', '--no-heatmaps']
    monkeypatch.setattr(sys, 'argv', command + options)
    main()
    out = capsys.readouterr().out
    assert '3/3 frames' in out and f'3 frames: {tmp_path}/out/visualizations/single_7.mp4' in out
    assert 'Read as 3 TX x 4 RX x 8 loops x 128 samples, the radar of the model.' in out
    coco = json.loads((tmp_path / 'out' / 'predictions' / 'single_7.json').read_text())
    assert [entry['image_id'] for entry in coco] == [1, 2, 3]
    assert (tmp_path / 'out' / 'visualizations' / 'single_7.mp4').stat().st_size > 1000
    assert 'Nobody' not in out
    monkeypatch.setattr(sys, 'argv', [*command, *options, '--min-echo-db', '200'])
    main()
    assert 'Nobody moves in 3 of them: a radar has no echo of 200 dB' in capsys.readouterr().out
    assert json.loads((tmp_path / 'out' / 'predictions' / 'single_7.json').read_text()) == []
    for wrong in ('3', '4:1', 'a:b'):
        monkeypatch.setattr(sys, 'argv', [*command, *options[:2], '--frames', wrong])
        with pytest.raises(SystemExit):
            main()
        assert f'as 100:200, found {wrong!r}' in capsys.readouterr().err


def test_bare_files_and_what_they_do_not_say(own_model, simulated_root, tmp_path, monkeypatch, capsys):
    def infer(*words):
        monkeypatch.setattr(sys, 'argv', ['mmradar', 'infer', *map(str, words), '-o', str(tmp_path / 'out')])
        main()

    options = ['--model', own_model, '--frames', '1:2', '--no-heatmaps']
    folder = tmp_path / 'monday'
    for view in ('hori', 'vert'):
        (folder / view).mkdir(parents=True)
        shutil.copy(simulated_root / 'single_7' / view / 'adc_data.bin', folder / view)
    files = [folder / view / 'adc_data.bin' for view in ('hori', 'vert')]
    infer(*files, *options)
    assert (tmp_path / 'out' / 'predictions' / 'monday.json').is_file()  # not adc_data, as of every other recording
    assert 'Note' not in capsys.readouterr().err
    # the radar that made them is another one: nothing can be read as the model's
    with pytest.raises(SystemExit):
        infer(*files, *options, '--profile', 'iwr1843_hupr')
    assert 'adc_data.bin' in capsys.readouterr().err
    # the second card lost the first half of each word
    words = np.fromfile(files[1], '<i2')
    np.where(np.arange(len(words)) % 4 < 2, words, 0).astype('<i2').tofile(files[1])
    infer(*files, *options)
    assert f'Note: {files[1]}: ' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        infer(files[0], files[0], *options)
    assert 'the views hori and vert have the same recording' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (('--batch-size', '0'), 'expected a whole number of at least 1, found'),
        (('--pictures', '-1'), 'expected a whole number of at least 0, found'),
        (('--min-echo-db', 'nan'), 'expected a number of at least 0, found'),
        (('--device', 'cuda:7'), "the model cannot run on the device 'cuda:7'"),
        (
            ('--model', 'millimamba-smal'),
            "no model, file or configuration millimamba-smal; did you mean 'millimamba-small'",
        ),
        (('--model', 'empty.py'), 'has no model'),
        (
            ('--model', 'millimamba_small_simhupr'),
            'has no weights, but millimamba-small is the same model',
        ),
        (('--model', 'broken.py'), 'cannot be read as a configuration'),
    ],
)
def test_options_that_cannot_be(option, message, own_model, simulated_root, tmp_path, monkeypatch, capsys):
    if option[0] == '--device' and torch.cuda.is_available():
        pytest.skip('this machine has a GPU')
    monkeypatch.chdir(tmp_path)
    Path('empty.py').write_text('a = 1')
    Path('broken.py').write_text('model = dict(')
    words = ['mmradar', 'infer', str(simulated_root / 'single_7'), '--model', str(own_model), *option]
    monkeypatch.setattr(sys, 'argv', words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and message in capsys.readouterr().err
