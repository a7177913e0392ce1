# The demo's network with an angle transform of each row of antennas: the eight in line, and the raised four, whose
# phase against the eight is the elevation. Ours, beside the paper's one transform over all twelve; the table of all
# orders is in docs/radar_processing.md.
_base_ = '../millimamba_tiny_simhupr.py'

antenna_order = 'rows'
pipeline = [*_base_.pipeline[:3], dict(type='ElevationToChannels'), *_base_.pipeline[3:]]
model = dict(backbone=dict(stem=dict(in_channels=4)))
