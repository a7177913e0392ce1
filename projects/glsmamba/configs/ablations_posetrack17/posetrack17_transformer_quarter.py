# A Transformer over tokens at a quarter of the image size: the paper's TransHR, which ran out of memory there.
_base_ = '../glsmamba_base_posetrack17.py'

model = dict(
    neck=dict(_delete_=True, type='ClipTransformer', in_channels=256, num_frames='${num_frames}'),
    head=dict(in_channels=768),
)
