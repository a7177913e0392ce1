# The demo's network with the twelve antennas of the angle transform in the order in which their transmitters fire; the
# table of all orders is in docs/radar_processing.md.
_base_ = '../millimamba_tiny_simhupr.py'

heatmap_steps = [
    dict(type='RawToHeatmap3D', num_chirps=8, num_doppler=8, num_angle=64, range_bins=(31, 95), antenna_order='file')
]
frame_steps = [
    dict(type='LoadRadarHeatmap', steps=heatmap_steps),
    dict(type='HeatmapToChannels', mode='real_imag'),
    dict(type='NormalizeHeatmap', over='map'),
]
dataset = dict(pipeline=[dict(type='KeepFrames', steps=frame_steps), dict(type='PackRadarInputs')])
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
