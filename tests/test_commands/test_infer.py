import json
import sys

import pytest
import torch

from mmradar.apis import init_model
from mmradar.commands import main
from mmradar.engine.checkpoint import config_text


def test_a_checkpoint_and_a_folder_become_files(tiny_config, simulated_root, tmp_path, monkeypatch, capsys):
    state = init_model(tiny_config).state_dict()
    torch.save(dict(meta=dict(config_json=config_text(tiny_config)), state_dict=state), tmp_path / 'own.pth')
    command = ['mmradar', 'infer', str(simulated_root / 'single_7'), '-o', str(tmp_path / 'out')]
    options = ['--model', str(tmp_path / 'own.pth'), '--frames', '1:4', '--pictures', '1', '--no-heatmaps']
    monkeypatch.setattr(sys, 'argv', command + options)
    main()
    out = capsys.readouterr().out
    assert '3/3 frames' in out and f'3 frames: {tmp_path}/out/visualizations (video, pictures)' in out
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
