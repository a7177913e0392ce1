# The demo's network with an angle transform of each row of antennas: the eight in line, and the raised four, whose
# phase against the eight is the elevation. Ours, beside the paper's one transform over all twelve; the table of all
# orders is in docs/radar_processing.md.
_base_ = '../millimamba_tiny_simhupr.py'

heatmap_steps = [
    dict(type='RawToHeatmap3D', num_chirps=8, num_doppler=8, num_angle=64, range_bins=(31, 95), antenna_order='rows')
]
frame_steps = [
    dict(type='LoadRadarHeatmap', steps=heatmap_steps),
    dict(type='HeatmapToChannels', mode='real_imag'),
    dict(type='ElevationToChannels'),
    dict(type='NormalizeHeatmap', over='map'),
]
dataset = dict(pipeline=[dict(type='KeepFrames', steps=frame_steps), dict(type='PackRadarInputs')])
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(backbone=dict(stem=dict(in_channels=4)))
