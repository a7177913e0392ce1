# Not in the paper, which has one transform over all twelve antennas: the tiny network with one angle transform per row,
# the eight in line, and the raised four, whose phase relative to the eight gives the elevation. The table of all orders
# is in docs/radar_processing.md.
_base_ = '../millimamba_tiny_simhupr.py'

antenna_order = 'rows'
pipeline = [*_base_.pipeline[:3], dict(type='ElevationToChannels'), *_base_.pipeline[3:]]
model = dict(backbone=dict(stem=dict(in_channels=4)))
