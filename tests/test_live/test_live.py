"""Everything but the boards as it will run: datagrams, sockets, frames, poses, the page in a real browser."""

import argparse
import asyncio
import base64
import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from fake_boards import RESET_RADAR, STOP, FakeBoard
from lifters import ElapsedTimeLifter

from conftest import SMALL_PLAN
from mmradar import package_configs, plugins
from mmradar.apis import RadarPoseInferencer, inference, init_model
from mmradar.capture import CaptureError, boards_radar, replay
from mmradar.cli import lifter_from
from mmradar.commands import live
from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, open_recording, pack_words, unpack_words

aiohttp = pytest.importorskip('aiohttp', reason="the live page needs pip install 'mmradar[live]'")
from mmradar.live import LiveServer, LiveSession  # noqa: E402

RADAR = SMALL_PLAN.radar_config
VIEWS = ('hori', 'vert')
STATE = "document.getElementById('state').textContent"
ANY_PORT = dict.fromkeys(VIEWS, ('127.0.0.1', 0))
CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')


@pytest.fixture
def model(tiny_config):
    torch.manual_seed(1)
    return init_model(tiny_config)


@pytest.fixture
def recordings(simulated_root):
    return {view: open_recording(simulated_root / f'single_7/{view}/adc_data.bin', RADAR) for view in VIEWS}


@contextmanager
def replayed(session, recordings, **options):
    """A recording sent to a session's boards, again and again, until the block ends."""
    stop = threading.Event()
    addresses = {view: board.address for view, board in session.boards.items() if view in recordings}
    options = dict(repeat=True, speed=2, stop=stop.is_set) | options
    thread = threading.Thread(target=replay, args=(recordings, addresses), kwargs=options)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'it did not happen in time'
        time.sleep(0.02)


def test_poses_are_those_of_the_file(model, recordings, simulated_root):
    expected = [r['predictions'][0]['keypoints'] for r in RadarPoseInferencer(model)(simulated_root / 'single_7')]
    poses = []
    with LiveSession(model, ANY_PORT, poses.append) as session:
        with replayed(session, recordings, repeat=False):
            wait_for(lambda: len(poses) >= 3)
        assert session.error is None
    # of frame 4 the last bytes wait for the next frame's, and with it the pose of frame 3
    assert [each.pose.frame for each in poses[:3]] == [0, 1, 2]
    for each, keypoints in zip(poses[:3], expected):
        np.testing.assert_allclose(each.pose.keypoints[0], keypoints, atol=1e-3)
        assert 0 < each.latency_s < 2 and not each.pose.missing


def test_a_recording_of_a_session_is_the_file_again(model, recordings, tmp_path):
    poses = []
    with LiveSession(model, ANY_PORT, poses.append, tmp_path) as session:
        session.record(True)
        with replayed(session, recordings):
            wait_for(lambda: session.recorder.num_frames >= 7)
            session.record(False)
            wait_for(lambda: not session.recorder.running)
        folder = session.recorder.folder
    for view, recording in recordings.items():
        found = open_recording(folder / view / 'adc_data.bin', RADAR).words()
        expected = recording.words()[np.arange(len(found)) % 5]
        assert len(found) >= 7
        np.testing.assert_array_equal(found, expected)


def test_a_silent_board_is_told_and_its_lack_is_borne(model, recordings):
    poses = []
    with LiveSession(model, ANY_PORT, poses.append) as session:
        with replayed(session, recordings):
            wait_for(lambda: len(poses) >= 3)
        before = len(poses)
        with replayed(session, {'hori': recordings['hori']}):
            wait_for(lambda: len(poses) >= before + 4)
        assert poses[-1].pose.missing == ('vert',) and session.error is None


