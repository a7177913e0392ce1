# Tokens at a sixteenth of the image size, directly from the encoder; the head upsamples, with trained weights.
_base_ = 'full.py'

model = dict(
    upsampling=None,
    neck=dict(in_channels=128),
    head=dict(deconv_out_channels=(48, 48), deconv_kernel_sizes=(4, 4)),
)
