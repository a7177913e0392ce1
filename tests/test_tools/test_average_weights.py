import pytest
import torch
from test_tools.test_output_files import run

from mmradar.engine.checkpoint import read_checkpoint


def checkpoint(path, value, **more):
    weights = dict(weight=torch.full((2, 3), value), count=torch.tensor(int(value)), **more)
    torch.save(dict(meta=dict(epoch=int(value)), state_dict=weights, optimizer=dict(large=torch.zeros(9))), path)
    return path


def test_weights_lie_on_the_line_between_two_checkpoints(tmp_path, monkeypatch, capsys):
    first = checkpoint(tmp_path / 'first.pth', 1.0)
    second = checkpoint(tmp_path / 'second.pth', 5.0, scores=torch.ones(2))
    assert run(monkeypatch, 'misc/average_weights.py', first, second, tmp_path / 'out.pth', '--share', 0.75) == 0
    content = read_checkpoint(tmp_path / 'out.pth')
    assert set(content) == {'meta', 'state_dict'} and content['meta']['epoch'] == 5
    assert (content['state_dict']['weight'] == 4).all() and content['state_dict']['count'] == 5
    assert (content['state_dict']['scores'] == 1).all()  # only the second has them


@pytest.mark.parametrize('more', [dict(other=torch.ones(2)), dict(scores=torch.ones(3))])
def test_checkpoints_of_different_models_are_refused(more, tmp_path, monkeypatch, capsys):
    first = checkpoint(tmp_path / 'first.pth', 1.0, **more)
    second = checkpoint(tmp_path / 'second.pth', 5.0, scores=torch.ones(2))
    assert run(monkeypatch, 'misc/average_weights.py', first, second, tmp_path / 'out.pth') == 2
    assert f'the second has no {next(iter(more))} of the same shape' in capsys.readouterr().err
    assert run(monkeypatch, 'misc/average_weights.py', first, second, tmp_path / 'out.pth', '--share', 1.5) == 2
    assert not (tmp_path / 'out.pth').exists()
