# HuPR's network, small enough to train within minutes on two CPU cores. The sizes are our choice: a quarter of the
# channels, maps of 32 x 32 from the start. A heatmap cell is then 8 px; the Gaussian is one cell wide, which is HuPR's
# width in px, and maxima are located between cells.
_base_ = 'hupr.py'

model = dict(
    backbone=dict(stem=dict(channels=8, stride=2, interleaved=False)),
    head=dict(codec=dict(heatmap_size=(32, 32), sigma=1, subcell=True)),
)
