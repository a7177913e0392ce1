# Tokens of a sixteenth of the image, as the encoder gives them; the head upsamples (trained, as nothing else is there).
_base_ = 'full.py'

model = dict(
    upsampling=None,
    neck=dict(in_channels=128),
    head=dict(deconv_out_channels=(48, 48), deconv_kernel_sizes=(4, 4)),
)
