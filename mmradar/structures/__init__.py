"""What data sets, models and metrics tell each other with."""

from mmradar.structures.radar_window import RadarWindow

__all__ = ['RadarWindow']
