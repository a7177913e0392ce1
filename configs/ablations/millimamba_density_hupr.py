# The paper's row of density maps. It does not say how they are made; ours are CFAR detections on the grid of the
# 3D heatmap, see mmradar.radar.density_map.
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
