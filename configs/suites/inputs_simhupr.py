# What the small network is given: 3D heatmaps, 4D heatmaps or density maps of detections (the paper's table 4). Density
# maps need all loops of raw frames, so these networks see simhupr-v1-mini, 6 minutes of people, forty times:
#     python tools/simulate.py data/simhupr-v1-mini
#     python tools/run_experiments.py configs/suites/inputs_simhupr.py --jobs 2
name = 'inputs_simhupr'
seeds = (0, 1)
options = dict(
    data_root='data/simhupr-v1-mini',
    cache_dir='data/simhupr-v1-mini/heatmap_cache',
    num_workers=0,
    max_epochs=40,
)
config = 'baselines/millimamba_small_unscored_simhupr'

_grid = dict(num_doppler='${num_doppler}', range_bins='${range_bins}')
_4d = [
    dict(type='RangeDopplerMap', num_chirps='${num_chirps}', range_window='hann', **_grid),
    dict(type='Heatmap4D', num_azimuth='${num_angle}', num_elevation=8),
    dict(type='HeatmapToChannels', mode='${channel_mode}'),
    dict(type='NormalizeHeatmap', over='${normalize_over}'),
    dict(type='MeanOverElevation'),  # as in HuPR
    dict(type='PackRadarInputs'),
]
_density = [
    dict(type='LoadRadarCube'),
    dict(type='RadarDensityMap', num_angle='${num_angle}', **_grid),
    dict(type='HeatmapToChannels', mode='magnitude'),
    dict(type='NormalizeHeatmap', over='${normalize_over}'),
    dict(type='PackRadarInputs'),
]
_row = dict(group='Input', paper='table 4')
rows = [
    dict(name='3D FFT', **_row),
    dict(name='4D FFT', **_row, options=dict(pipeline=_4d)),
    dict(name='density map', **_row, options=dict(pipeline=_density)),
]
