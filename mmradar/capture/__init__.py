"""Boards that are recording now: datagrams in, frames of all views out; and recordings sent as boards send them."""

from mmradar.capture.boards import ChirpTiming, RadarBoard, boards_radar, check_boards_radar
from mmradar.capture.frame_pairer import FramePairer, PairedFrame
from mmradar.capture.receiver import BoardReceiver, CaptureError, LiveBoardFrame
from mmradar.capture.replay import NetworkFaults, datagrams_of, faulty, replay

__all__ = [
    'BoardReceiver',
    'CaptureError',
    'ChirpTiming',
    'FramePairer',
    'LiveBoardFrame',
    'NetworkFaults',
    'PairedFrame',
    'RadarBoard',
    'boards_radar',
    'check_boards_radar',
    'datagrams_of',
    'faulty',
    'replay',
]
