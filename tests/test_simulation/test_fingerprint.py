import pytest

from mmradar.errors import DataError
from mmradar.simulation import PLANS
from mmradar.simulation.fingerprint import check_fingerprint, fingerprint, published_fingerprints


@pytest.mark.parametrize('name', PLANS)
def test_named_sets_come_out_as_published(name):
    check_fingerprint(name)


def test_another_seed_is_noticed(monkeypatch):
    name = 'simhupr-v1-mini'
    monkeypatch.setitem(PLANS, name, PLANS[name].changed(seed=1))
    with pytest.raises(DataError, match='mean of keypoints in px differ by'):
        check_fingerprint(name)


def test_another_skin_is_noticed_in_the_samples(monkeypatch):
    name = 'simhupr-v1-mini'
    monkeypatch.setitem(PLANS, name, PLANS[name].changed(skin=dict(slope=0.13)))
    with pytest.raises(DataError, match='samples of .* in counts differ by'):
        check_fingerprint(name)


def test_every_split_and_view_is_looked_at():
    published = published_fingerprints()
    assert set(published) == set(PLANS)
    for name, found in published.items():
        places = {f'{numbers[0]}/{view}' for numbers in PLANS[name].splits.values() for view in ('hori', 'vert')}
        assert set(found['samples']) == places
    assert len(fingerprint(PLANS['simhupr-v1-mini'])['samples']['1/hori']) == 96
