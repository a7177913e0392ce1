"""Poses of recordings without labels."""

import numpy as np
import pytest
import torch

from conftest import SMALL_PLAN
from mmradar.apis import build_loader, inference, init_model
from mmradar.apis.evaluation import predictions
from mmradar.errors import ConfigError, DataError
from mmradar.radar import MemoryRecording, RawRecording, open_recording


@pytest.fixture
def model(tiny_config):
    torch.manual_seed(1)
    return init_model(tiny_config)


def files(root, sequence=7):
    return {view: root / f'single_{sequence}/{view}/adc_data.bin' for view in ('hori', 'vert')}


def test_a_bare_recording_gives_what_a_test_predicts(model, simulated_root):
    tested = {
        (sample.sequence, sample.frame): sample.pred_instances.keypoints
        for _, samples in predictions(model, build_loader(model.cfg))
        for sample in samples
    }
    found = inference(model, files(simulated_root), batch_size=3)
    assert [sample.frame for sample in found] == [0, 1, 2, 3, 4]
    for sample in found:
        assert 'gt_instances' not in sample and sample.pred_instances.keypoints.shape == (1, 14, 2)
        np.testing.assert_allclose(sample.pred_instances.keypoints, tested[7, sample.frame], atol=1e-3)


def test_frames_that_are_wanted_and_recordings_that_are_open(model, simulated_root):
    whole = inference(model, files(simulated_root))
    opened = {view: open_recording(path, SMALL_PLAN.radar_config) for view, path in files(simulated_root).items()}
    in_memory = {view: RawRecording(each.words(), each.path, each.config) for view, each in opened.items()}
    for recording in (opened, in_memory, dict(reversed(opened.items()))):
        found = inference(model, recording, frames=[4, 1])
        assert [sample.frame for sample in found] == [4, 1]
        for sample in found:
            np.testing.assert_allclose(
                sample.pred_instances.keypoints, whole[sample.frame].pred_instances.keypoints, atol=1e-3
            )


def test_what_is_no_recording_of_the_models_radars_is_refused(model, simulated_root):
    one = files(simulated_root)
    with pytest.raises(ConfigError, match='recordings of the views hori, vert are expected, found vert'):
        inference(model, dict(vert=one['vert']))
    with pytest.raises(DataError, match='frames 2 to 9 are wanted, there are 5'):
        inference(model, one, frames=[2, 9])
    with pytest.raises(FileNotFoundError, match='no radar recording at .*nowhere.bin'):
        inference(model, one | dict(hori=simulated_root / 'nowhere.bin'))
    other = SMALL_PLAN.changed(radar=dict(SMALL_PLAN.radar, slope_hz_per_s=70e12)).radar_config
    with pytest.raises(
        ConfigError, match=r'hori.* is from a different radar .* its slope_hz_per_s is 70000000000000.0,'
    ):
        inference(model, one | dict(hori=open_recording(one['hori'], other)))


def test_a_recording_that_holds_more_than_the_models_radar_is_cut(model, simulated_root):
    opened = {view: open_recording(path, SMALL_PLAN.radar_config) for view, path in files(simulated_root).items()}
    expected = inference(model, opened)
    fields = {'num_loops': 12, 'num_samples': 160, 'iq_order': 'QQII', 'start_frequency_hz': 77.1e9}
    more = SMALL_PLAN.changed(radar=dict(SMALL_PLAN.radar, **fields)).radar_config
    longer = {}
    for view, recording in opened.items():
        cube = np.zeros((len(recording), *more.frame_shape), np.complex64)
        cube[..., :8, :128] = recording.cube()
        cube[..., 8:, :] = cube[..., 128:] = 1000  # what must not be looked at
        longer[view] = MemoryRecording(cube, more)
    for found, sample in zip(inference(model, longer), expected):
        np.testing.assert_allclose(found.pred_instances.keypoints, sample.pred_instances.keypoints, atol=1e-3)
    fewer = SMALL_PLAN.changed(radar=dict(SMALL_PLAN.radar, num_loops=4, num_rx=2, rx_positions=None)).radar_config
    less = {view: MemoryRecording(np.zeros((5, *fewer.frame_shape), np.complex64), fewer) for view in opened}
    with pytest.raises(
        ConfigError, match=r'hori.* cannot be converted: its num_rx is 2, not 4; its num_loops is 4, not 8'
    ):
        inference(model, less)


def test_the_windows_key_frame_is_what_is_predicted(model, simulated_root):
    """A causal window looks at nothing that comes later."""
    causal = init_model(model.cfg, cfg_options={'test_dataloader.dataset.window.key': 'last'})
    causal.load_state_dict(model.state_dict())
    opened = {view: open_recording(path, SMALL_PLAN.radar_config) for view, path in files(simulated_root).items()}
    words = {view: np.array(each.words()) for view, each in opened.items()}

    def second_frame(network):
        recording = {view: RawRecording(words[view], each.path, each.config) for view, each in opened.items()}
        return inference(network, recording, frames=[1])[0].pred_instances.keypoints

    before = [second_frame(network) for network in (causal, model)]
    for each in words.values():
        each[2:] = each[:1]
    after = [second_frame(network) for network in (causal, model)]
    np.testing.assert_array_equal(after[0], before[0])
    assert np.abs(after[1] - before[1]).max() > 1e-3


def test_views_that_lost_other_frames_are_refused(model, simulated_root):
    """Their frames no longer belong together, number by number."""
    opened = {view: open_recording(path, SMALL_PLAN.radar_config) for view, path in files(simulated_root).items()}
    lossy = {
        view: RawRecording(each.words([0, 2, 3]), each.path, each.config, missing_frames=(1,))
        for view, each in opened.items()
    }
    assert len(inference(model, lossy)) == 3
    with pytest.raises(DataError, match=r'do not lack the same frames .*\(hori\): 1; .*\(vert\): 0'):
        inference(model, lossy | dict(vert=opened['vert']))


def test_the_caller_s_model_and_random_numbers_stay_as_they_are(model, simulated_root):
    expected = inference(model, files(simulated_root))
    state, weights = torch.get_rng_state(), {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    model.backbone.eval()  # as one that is frozen
    found = inference(model, files(simulated_root))
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one.pred_instances.keypoints, other.pred_instances.keypoints)
    assert model.training and model.head.training and not model.backbone.training
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_what_the_configuration_leaves_to_its_data_set_is_that_data_set_s(model, simulated_root):
    """The order of views above all, which the recording's names must not change."""
    expected = inference(model, files(simulated_root))
    del model.cfg.test_dataloader.dataset['views']
    found = inference(model, dict(reversed(files(simulated_root).items())))
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one.pred_instances.keypoints, other.pred_instances.keypoints)
    with pytest.raises(ConfigError, match='recordings of the views hori, vert are expected, found vert'):
        inference(model, dict(vert=files(simulated_root)['vert']))


def test_no_frames_are_an_error(model, simulated_root):
    with pytest.raises(DataError, match='no frames are wanted, there are 5'):
        inference(model, files(simulated_root), frames=[])


def test_an_unknown_type_of_test_set_is_named(model, simulated_root):
    model.cfg.test_dataloader.dataset.type = 'NoSuchDataset'
    with pytest.raises(ConfigError, match="there is no data set of type 'NoSuchDataset' in the registry"):
        inference(model, files(simulated_root))


def test_a_model_without_a_configuration_is_refused(model, simulated_root):
    del model.cfg
    with pytest.raises(ConfigError, match='the RadarPoseEstimator has no configuration .* mmradar.apis.init_model'):
        inference(model, files(simulated_root))
