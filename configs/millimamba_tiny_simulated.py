# The demo's network on windows that are simulated while it trains, new ones in every epoch: no data set, no disk.
_base_ = 'millimamba_tiny_simhupr.py'

num_frames = 3
heatmap_steps = [dict(type='RawToHeatmap3D', num_chirps=8, num_doppler=8, num_angle=64, range_bins=(31, 95))]
pipeline = [
    *heatmap_steps,
    dict(type='HeatmapToChannels', mode='real_imag'),
    dict(type='NormalizeHeatmap', over='map'),
    dict(type='PackRadarInputs'),
]
train_dataset = dict(
    _delete_=True,
    type='SimulatedRadarDataset',
    num_windows=2000,
    num_frames=num_frames,
    pipeline=pipeline,
)
test_dataset = dict(
    _delete_=True,
    type='SimulatedRadarDataset',
    num_windows=200,
    num_frames=num_frames,
    seed=1,
    fresh=False,
    pipeline=pipeline,
    test_mode=True,
)
train_dataloader = dict(num_workers=2, dataset=train_dataset)
val_dataloader = dict(num_workers=2, dataset=test_dataset)
test_dataloader = dict(num_workers=2, dataset=test_dataset)
