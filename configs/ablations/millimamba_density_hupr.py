# Table 4 of the paper (input), row of the density map, of which the paper says no more; ours are CFAR detections on the
# grid of the 3D heatmap, see mmradar.radar.density_map. The 58.5 AP of that row are TransHuPR's.
# Compare it with millimamba_light_hupr.py, whose crop of 64 range bins it has, not with the full range.
_base_ = '../millimamba_light_hupr.py'

frame_steps = [
    dict(type='LoadRadarCube'),
    dict(type='RadarDensityMap', num_doppler=8, range_bins=(31, 95)),
    dict(type='HeatmapToChannels', mode='magnitude'),
    dict(type='NormalizeHeatmap', over='frame'),
]
dataset = dict(pipeline=[dict(type='KeepFrames', steps=frame_steps), dict(type='PackRadarInputs')])
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(backbone=dict(stem=dict(in_channels=1)))