def test_a_model_that_is_too_slow_leaves_out_poses_and_no_frames(model, recordings, tmp_path, monkeypatch):
    poses, predict = [], model.extract_feat

    def slow(inputs):
        time.sleep(0.2)
        return predict(inputs)

    monkeypatch.setattr(model, 'extract_feat', slow)
    with LiveSession(model, ANY_PORT, poses.append, tmp_path) as session:
        session.record(True)
        with replayed(session, recordings, speed=3):
            wait_for(lambda: session.recorder.num_frames > 40)
    assert session.stream.left_out > 10 and all(each.behind < 30 for each in poses)
    frames = [each.pose.frame for each in poses]
    assert frames == sorted(frames) and len(frames) < session.recorder.num_frames - session.stream.left_out + 2


def test_mistakes_are_told_and_all_sockets_closed(model):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, socket.socket() as page:
        taken.bind(('127.0.0.1', 0))
        page.bind(('127.0.0.1', 0))
        page.listen()
        addresses = dict(hori=('127.0.0.1', 0), vert=taken.getsockname())
        with pytest.raises(CaptureError, match='vert: cannot listen on 127.0.0.1:'):
            LiveServer(model, addresses, port=0)
        with pytest.raises(CaptureError, match='the page cannot be served on 127.0.0.1:'):
            LiveServer(model, ANY_PORT, port=page.getsockname()[1])
    with pytest.raises(ConfigError, match="the model takes the views hori, vert, and 'vert' is missing"):
        LiveServer(model, dict(hori=('127.0.0.1', 0)), port=0)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(('receiver', 'live'))]


def test_boards_whose_words_lie_otherwise_give_the_same_poses(model, recordings, tmp_path):
    expected = [sample.pred_instances.keypoints for sample in inference(model, recordings)]
    theirs, sent = boards_radar(RADAR), {}
    for view, recording in recordings.items():
        pack_words(unpack_words(recording.words(), RADAR), theirs).tofile(tmp_path / f'{view}.bin')
        sent[view] = open_recording(tmp_path / f'{view}.bin', theirs)
    poses = []
    with LiveSession(model, ANY_PORT, poses.append, tmp_path, radar=theirs) as session:
        session.record(True)
        with replayed(session, sent, repeat=False):
            wait_for(lambda: len(poses) >= 3)
        session.record(False)
        folder = session.recorder.folder
    for each, keypoints in zip(poses[:3], expected):
        np.testing.assert_allclose(each.pose.keypoints, keypoints, atol=1e-3)
    recorded = open_recording(folder / 'vert' / 'adc_data.bin', RADAR).words()  # as the model's radar would write it
    np.testing.assert_array_equal(recorded, recordings['vert'].words()[: len(recorded)])
    with pytest.raises(ConfigError, match="another radar than the model's: num_loops is 64, not 8"):
        LiveSession(model, ANY_PORT, poses.append, radar=RadarConfig())


def test_the_command_configures_boards_and_switches_them_off(tiny_config, recordings, tmp_path, capsys):
    pytest.importorskip('xwr', reason="boards need pip install 'mmradar[boards]'")
    parser = argparse.ArgumentParser()
    live.add_arguments(parser)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        one.bind(('127.0.0.1', 0)), two.bind(('127.0.0.1', 0))
        ports = [each.getsockname()[1] for each in (one, two)]
    theirs, fakes = boards_radar(RADAR), []
    with contextlib.ExitStack() as stack:
        for number, (view, recording) in enumerate(recordings.items()):
            raw = tmp_path / f'{view}.bin'
            pack_words(unpack_words(recording.words(), RADAR), theirs).tofile(raw)
            fake = FakeBoard(raw, theirs, ('127.0.0.1', ports[number]), f'127.0.0.{2 + number}', 40970 + number)
            fakes.append(stack.enter_context(fake))
        words = ['--ports', *map(str, ports), '--serial', *(fake.serial_port for fake in fakes), '--port', '0']
        words += [
            '--listen',
            '127.0.0.1',
            '--cards',
            '127.0.0.2',
            '127.0.0.3',
            '--command-ports',
            '40970',
            '40971',
            '--seconds',
            '2',
        ]
        args = parser.parse_args(words)
        args.model, args.weights = tiny_config, str(tmp_path / 'weights.pth')
        torch.save(dict(state_dict=init_model(tiny_config).state_dict()), args.weights)
        live.main(args)
        assert all(fake.commands[-1] == 'sensorStart' and fake.requests[-2:] == [STOP, RESET_RADAR] for fake in fakes)
    printed = capsys.readouterr().out
    assert (
        'hori: configuring the radar on /dev/pts/' in printed and 'vert: waiting for a board on 127.0.0.1:' in printed
    )
    assert 'hori: data arrive' in printed and 'no data came' not in printed
    args.listen = None  # a DCA1000's, which this computer has not
    with pytest.raises(CaptureError, match='hori: cannot listen on 192.168.33.30:'):
        live.main(args)
    args.serial = ['/dev/null'] * 3
    with pytest.raises(ConfigError, match='--serial takes one value, or one for each of the views hori, vert; found 3'):
        live.main(args)


