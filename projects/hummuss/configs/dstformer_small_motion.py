# A Transformer of similar size with the same estimator, losses, data and schedule: mmpose's DSTFormer (MotionBERT).
# It learns one positional embedding per frame. seq_len exceeds the 81 frames of a window, so that it also runs at four
# times the rate; the embeddings beyond a window are never trained.
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
