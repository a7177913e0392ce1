"""Boards, a model, and a web page on which people see what it sees."""

from mmradar.live.recorder import LiveRecorder
from mmradar.live.server import LiveServer
from mmradar.live.session import LivePose, LiveSession

__all__ = ['LivePose', 'LiveRecorder', 'LiveServer', 'LiveSession']