async def messages(url, count, origin=None, record=None):
    """The first messages of the page's socket."""
    headers = {} if origin is None else {'Origin': origin}
    async with aiohttp.ClientSession() as client, client.ws_connect(url + 'socket', headers=headers) as browser:
        if record is not None:
            await browser.send_str('no json')
            await browser.send_str(json.dumps(dict(record=record)))
        found: list[dict] = []
        while len(found) < count:
            message = json.loads((await browser.receive(timeout=20)).data)
            found += [message] if message['kind'] != 'packets' else []  # one each second
        return found


def test_the_page_s_socket_tells_all_that_it_shows(model, recordings, tmp_path):
    with (
        LiveServer(model, ANY_PORT, port=0, record_dir=tmp_path, lifter=ElapsedTimeLifter(), min_echo_db=1) as server,
        replayed(server.session, recordings, faults=None),
    ):
        assert server.url.startswith('http://127.0.0.1:')
        introduction, *poses = asyncio.run(messages(server.url, 6, origin=server.url.rstrip('/'), record=True))
        assert introduction['views'] == list(VIEWS) and introduction['image_size'] == [256, 256]
        assert len(introduction['links']) == len(introduction['colours']) > 10
        assert introduction['wait_ms'] == 100 and introduction['min_echo_db'] == 1
        assert introduction['lifted'] and introduction['joints'][6:8] == ['Neck', 'Head']
        for message in poses:
            assert np.shape(message['poses']) == (1, 14, 2) and message['missing'] == []
            assert np.shape(message['keypoints_3d_m']) == (14, 3)
            assert np.shape(message['echo_db']) == (2,) and min(message['echo_db']) > 1
            assert set(message['boards']) == set(VIEWS) and message['boards']['hori']['packets'] > 30
            heatmap = message['heatmaps'][0]
            grey = np.frombuffer(base64.b64decode(heatmap['grey']), np.uint8)
            assert len(grey) == heatmap['width'] * heatmap['height'] and grey.max() == 255
            assert (message['range_doppler'][1]['height'], message['range_doppler'][1]['width']) == (8, 64)
        assert poses[-1]['recording'].startswith(str(tmp_path)) and poses[-1]['recorded'] > 0
        with pytest.raises(aiohttp.WSServerHandshakeError, match='403'):
            asyncio.run(messages(server.url, 1, origin='http://elsewhere.example'))


async def answers(url, host):
    """Statuses of the page and of its socket, asked for by another name."""
    async with aiohttp.ClientSession(headers={'Host': host, 'Origin': f'http://{host}'}) as client:
        async with client.get(url) as page:
            status = page.status
        try:
            async with client.ws_connect(url + 'socket') as browser:
                return status, json.loads((await browser.receive(timeout=20)).data)['kind']
        except aiohttp.WSServerHandshakeError as error:
            return status, error.status


