"""The selective scan of Mamba: one signature, several backends, one reference."""

from mmradar.ops.selective_scan.dispatch import available_backends, selective_scan
from mmradar.ops.selective_scan.state_update import selective_state_update

__all__ = ['available_backends', 'selective_scan', 'selective_state_update']
