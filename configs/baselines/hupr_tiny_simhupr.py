# HuPR's network small enough for minutes on two CPU cores, beside millimamba_tiny_simhupr.py: the same simulated set,
# 3D heatmaps (and their cache), optimizer and number of steps, so that only the networks differ. All of it is ours:
# four frames (three cannot be halved twice), a quarter of the channels, maps of 32 x 32 from the start. A heatmap cell
# is then 8 px; the Gaussian is one cell wide, as many px as HuPR's, and maxima are looked for between cells.
_base_ = ['../_base_/demo.py', '../_base_/models/hupr.py']

num_frames = 4
model = dict(
    backbone=dict(stem=dict(channels=8, stride=2, interleaved=False)),
    head=dict(codec=dict(heatmap_size=(32, 32), sigma=1, subcell=True)),
)
