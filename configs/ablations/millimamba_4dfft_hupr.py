# Table 4 of the paper (input), row of the 4D FFT: HuPR's recipe and its loader (central 8 Doppler bins, maps normalised
# one by one, mean over elevation), in front of milliMamba. The 72.0 AP of that row are TransHuPR's.
# Compare it with millimamba_light_hupr.py, whose crop of 64 range bins it has, not with the full range.
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
