# Log-magnitudes in the light crop, standardised over all maps of a frame, so that Doppler bins stay comparable; a Hann
# window over samples, without which the trunk's sidelobes cover the arms; the eight antennas of the long row; windows
# of 16 frames, all of which are supervised. Our choices (docs/limbs.md), not the paper's input.
_base_ = 'heatmap_3d.py'

num_frames = 16
range_bins = (31, 95)
num_angle = 32
antenna_order = 'row'
channel_mode = 'log_magnitude'
normalize_over = 'frame'
pipeline = [
    dict(
        type='RangeDopplerMap',
        num_chirps='${num_chirps}',
        num_doppler='${num_doppler}',
        range_bins='${range_bins}',
        range_window='hann',
    ),
    dict(type='Heatmap3D', num_angle='${num_angle}', antenna_order='${antenna_order}'),
    dict(type='HeatmapToChannels', mode='${channel_mode}'),
    dict(type='NormalizeHeatmap', over='${normalize_over}'),
    dict(type='PackRadarInputs'),
]
