# A Transformer over tokens at a sixteenth of the image size: the paper's TransLR. Encoder and head are those of
# posetrack17_sixteenth.py.
_base_ = 'posetrack17_transformer_quarter.py'

model = dict(upsampling=None, neck=dict(in_channels=768, upsample=4))
