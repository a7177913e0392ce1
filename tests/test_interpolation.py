"""References in configurations: what they stand for, and what is refused."""

import pytest
from mmengine.config import Config

from mmradar.errors import ConfigError
from mmradar.interpolation import referred, resolve, value_at

FACTS = dict(
    num_frames=9,
    views=('hori', 'vert'),
    range_bins=[31, 95],
    radar=dict(preset='iwr1843_hupr', num_loops=64, positions=[dict(x=0.5)]),
    data_root='data/HuPR',
    cache_dir=None,
    rate=1.5,
)


@pytest.mark.parametrize(
    'reference, value',
    [
        ('${num_frames}', 9),
        ('${ num_frames }', 9),
        ('${views}', ('hori', 'vert')),
        ('${radar}', FACTS['radar']),
        ('${cache_dir}', None),
        ('${radar.num_loops}', 64),
        ('${range_bins[1]}', 95),
        ('${radar.positions[0].x}', 0.5),
        ('${range_bins[1] - range_bins[0]}', 64),
        ('${len(views)}', 2),
        ('${(num_frames + 1) * len(views) // 3}', 6),
        ('${rate * 2}', 3.0),
        ('${7}', 7),
        ('${data_root}/cache', 'data/HuPR/cache'),
        ('${views[0]} of ${len(views)} from ${cache_dir}', 'hori of 2 from None'),
        ('num_frames', 'num_frames'),
        ('$num_frames {num_frames}', '$num_frames {num_frames}'),
    ],
)
def test_what_a_string_stands_for(reference, value):
    resolved = resolve(Config(dict(FACTS, model=dict(layers=[dict(what=reference)]))))
    assert resolved.model.layers[0].what == value
    assert type(resolved.model.layers[0].what) in (type(value), type(resolved.radar))  # a tuple stays one


def test_references_lead_to_references_whatever_is_said_first():
    config = Config(
        dict(
            last='${middle.window.num_frames}',
            middle='${first}',
            first=dict(window=dict(num_frames='${num_frames * 2}'), text='${last}/${data_root}'),
            **FACTS,
        )
    )
    resolved = resolve(config)
    assert resolved.last == resolved.middle.window.num_frames == resolved.first.window.num_frames == 18
    assert resolved.middle.text == '18/data/HuPR'
    assert value_at(config, 'middle.text') == '18/data/HuPR'


def test_the_configuration_stays_as_it_is_and_values_are_copies():
    settings = dict(FACTS, train=dict(radar='${radar}'), val=dict(radar='${radar}'))
    config = Config(settings)
    resolved = resolve(config)
    resolved.train.radar.positions[0].x = 2.0
    assert resolved.val.radar == resolved.radar == FACTS['radar']
    assert config.to_dict() == settings


def test_plain_dictionaries_and_whole_numbers_of_lists():
    resolved = resolve(dict(a='${b[1]}', b=[1, (2, '${c}')], c='x'))
    assert resolved == dict(a=(2, 'x'), b=[1, (2, 'x')], c='x') and type(resolved) is dict


def test_a_configuration_without_references_is_itself_and_twice_is_once():
    once = resolve(Config(dict(FACTS, model=dict(num_frames='${num_frames}'))))
    assert resolve(once).to_dict() == once.to_dict() == dict(FACTS, model=dict(num_frames=9))


@pytest.mark.parametrize(
    'reference, message',
    [
        ('${num_frame}', "the configuration has no 'num_frame'; did you mean 'num_frames'?"),
        ('${frobnicate}', "the configuration has no 'frobnicate'"),
        ('${radar.num_loop}', "radar has no 'num_loop'; did you mean 'num_loops'?"),
        ('${range_bins[2]}', 'range_bins has no 2'),
        ('${views.hori}', "views has no 'hori'"),
        ('${num_frames.x}', "num_frames has no 'x'"),
        ('${data_root[0]}', "data_root has no '0'"),
        ('${num_frames', "= '${num_frames' is no reference; one is '${name}', "),
        ('${}', 'is no reference'),
        ('${num_frames}}${', 'is no reference'),
        ('${1 +}', 'is no reference'),
        ('${range_bins[-1]}', 'is no reference'),
        ('${views[num_frames]}', 'is no reference'),
        ('${num_frames / 2}', 'is no reference'),
        ('${num_frames ** 9}', 'is no reference'),
        ('${max(range_bins)}', 'is no reference'),
        ('${"a"}', 'is no reference'),
        ('${[1, 2]}', 'is no reference'),
        ('${__import__("os").getcwd()}', 'is no reference'),
        ('${len(views, views)}', 'is no reference'),
        ('${len(*views)}', 'is no reference'),
        ('${num_frames if True else 1}', 'is no reference'),
        ('${len(num_frames)}', 'len(num_frames) cannot be computed: '),
        ('${range_bins[1] - views}', 'range_bins[1] - views cannot be computed: '),
        ('${num_frames // (range_bins[0] - 31)}', 'cannot be computed: '),
        ('${model}', 'its reference leads back to it: model.layers.0.what -> model.layers.0.what'),
        ('${model.layers[0].what}', 'its reference leads back to it'),
    ],
)
def test_what_is_refused_and_where_it_stands(reference, message):
    with pytest.raises(ConfigError) as error:
        resolve(Config(dict(FACTS, model=dict(layers=[dict(what=reference)]))))
    assert str(error.value).startswith('model.layers.0.what') and message in str(error.value)


def test_a_circle_is_shown():
    with pytest.raises(ConfigError, match='b: its reference leads back to it: a -> b -> a -> b'):
        resolve(Config(dict(a='${b.c}', b='${a.c}')))
    with pytest.raises(ConfigError, match='a: its reference leads back to it: a -> b.c -> a'):
        resolve(Config(dict(a='${b}', b=dict(c='x${a}'))))


def test_what_is_referred_to():
    node = dict(a=['${num_frames}', ('x${radar.num_loops}',)], b='${range_bins[1] - len(views) * 2}', c='views', d='${')
    assert set(referred(node)) == {'num_frames', 'radar.num_loops', 'range_bins.1', 'views'}
