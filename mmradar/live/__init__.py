"""Live poses: sessions that run a model on recording boards, a web page that shows them, and a recorder."""

from mmradar.live.recorder import LiveRecorder
from mmradar.live.server import LiveServer
from mmradar.live.session import LivePose, LiveSession

__all__ = ['LivePose', 'LiveRecorder', 'LiveServer', 'LiveSession']
