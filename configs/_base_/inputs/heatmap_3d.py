# milliMamba's input: nine frames, of which the one in the middle is predicted, as 3D heatmaps of 64 angle x 8 Doppler x
# 256 range bins, real and imaginary part.
num_frames = 9
key_frame = 'centre'  # or 'first', 'last', or its number

num_chirps = 8
num_doppler = 8
range_bins = (0, 256)  # first, and one past the last
num_angle = 64
antenna_order = 'azimuth_first'
channel_mode = 'real_imag'  # or 'magnitude', 'log_magnitude'
normalize_over = 'map'  # or 'frame'
pipeline = [
    dict(type='RangeDopplerMap', num_chirps='${num_chirps}', num_doppler='${num_doppler}', range_bins='${range_bins}'),
    dict(type='Heatmap3D', num_angle='${num_angle}', antenna_order='${antenna_order}'),
    dict(type='HeatmapToChannels', mode='${channel_mode}'),
    dict(type='NormalizeHeatmap', over='${normalize_over}'),
    dict(type='PackRadarInputs'),
]
