"""Live capture: frames of all views from the datagrams of running boards, and replay of recordings as datagrams."""

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
