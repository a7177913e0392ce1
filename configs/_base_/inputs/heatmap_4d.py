# HuPR's input, as its public code makes it: 4D heatmaps of all loops, of which the central 8 Doppler bins are kept,
# normalised map by map; then their mean over elevation.
num_frames = 8
key_frame = 'centre'  # of eight frames t - 4 to t + 3

num_chirps = None  # all loops
num_doppler = 8
range_bins = (31, 95)  # first, and one past the last
num_angle = 64
pipeline = [
    dict(type='RangeDopplerMap', num_chirps='${num_chirps}', num_doppler='${num_doppler}', range_bins='${range_bins}'),
    dict(type='Heatmap4D', num_azimuth='${num_angle}', num_elevation=8),
    dict(type='HeatmapToChannels', mode='real_imag'),
    dict(type='NormalizeHeatmap', over='map'),
    dict(type='MeanOverElevation'),
    dict(type='PackRadarInputs'),
]
