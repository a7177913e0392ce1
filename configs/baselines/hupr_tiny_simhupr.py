# HuPR's network, small enough to train within minutes on two CPU cores, for comparison with
# millimamba_tiny_simhupr.py: the simulated set, 3D heatmaps (and their cache), optimizer and number of steps are the
# same, so that only the networks differ. The sizes are our choice: four frames (three cannot be halved twice), a
# quarter of the channels, maps of 32 x 32 from the start. A heatmap cell is then 8 px; the Gaussian is one cell
# wide, which is HuPR's width in px, and maxima are located between cells.
_base_ = ['../_base_/on_windows.py', '../_base_/models/hupr.py']

num_frames = 4
model = dict(
    backbone=dict(stem=dict(channels=8, stride=2, interleaved=False)),
    head=dict(codec=dict(heatmap_size=(32, 32), sigma=1, subcell=True)),
)
