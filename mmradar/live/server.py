"""The web page of a live session."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web
from torch import nn

from mmradar.capture import CaptureError
from mmradar.live.session import LivePose, LiveSession
from mmradar.visualization import heatmap_level

_PAGE = Path(__file__).with_name('page.html')


class LiveServer:
    """Shows a live session in browsers, as many as come; one that goes away or is slow holds nobody up.

    Args:
        model: Of :func:`~mmradar.apis.init_model`.
        addresses: (host, port) to receive each of the model's views on.
        host: Address of the page: of this computer alone unless told otherwise.
        port: Of the page; 0 takes a free one.
        **options: As of :class:`~mmradar.live.LiveSession`.

    Raises:
        ConfigError: Other views than the model's, or boards that record something else than its radar.
        CaptureError: An address that cannot be listened on.
    """

    def __init__(
        self,
        model: nn.Module,
        addresses: Mapping[str, tuple[str, int]],
        host: str = '127.0.0.1',
        port: int = 8080,
        **options: Any,
    ) -> None:
        self._meta = model.dataset_meta or {}
        self._browsers: dict[web.WebSocketResponse, asyncio.Queue[str]] = {}
        self._started, self._error = threading.Event(), None
        self.session = LiveSession(model, addresses, self._on_pose, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(host, port), name='live page', daemon=True)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self.session.close()
            raise CaptureError(f'the page cannot be served on {host}:{port}: {self._error}')

    @property
    def url(self) -> str:
        """Of the page."""
        return f'http://{self._address[0]}:{self._address[1]}/'

    def close(self) -> None:
        """Stop, tell the browsers, and let go of all sockets."""
        self.session.close()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def __enter__(self) -> LiveServer:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _serve(self, host: str, port: int) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._until_stopped(host, port))
        finally:
            self._loop.close()

    async def _until_stopped(self, host: str, port: int) -> None:
        self._stopping = asyncio.Event()
        app = web.Application()
        app.add_routes([web.get('/', self._page), web.get('/socket', self._socket)])
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            self._address = site._server.sockets[0].getsockname()[:2]
        except OSError as error:
            self._error = error
            await runner.cleanup()
            return
        finally:
            self._started.set()
        await self._stopping.wait()
        for browser in list(self._browsers):
            await browser.close(code=WSCloseCode.GOING_AWAY)
        await runner.cleanup()

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=_PAGE.read_text(encoding='utf-8'), content_type='text/html')

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        # another site's page may not listen or record through the user's browser
        origin = request.headers.get('Origin')
        if origin is not None and origin.split('://')[-1] != request.host:
            raise web.HTTPForbidden(text='the page of this server alone may connect')
        browser = web.WebSocketResponse(heartbeat=10)
        await browser.prepare(request)
        outgoing: asyncio.Queue[str] = asyncio.Queue(maxsize=4 * self.session.stream.poses_per_window)
        self._browsers[browser] = outgoing
        sender = asyncio.create_task(self._send(browser, outgoing))
        try:
            await browser.send_str(json.dumps(self._introduction()))
            async for message in browser:
                if message.type == WSMsgType.TEXT:
                    self._command(message.data)
        finally:
            del self._browsers[browser]
            sender.cancel()
        return browser

    @staticmethod
    async def _send(browser: web.WebSocketResponse, outgoing: asyncio.Queue[str]) -> None:
        while not browser.closed:
            await browser.send_str(await outgoing.get())

    def _command(self, text: str) -> None:
        """What the page asks for; anything else is nobody's business here."""
        try:
            wanted = json.loads(text).get('record')
        except (json.JSONDecodeError, AttributeError):
            return
        if isinstance(wanted, bool):
            self.session.record(wanted)

    def _introduction(self) -> dict[str, Any]:
        """What the page needs to know before the first pose."""
        colours = np.asarray(self._meta.get('skeleton_link_colors', [])).tolist()
        stream = self.session.stream
        return dict(
            kind='model',
            links=[list(link) for link in self._meta.get('skeleton_links', [])],
            colours=colours,
            views=list(stream.views),
            image_size=[int(size) for size in stream.image_size],
            wait_ms=round(1000 * stream.wait_s),
            poses_per_window=stream.poses_per_window,
            boards={view: '{}:{}'.format(*board.address) for view, board in self.session.boards.items()},
        )

    def _on_pose(self, live: LivePose) -> None:
        """From the session's thread to the browsers; one that has not taken the last ones misses this one."""
        if not self._browsers:
            return
        text = json.dumps(self._message(live))
        self._loop.call_soon_threadsafe(self._hand_out, text)

    def _hand_out(self, text: str) -> None:
        for outgoing in self._browsers.values():
            if not outgoing.full():
                outgoing.put_nowait(text)

    def _message(self, live: LivePose) -> dict[str, Any]:
        pose, recorder = live.pose, self.session.recorder
        return dict(
            kind='pose',
            frame=pose.frame,
            time_s=round(pose.time_s, 3),
            poses=pose.keypoints.round(2).tolist(),
            scores=pose.scores.round(3).tolist(),
            missing=list(pose.missing),
            latency_ms=round(1000 * live.latency_s, 1),
            frame_rate_hz=round(live.frame_rate_hz, 1),
            behind=live.behind,
            left_out=live.left_out,
            heatmaps=[_image(heatmap_level(heatmap)) for heatmap in pose.heatmaps],
            # as a heatmap with angle and Doppler in each other's place
            range_doppler=[_image(heatmap_level(heatmap.swapaxes(1, 2))) for heatmap in pose.heatmaps],
            boards={
                view: dict(packets=board.packets, frames=board.num_frames, lost_bytes=board.lost_bytes)
                for view, board in self.session.boards.items()
            },
            recording=str(recorder.folder) if recorder.running else None,
            recorded=recorder.num_frames if recorder.running else 0,
        )


def _image(level: np.ndarray) -> dict[str, Any]:
    """Grey levels (rows, range) as the page reads them."""
    height, width = level.shape
    return dict(width=width, height=height, grey=base64.b64encode((255 * level).astype(np.uint8).tobytes()).decode())
