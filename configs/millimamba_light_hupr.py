# The light variant: range bins 31 to 94 only (1.2 to 3.5 m, HuPR's own crop), a quarter of the tokens. What 4D heatmaps
# and density maps (configs/ablations) are to be compared with.
_base_ = 'millimamba_hupr.py'

heatmap_steps = [dict(type='RawToHeatmap3D', num_chirps=8, num_doppler=8, num_angle=64, range_bins=(31, 95))]
frame_steps = [
    dict(type='LoadRadarHeatmap', steps=heatmap_steps),
    dict(type='HeatmapToChannels', mode='real_imag'),
    dict(type='NormalizeHeatmap', over='map'),
]
pipeline = [dict(type='KeepFrames', steps=frame_steps), dict(type='PackRadarInputs')]

train_dataloader = dict(dataset=dict(pipeline=pipeline))
val_dataloader = dict(dataset=dict(pipeline=pipeline))
test_dataloader = dict(dataset=dict(pipeline=pipeline))
model = dict(backbone=dict(input_size=(64, 64)))