def test_a_name_that_leads_here_is_not_the_page_s(model):
    """A page of another site may give its own name this computer's address (DNS rebinding)."""
    with LiveServer(model, ANY_PORT, port=0) as server:
        port = server.url.split(':')[-1].rstrip('/')
        assert asyncio.run(answers(server.url, f'elsewhere.example:{port}')) == (403, 403)
        assert asyncio.run(answers(server.url, f'localhost:{port}')) == (200, 'model')
    with LiveServer(model, ANY_PORT, host='0.0.0.0', port=0) as server:  # for other computers, by any name
        assert asyncio.run(answers(f'http://127.0.0.1:{server.url.split(":")[-1]}', 'lab.example')) == (200, 'model')


def test_browsers_hear_of_packets_without_poses(model, recordings, monkeypatch):
    """So that the page can tell a slow computer from silent boards."""
    with LiveServer(model, ANY_PORT, port=0) as server:
        monkeypatch.setattr(server, '_on_pose', lambda live: None)
        monkeypatch.setattr(server.session, '_on_pose', lambda live: None)

        async def counts():
            async with aiohttp.ClientSession() as client, client.ws_connect(server.url + 'socket') as browser:
                found = [json.loads((await browser.receive(timeout=20)).data) for _ in range(3)]
                return [message['packets'] for message in found[1:]]

        with replayed(server.session, recordings, faults=None):
            first, second = asyncio.run(counts())
        assert 0 < first <= second


@contextmanager
def browser(url, folder):
    """Chromium without a screen; gives the address of its page's debugging socket."""
    command = [CHROMIUM, '--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0']
    command += [f'--user-data-dir={folder}', '--window-size=1260,900', '--remote-allow-origins=*', url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port_file = folder / 'DevToolsActivePort'
        wait_for(lambda: port_file.is_file() and len(port_file.read_text().splitlines()) == 2, 60)
        yield int(port_file.read_text().splitlines()[0])
    finally:
        process.terminate()
        process.wait()


class Page:
    """A page in a browser, by Chromium's debugging protocol."""

    def __init__(self, port):
        self.port = port

    def _call(self, method, **parameters):
        async def call():
            async with aiohttp.ClientSession() as client:
                async with client.get(f'http://127.0.0.1:{self.port}/json') as answer:
                    address = next(p['webSocketDebuggerUrl'] for p in await answer.json() if p['type'] == 'page')
                async with client.ws_connect(address, max_msg_size=0) as connection:
                    await connection.send_str(json.dumps(dict(id=1, method=method, params=parameters)))
                    while True:
                        message = json.loads((await connection.receive(timeout=30)).data)
                        if message.get('id') == 1:
                            return message['result']

        return asyncio.run(call())

    def value(self, expression):
        return self._call('Runtime.evaluate', expression=expression)['result'].get('value')

    def skeleton(self, canvas='pose'):
        """The picture on the page, (640, 640) of brightness."""
        import cv2

        text = self.value(f"document.getElementById('{canvas}').toDataURL()").split(',')[1]
        return cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_GRAYSCALE)

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self._call('Page.captureScreenshot')['data']))


