# The paper's row of 4D FFT heatmaps: HuPR's recipe and its loader (central 8 Doppler bins, maps normalised one by one,
# mean over elevation), in front of milliMamba.
_base_ = '../millimamba_light_hupr.py'

heatmap_steps = [dict(type='LoadRadarCube'), dict(type='RadarHeatmap4D', num_doppler=8, range_bins=(31, 95))]
frame_steps = [
    dict(type='LoadRadarHeatmap', steps=heatmap_steps),
    dict(type='HeatmapToChannels', mode='real_imag'),
    dict(type='NormalizeHeatmap', over='map'),
    dict(type='MeanOverElevation'),
]
dataset = dict(pipeline=[dict(type='KeepFrames', steps=frame_steps), dict(type='PackRadarInputs')])
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
