# Not in the paper, which leaves open what of the complex heatmap the network sees: magnitudes instead of real and
# imaginary parts (millimamba_hupr.py).
_base_ = '../millimamba_hupr.py'

channel_mode = 'magnitude'
model = dict(backbone=dict(stem=dict(in_channels=1)))
