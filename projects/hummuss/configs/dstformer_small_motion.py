# A Transformer of similar size in the same estimator, losses, data and schedule: mmpose's DSTFormer, MotionBERT's.
# It learns one position a frame. There are more than a window's frames, so that it runs at four times the rate too;
# those beyond a window's are never trained.
_base_ = '_base_/motion_lifting.py'

model = dict(
    type='HumMUSSLifter',
    backbone=dict(
        type='DSTFormer',
        in_channels=3,
        num_keypoints='${num_joints}',
        feat_size=64,
        depth=2,
        num_heads=4,
        mlp_ratio=2,
        seq_len=321,
    ),
)
