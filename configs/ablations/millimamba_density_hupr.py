# Table 4 of the paper (input), row of the density map, which the paper does not describe; here it is made of CFAR
# detections on the grid of the 3D heatmap, see mmradar.radar.density_map. The 58.5 AP of that row are TransHuPR's,
# where the 3D FFT has 74.5.
# Compare it with millimamba_light_hupr.py, which has the same crop of 64 range bins, not with the full range.
_base_ = '../millimamba_light_hupr.py'

pipeline = [
    dict(type='LoadRadarCube'),
    dict(type='RadarDensityMap', num_doppler='${num_doppler}', num_angle='${num_angle}', range_bins='${range_bins}'),
    dict(type='HeatmapToChannels', mode='magnitude'),
    dict(type='NormalizeHeatmap', over='frame'),
    dict(type='PackRadarInputs'),
]
model = dict(backbone=dict(stem=dict(in_channels=1)))