@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium on this machine')
def test_a_browser_shows_a_skeleton_that_moves_and_connects_again(model, recordings, tmp_path):
    import cv2

    server = LiveServer(model, ANY_PORT, port=0, record_dir=tmp_path)
    port = int(server.url.rstrip('/').rsplit(':', 1)[1])
    try:
        with browser(server.url, tmp_path / 'profile') as debugging_port:
            page = Page(debugging_port)
            wait_for(lambda: 'waiting for the boards' in (page.value(STATE) or ''))
            with replayed(server.session, recordings):
                wait_for(lambda: int(page.value('document.body.dataset.poses') or 0) >= 3)
                first = page.skeleton()
                wait_for(lambda: (page.skeleton() != first).any())
                assert (first > 0).mean() > 0.002  # limbs, on nothing
                assert page.value(STATE) == 'live'
                assert 'packets' in page.value("document.getElementById('numbers').textContent")
                page.screenshot(tmp_path / 'page.png')
                page.value("document.getElementById('record').click()")
                wait_for(lambda: server.session.recorder.num_frames > 2)
            wait_for(lambda: page.value(STATE) == 'no frames are arriving')
            server.close()
            wait_for(lambda: 'retrying' in page.value(STATE))
            server = LiveServer(model, ANY_PORT, port=port, record_dir=tmp_path, poses_per_window=3)
            seen = int(page.value('document.body.dataset.poses'))
            with replayed(server.session, recordings):
                wait_for(lambda: int(page.value('document.body.dataset.poses')) > seen + 2)
    finally:
        server.close()
    picture = cv2.imread(str(tmp_path / 'page.png'))
    assert picture.shape[0] > 600 and picture.std() > 10


MOVE = "document.getElementById('pose3d').dispatchEvent(new PointerEvent('pointermove', {{{}}}))"


@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium on this machine')
def test_a_browser_shows_poses_in_3d_that_the_mouse_turns(model, recordings, tmp_path):
    with (
        LiveServer(model, ANY_PORT, port=0, record_dir=tmp_path, lifter=ElapsedTimeLifter()) as server,
        browser(server.url, tmp_path / 'profile') as debugging_port,
    ):
        page = Page(debugging_port)
        wait_for(lambda: 'waiting for the boards' in (page.value(STATE) or ''))
        with replayed(server.session, recordings, speed=0.5):  # the browser draws while the model runs
            wait_for(lambda: int(page.value('document.body.dataset.poses') or 0) >= 3)
        wait_for(lambda: page.value(STATE) == 'no frames are arriving')
        first = page.skeleton('pose3d')
        assert (first > 60).mean() > 0.002 and page.value("document.getElementById('pose3d').clientWidth") > 200
        page.value(MOVE.format('buttons: 1, movementX: 150'))
        turned = page.skeleton('pose3d')
        assert (turned != first).any()
        page.value(MOVE.format('buttons: 1, movementX: -150'))
        assert (page.skeleton('pose3d') == first).all()
        # the name of the joint that the mouse points at
        page.value('joints_m = joints_m.map((_, index) => [index === 7 ? 0 : 5, 0, 0]); skeleton3d()')
        middle = page.value("document.getElementById('pose3d').clientWidth") / 2
        before = page.skeleton('pose3d')
        event = f"{{target: document.getElementById('pose3d'), buttons: 0, offsetX: {middle}, offsetY: {middle}}}"
        page.value(f"document.getElementById('pose3d').onpointermove({event})")
        named = page.skeleton('pose3d')
        assert (named != before).any() and (named != before)[:300].any()
        page.value('joints_m = null; skeleton3d()')  # nobody
        assert (page.skeleton('pose3d') != named).any()


def test_lifters_of_the_command_line(tmp_path, monkeypatch):
    parser = argparse.ArgumentParser()
    live.add_arguments(parser)
    assert lifter_from(parser.parse_args([])) is None
    with pytest.raises(ConfigError, match='--lift-weights goes with --lift'):
        lifter_from(parser.parse_args(['--lift-weights', 'epoch_1.pth']))
    with pytest.raises(ConfigError, match='has no weights, and none come with the package: train it with `mmradar tr'):
        lifter_from(parser.parse_args(['--lift', 'millimamba_tiny_simhupr']))
    monkeypatch.setattr(plugins, 'plugins', dict)  # as if nothing were installed
    monkeypatch.setattr(package_configs, 'plugins', dict)
    with pytest.raises(ConfigError, match=r"no plugin 'hummuss' is installed; .* `pip install -e projects/NAME`"):
        lifter_from(parser.parse_args(['--lift', 'hummuss::hummuss_causal_small_radar']))
