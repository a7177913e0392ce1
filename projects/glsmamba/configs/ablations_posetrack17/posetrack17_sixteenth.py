# Tokens at a sixteenth of the image size, directly from the encoder: the paper's GLSMamba-BLR. Bilinear upsampling
# before the head, which has no weights, is our choice: the paper's 9.8M parameters leave no room for others.
_base_ = '../glsmamba_base_posetrack17.py'

model = dict(upsampling=None, neck=dict(in_channels=768, upsample=4))
