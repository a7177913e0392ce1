"""The comparison of encoders: its computed memory against measured memory, and the script as a user runs it."""

import argparse
import json
import sys

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

# 2 views of 8 x 16 cells, 16 channels: 256 tokens per frame
SMALL = {'num_angle': 32, 'range_bins': (0, 64), 'model.backbone.stem.channels': (4, 4, 8, 16)}
ON_COMMAND_LINE = [f'{key}={value}'.replace(' ', '') for key, value in SMALL.items()]
ARGUMENTS = argparse.Namespace(device='cpu', cfg_options=SMALL, runs=1, repeat_below=0)


@pytest.fixture
def scaling(benchmarks):
    import encoder_scaling

    return encoder_scaling


@pytest.mark.parametrize('work', ['forward', 'training'])
def test_computed_attention_is_what_plain_attention_takes(scaling, work):
    """Within 10 %: the rest grows linearly with the tokens, and is small next to 768 x 768 x 8 heads."""
    measured = scaling.measure_encoder('plain', 3, work, ARGUMENTS)['mib']
    computed = scaling.attention_bytes(768, heads=8, layers=4, training=work == 'training') / 2**20
    assert computed < measured < 1.1 * computed


def test_memory_of_the_others_does_not_grow_with_the_square(scaling):
    """From 256 to 768 tokens; plain attention takes nine times as much."""

    def growth(name):
        one, three = (scaling.measure_encoder(name, frames, 'training', ARGUMENTS)['mib'] for frames in (1, 3))
        return three / one

    assert growth('mamba') < 4 and growth('fused') < 4 and growth('plain') > 7


@pytest.mark.parametrize('name', ['fused', 'auto'])
def test_inference_builds_no_attention_matrix(name, scaling):
    """As torch's own fast path for inference would on a CPU."""
    matrix = 8 * 768**2 * 4 / 2**20
    assert scaling.measure_encoder(name, 3, 'forward', ARGUMENTS)['mib'] < matrix / 4


class Operators(TorchDispatchMode):
    """Names of all operators that run inside a ``with`` block."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    'name, work, operator',
    [
        ('plain', 'forward', '_safe_softmax'),
        ('plain', 'training', '_safe_softmax'),
        ('fused', 'forward', '_scaled_dot_product_flash_attention_for_cpu'),
        ('fused', 'training', '_scaled_dot_product_flash_attention_for_cpu'),
        # what the package runs
        ('auto', 'forward', '_scaled_dot_product_flash_attention_for_cpu'),
        ('auto', 'training', '_scaled_dot_product_flash_attention_for_cpu'),
    ],
)
def test_each_transformer_runs_the_attention_of_its_name(scaling, name, work, operator):
    encoder, maps = scaling.build_encoder(name, 1, SMALL)
    encoder.train(work == 'training')
    with torch.set_grad_enabled(work == 'training'), scaling.attention(name), Operators() as seen:
        encoder(maps)
    assert operator in seen.names


def test_encoders_read_the_same_maps(scaling):
    shapes = {name: scaling.build_encoder(name, 3, SMALL)[1].shape for name in scaling.ENCODERS}
    assert set(shapes.values()) == {(1, 2, 16, 3, 8, 16)}
    with torch.device('meta'):
        encoder, maps = scaling.build_encoder('mamba', 9, {})
    assert encoder(maps).shape == (1, 18_432, 128)  # the paper's tokens


def test_the_limit_is_passed_where_it_is_said(scaling):
    def row(frames, mib, computed):
        return scaling.Measurement('plain', frames, 2048 * frames, 'training', None, mib, computed)

    found = [row(3, 8 * 1024.0, 7 * 1024.0), row(5, None, 20 * 1024.0), row(7, None, 40 * 1024.0)]
    assert scaling.beyond(found, 'plain', 1) == 'from T = 7 (40.0 GiB, computed)'
    assert scaling.beyond(found, 'plain', 8) == 'from T = 3 (64.0 GiB, computed)'
    assert scaling.beyond(found[:1], 'plain', 1) == 'not up to T = 3 (8.0 GiB, measured)'
    assert scaling.beyond(found, 'mamba', 1) == 'unknown'


def test_the_script_measures_skips_and_writes(scaling, monkeypatch, capsys, tmp_path):
    """Plain attention of 512 tokens takes 48 MiB in training and 18 MiB without gradients."""
    file = tmp_path / 'found' / 'scaling.json'
    arguments = ['--parts', 'encoders', '--encoders', 'plain', '--frames', '2', '--runs', '1', '--memory-gib', '0.03']
    arguments += ['--threads', str(torch.get_num_threads()), '--json', str(file), '--cfg-options', *ON_COMMAND_LINE]
    monkeypatch.setattr(sys, 'argv', ['encoder_scaling.py', *arguments])
    scaling.main()
    forward, training = json.loads(file.read_text())['encoders']
    assert forward['seconds'] > 0 and forward['computed_mib'] == 18 < forward['mib'] and forward['skipped'] is None
    assert training['seconds'] is training['mib'] is None and training['computed_mib'] == 48
    printed = capsys.readouterr().out
    assert '| 48 (computed) |' in printed
    assert '- T = 2, Transformer, plain attention, training: attention matrices alone take 0.0 GiB' in printed


def test_what_takes_too_long_is_left_out(scaling, monkeypatch):
    """Twice the tokens take Mamba twice the time, and attention four times."""
    monkeypatch.setattr(scaling, 'alone', lambda part, name, frames, work: dict(seconds=1.0 * frames, mib=1.0))
    args = argparse.Namespace(
        **vars(ARGUMENTS), frames=[2, 1], encoders=['mamba', 'fused'], memory_gib=None, limit_s=3.0
    )
    found = {(each.encoder, each.frames): each for each in scaling.measure_encoders(args)}
    assert found['mamba', 2].seconds == 2.0 and found['fused', 1].seconds == 1.0
    assert found['fused', 2].seconds is None and 'about 4 s (computed from T = 1)' in found['fused', 2].skipped


def test_a_measurement_that_fails_is_told(scaling, monkeypatch):
    monkeypatch.setattr(scaling, 'alone', lambda *what: 'ended by signal 9: out of memory?')
    args = argparse.Namespace(**vars(ARGUMENTS), frames=[1], encoders=['fused'], memory_gib=None, limit_s=3.0)
    assert [each.skipped for each in scaling.measure_encoders(args)] == [
        'the process ended: ended by signal 9: out of memory?'
    ] * 2


def test_main_model_and_heatmaps(scaling):
    memory = scaling.measure_model(ARGUMENTS)
    assert (
        memory['total'] > memory['weights'] + 2 * memory['inputs']
        and memory['inputs'] == 9 * 2 * 2 * 32 * 8 * 64 * 4e-6
    )
    three, four = (scaling.measure_heatmap(kind, '64 range bins', ARGUMENTS) for kind in ('3D', '4D'))
    assert three['result_mb'] == 64 * 8 * 64 * 8e-6 and four['result_mb'] == 16 * 64 * 64 * 8 * 8e-6
    assert four['latency_ms'] > three['latency_ms'] > 0
    assert all(cost['peak_mb'] > cost['result_mb'] for cost in (three, four))
