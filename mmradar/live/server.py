"""Server of the web page of a live session."""

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
from mmengine.model import BaseModel

from mmradar.apis.pose_lifting import joint_names
from mmradar.capture import CaptureError
from mmradar.live.session import LivePose, LiveSession
from mmradar.visualization import heatmap_level

_LOOPBACK = ('127.0.0.1', 'localhost', '::1')
_PAGE = Path(__file__).with_name('page.html')


class LiveServer:
    """Server that shows a live session in any number of browsers; a slow or closed browser does not delay the others.

    Args:
        model: Model from :func:`~mmradar.apis.init_model`.
        addresses: Address (host, port) on which to receive each of the model's views.
        host: Address of the page; by default it can be reached from this computer only.
        port: TCP port of the page; 0 selects a free one.
        **options: Further arguments of :class:`~mmradar.live.LiveSession`.

    Attributes:
        session: The live session.

    Raises:
        ConfigError: The views are not the model's, or the boards record with another radar than the model's.
        CaptureError: An address cannot be listened on.
    """

    def __init__(
        self,
        model: BaseModel,
        addresses: Mapping[str, tuple[str, int]],
        host: str = '127.0.0.1',
        port: int = 8080,
        **options: Any,
    ) -> None:
        self._meta: dict[str, Any] = getattr(model, 'dataset_meta', None) or {}
        self._browsers: dict[web.WebSocketResponse, asyncio.Queue[str]] = {}
        self._started, self._error = threading.Event(), None
        self.session = LiveSession(model, addresses, self._on_pose, **options)
        # a page of another site whose name leads to this computer (DNS rebinding) would ask for that name
        self._hosts = {host, *_LOOPBACK} if host in _LOOPBACK else None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(host, port), name='live page', daemon=True)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self.session.close()
            raise CaptureError(f'the page cannot be served on {host}:{port}: {self._error}')

    @property
    def url(self) -> str:
        """Address of the page."""
        return f'http://{self._address[0]}:{self._address[1]}/'

    def close(self) -> None:
        """Stop the session and the server, and close the connections to browsers and all sockets."""
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
            self._address = runner.addresses[0][:2]
        except OSError as error:
            self._error = error
            await runner.cleanup()
            return
        finally:
            self._started.set()
        counting = asyncio.create_task(self._count_packets())
        await self._stopping.wait()
        counting.cancel()
        for browser in list(self._browsers):
            await browser.close(code=WSCloseCode.GOING_AWAY)
        await runner.cleanup()

    def _check_host(self, request: web.Request) -> None:
        """Refuse requests for another name than the page's own, as long as only this computer may see it."""
        if self._hosts is not None and request.url.host not in self._hosts:
            raise web.HTTPForbidden(text=f'this page is at {self.url}')

    async def _page(self, request: web.Request) -> web.Response:
        self._check_host(request)
        return web.Response(text=_PAGE.read_text(encoding='utf-8'), content_type='text/html')

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self._check_host(request)
        # pages of other sites must not read poses or start recordings through the user's browser
        origin = request.headers.get('Origin')
        if origin is not None and origin.split('://')[-1] != request.host:
            raise web.HTTPForbidden(text='only the page of this server may connect')
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
        """Start or stop recording as the page asks; ignore any other message."""
        try:
            wanted = json.loads(text).get('record')
        except (json.JSONDecodeError, AttributeError):
            return
        if isinstance(wanted, bool):
            self.session.record(wanted)

    def _introduction(self) -> dict[str, Any]:
        """Return the message that the page needs before the first pose."""
        colours = np.asarray(self._meta.get('skeleton_link_colors', [])).tolist()
        stream = self.session.stream
        return dict(
            kind='model',
            links=[list(link) for link in self._meta.get('skeleton_links', [])],
            colours=colours,
            joints=joint_names(self._meta),
            lifted=stream.lifted,
            views=list(stream.views),
            image_size=[int(size) for size in stream.image_size],
            min_echo_db=stream.min_echo_db,
            wait_ms=round(1000 * stream.wait_s),
            poses_per_window=stream.poses_per_window,
            boards={view: '{}:{}'.format(*board.address) for view, board in self.session.boards.items()},
        )

    async def _count_packets(self) -> None:
        """Tell browsers every second how much has come, so that they know slow poses from silent boards."""
        while True:
            await asyncio.sleep(1)
            packets = sum(board.packets for board in self.session.boards.values())
            self._hand_out(json.dumps(dict(kind='packets', packets=packets)))

    def _on_pose(self, live: LivePose) -> None:
        """Pass a pose from the session's thread to the browsers; a browser whose queue is full misses it."""
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
            keypoints_3d_m=None if pose.keypoints_3d_m is None else pose.keypoints_3d_m.astype(float).round(4).tolist(),
            echo_db=None if pose.echo_db is None else pose.echo_db.astype(float).round(1).tolist(),
            missing=list(pose.missing),
            latency_ms=round(1000 * live.latency_s, 1),
            frame_rate_hz=round(live.frame_rate_hz, 1),
            behind=live.behind,
            left_out=live.left_out,
            heatmaps=[_image(heatmap_level(heatmap)) for heatmap in pose.heatmaps],
            # drawn like a heatmap, with angle and Doppler axes swapped
            range_doppler=[_image(heatmap_level(heatmap.swapaxes(1, 2))) for heatmap in pose.heatmaps],
            boards={
                view: dict(packets=board.packets, frames=board.num_frames, lost_bytes=board.lost_bytes)
                for view, board in self.session.boards.items()
            },
            recording=str(recorder.folder) if recorder.running else None,
            recorded=recorder.num_frames if recorder.running else 0,
        )


def _image(level: np.ndarray) -> dict[str, Any]:
    """Encode grey levels (rows, range), 0 to 1, for the page."""
    height, width = level.shape
    return dict(width=width, height=height, grey=base64.b64encode((255 * level).astype(np.uint8).tobytes()).decode())
