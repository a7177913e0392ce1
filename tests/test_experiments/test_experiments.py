"""Suites of experiments, from their file to their table."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest

from conftest import REPOSITORY, SMALL_RADAR
from mmradar.errors import ConfigError, DataError
from mmradar.experiments import check_stored, read_results, read_suite, results_of, results_table, run_experiment

SUITE = """
name = 'small'
config = 'millimamba_tiny_simhupr'
seeds = (0, 1)
options = {options!r}
rows = [
    dict(name='T = 2', group='frames', paper='table 6', options=dict(num_frames=2)),
    dict(name='T = 3', config='millimamba_tiny_simhupr', group='frames', run=False),
]
"""


@pytest.fixture
def suite_file(simulated_root, tmp_path):
    options = {'data_root': str(simulated_root), 'cache_dir': None, 'max_epochs': 1, 'num_workers': 0, 'batch_size': 4}
    options |= {f'radar.{key}': value for key, value in SMALL_RADAR.items()}
    options |= {'model.backbone.stem.channels': (4, 4, 8, 16), 'model.head.num_layers': 1, 'model.head.embed_dims': 16}
    path = tmp_path / 'suite.py'
    path.write_text(SUITE.format(options=options))
    return path


def test_a_suite_is_run_once_and_becomes_a_table(suite_file, tmp_path):
    suite = read_suite(suite_file)
    first, second = suite.experiments(tmp_path)
    assert (first.row.name, first.seed, second.seed) == ('T = 2', 0, 1) and first.fingerprint() != second.fingerprint()
    result = run_experiment(first)
    assert result['metrics']['coco/AP'] >= 0 and result['parameters'] > 1000 and result['gmacs'] > 0
    assert result['peak_memory_mib'] > 0 and result['ms_per_window'] > 0 and result['training_s'] > 0
    written = first.result_file.stat().st_mtime_ns
    assert run_experiment(first) == result and first.result_file.stat().st_mtime_ns == written

    table = results_table(suite, results_of(suite, tmp_path))
    assert '### frames' in table and '| T = 2 | table 6 | 1 |' in table and '| T = 3 |' not in table
    assert f'On {result["machine"]}.' in table
    command = table.partition('### Not run')[2].splitlines()[3]
    assert command.startswith('python tools/train.py configs/millimamba_tiny_simhupr.py --cfg-options')
    assert command.endswith('# T = 3')


@pytest.mark.parametrize(
    'name, numbers', [('mean_pose', 14 * 2), ('placed_mean_pose', 28), ('previous_frame', 28), ('nearest_neighbour', 0)]
)
def test_baselines_without_a_network_are_experiments_like_others(suite_file, tmp_path, name, numbers):
    """Nothing is learnable; what was learnt from 20 training frames is counted as memory, and as work to search it."""
    options = {
        key: value
        for key, value in read_suite(suite_file).options.items()
        if not key.startswith(('max_epochs', 'model.'))
    }
    suite_file.write_text(
        f"name = 'fitted'\nconfig = 'baselines/{name}_simhupr'\nseeds = (0,)\noptions = {options!r}\n"
        "rows = [dict(name='one')]\n"
    )
    suite = read_suite(suite_file)
    result = run_experiment(next(suite.experiments(tmp_path)))
    assert result['parameters'] == 0 and result['metrics']['coco/AP'] >= 0 and result['ms_per_window'] > 0
    if name == 'nearest_neighbour':
        vectors = 20 * 2 * 4 * 2 * 8
        assert result['gmacs'] == pytest.approx(vectors / 1e9)
        assert result['peak_memory_mib'] > (4 * vectors + 8 * 20 * 28 + 4 * 2 * 32 * 8 * 64) / 2**20
    else:
        assert result['gmacs'] == 0 and result['peak_memory_mib'] == pytest.approx(8 * numbers / 2**20, rel=0.5)
    assert '| one |' in results_table(suite, results_of(suite, tmp_path))


def test_commands_reach_the_program_as_they_are(suite_file, tmp_path):
    experiment = next(read_suite(suite_file).experiments(tmp_path))
    options = {
        'views': ('hori',),
        'work_dir': 'my dir',
        'model.head.key_frame': '${key_frame}',
        'model.layer': {'type': 'A b', 'n': None},
    }
    command = replace(experiment, options=options).command()
    done = subprocess.run(
        f'printf "%s\\n" {command.partition("--cfg-options")[2]}', shell=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "views=('hori',)", 'work_dir=my dir', 'model.head.key_frame=${key_frame}', "model.layer={'type':'Ab','n':None}"
    ]  # fmt: skip


@pytest.mark.parametrize('stated', [True, False])
def test_where_the_data_lies_is_not_a_setting(stated, suite_file, tmp_path):
    """Neither where the suite states a place nor where the configuration does, as in paper.py."""
    suite = read_suite(suite_file)
    options = {key: value for key, value in suite.options.items() if stated or key != 'data_root'}
    suite = replace(suite, options=options)
    moved = replace(suite, data_root='/elsewhere')
    first, there = next(suite.experiments(tmp_path)), next(moved.experiments(tmp_path))
    assert first.config().data_root != there.config().train_dataloader.dataset.data_root == '/elsewhere'
    assert there.command().count('data_root') == 1 and 'data_root=/elsewhere' in there.command()
    assert there.fingerprint() == first.fingerprint()
    stored = {'T = 2': [{'seed': 0, 'fingerprint': first.fingerprint()}]}
    check_stored(moved, stored)
    with pytest.raises(DataError, match='of other settings'):
        check_stored(replace(moved, options={**moved.options, 'max_epochs': 2}), stored)


def test_a_mean_has_its_spread(suite_file, tmp_path):
    suite = read_suite(suite_file)
    measured = dict.fromkeys(
        ('parameters', 'gmacs', 'peak_memory_mib', 'training_memory_mib', 'ms_per_window', 'training_s'), 1e6
    )
    results = [{'metrics': {'coco/AP': ap}, 'machine': 'one', **measured} for ap in (60.0, 64.0)]
    table = results_table(suite, {'T = 2': results, 'T = 3': []})
    assert '| T = 2 | table 6 | 2 | 62.0 ± 2.8 |' in table


def test_a_result_of_other_settings_is_refused(suite_file, tmp_path):
    first = next(read_suite(suite_file).experiments(tmp_path))
    first.folder.mkdir(parents=True)
    first.result_file.write_text(json.dumps({'fingerprint': 'other'}))
    with pytest.raises(DataError, match='result of other settings'):
        run_experiment(first)


@pytest.mark.parametrize('marked', [True, False])
def test_a_training_of_other_settings_is_not_continued(marked, suite_file, tmp_path):
    first, second = read_suite(suite_file).experiments(tmp_path)
    run_experiment(first)
    first.result_file.unlink()
    if not marked:
        (first.folder / 'fingerprint.txt').unlink()
    with pytest.raises(DataError, match="a training or a result of other settings than 'T = 2'"):
        run_experiment(replace(second, folder=first.folder))


@pytest.mark.parametrize(
    'old, new, message',
    [
        ("name = 'small'\n", '', 'a suite states config, name, options, rows, seeds'),
        ("paper='table 6'", "papers='table 6'", 'a row does not fit.*papers'),
        ("name='T = 3'", "name='T = 2'", "two rows are called 'T = 2'"),
    ],
)
def test_mistakes_in_a_suite_are_named(suite_file, old, new, message):
    suite_file.write_text(suite_file.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=message):
        read_suite(suite_file)


def test_the_command_prints_what_it_would_run_and_refuses_unknown_rows(suite_file, tmp_path, run_here):
    call = partial(run_here, 'tools/run_experiments.py', suite_file, '--work-dir', tmp_path, check=False)

    done = call('--dry-run')
    assert [line.partition(': python')[0] for line in done.stdout.splitlines()] == ['T = 2, seed 0', 'T = 2, seed 1']
    done = call('--table', '--out', tmp_path / 'table.md')
    assert done.returncode == 0 and not (tmp_path / 'small').exists()
    assert (tmp_path / 'table.md').read_text() in done.stdout and done.stdout.startswith('### Not run')
    done = call('--only', 'T = 9')
    assert done.returncode and "no row 'T = 9'; the suite has T = 2, T = 3" in done.stderr
    done = call('--seed', '9')
    assert done.returncode and 'no seed 9; the suite has' in done.stderr


def test_two_at_a_time(suite_file, tmp_path):
    command = [sys.executable, 'tools/run_experiments.py', str(suite_file), '--work-dir', str(tmp_path), '--jobs', '2']
    done = subprocess.run(
        [*command, '--out', str(tmp_path / 'table.md')], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    results = json.loads((tmp_path / 'table.json').read_text())
    assert [result['seed'] for result in results['T = 2']] == [0, 1] and results['T = 3'] == []
    assert '| T = 2 | table 6 | 2 |' in (tmp_path / 'table.md').read_text()


def test_results_of_other_runs_are_kept_and_not_run_again(suite_file, simulated_root, tmp_path, run_here):
    """Two runs with folders and data of their own, say, on two machines, fill one table."""
    (tmp_path / 'data').symlink_to(simulated_root)

    def call(folder, *arguments):
        options = ('--out', tmp_path / 'table.md', '--work-dir', tmp_path / folder, *arguments)
        return run_here('tools/run_experiments.py', suite_file, *options).stdout

    call('first', '--seed', '0')
    there = ('--data-root', tmp_path / 'data')
    todo = call('second', '--dry-run', *there)
    assert todo.startswith('T = 2, seed 0: done\nT = 2, seed 1: python') and f' data_root={tmp_path}/data ' in todo
    call('second', *there)
    assert sorted(path.name for path in (tmp_path / 'second').glob('*/*/seed_*')) == ['seed_1']
    stored = read_results(tmp_path / 'table.json')
    assert [result['seed'] for result in stored['T = 2']] == [0, 1]

    text = suite_file.read_text()
    for change, message in ((('num_frames=2', 'num_frames=3'), 'of other settings'), (('T = 2', 'T = 4'), 'which the')):
        suite_file.write_text(text.replace(*change))
        with pytest.raises(DataError, match=f"'T = 2', seed 0, {message}"):
            check_stored(read_suite(suite_file), stored)


@pytest.mark.parametrize('text, message', [('[1]', 'does not hold results by row'), ('{"a": [{}]}', 'has no seed')])
def test_a_file_of_something_else_is_not_taken_for_results(text, message, tmp_path):
    (tmp_path / 'table.json').write_text(text)
    with pytest.raises(DataError, match=message):
        read_results(tmp_path / 'table.json')


def test_a_training_that_ended_before_its_result_was_written_is_only_tested(suite_file, tmp_path):
    first = next(read_suite(suite_file).experiments(tmp_path))
    result = run_experiment(first)
    first.result_file.unlink()
    written = (first.folder / 'epoch_1.pth').stat().st_mtime_ns
    again = run_experiment(first)
    assert again['metrics'] == result['metrics'] and again['training_s'] == result['training_s'] > 0
    assert (first.folder / 'epoch_1.pth').stat().st_mtime_ns == written
