"""Boards that are recording now: datagrams in, frames of all views out; and recordings sent as boards send them."""

from mmradar.capture.frame_pairer import FramePairer, PairedFrame
from mmradar.capture.receiver import BoardReceiver, CaptureError, LiveBoardFrame
from mmradar.capture.replay import NetworkFaults, datagrams_of, faulty, replay

__all__ = [
    'BoardReceiver',
    'CaptureError',
    'FramePairer',
    'LiveBoardFrame',
    'NetworkFaults',
    'PairedFrame',
    'datagrams_of',
    'faulty',
    'replay',
]
