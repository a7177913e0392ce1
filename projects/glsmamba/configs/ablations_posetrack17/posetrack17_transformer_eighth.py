# A Transformer over tokens at an eighth of the image size: the paper's TransNR. Features after the first of ViTPose's
# deconvolutions, and bilinear upsampling before the head, are our choice.
_base_ = 'posetrack17_transformer_quarter.py'

model = dict(upsampling=dict(out_channels=(256,)), neck=dict(upsample=2))
