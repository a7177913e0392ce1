"""The selective scan of Mamba: one signature, several backends, one reference."""

from mmradar.ops.selective_scan.dispatch import available_backends, selective_scan

__all__ = ['available_backends', 'selective_scan']
