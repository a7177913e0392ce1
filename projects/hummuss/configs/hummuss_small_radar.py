# The small model for the 2D poses that millimamba-small predicts (tools/lift_radar.py). As in SimHuPR, people stand
# 2.0 m or more in front of the camera and face it within 34 degrees, and do one thing after another.
_base_ = 'hummuss_small_motion.py'

num_frames = 120  # at 10 Hz, 12 s: streams are long
frame_rate_hz = 10.0
routines = True
varied = True
camera = dict(type='in_front')
# Our choice: Gaussian errors of the size that millimamba-small has on the val part of simhupr-v2-mini in x and in y, by
# joint (hip, knee, ankle, hip, knee, ankle, neck, head, shoulder, elbow, wrist, shoulder, elbow, wrist)
noise_px = [2.1, 2.9, 5.1, 2.1, 2.9, 5.1, 2.3, 2.9, 2.6, 3.6, 5.5, 2.6, 3.6, 5.5]
noise_correlation_s = 0.7  # of the same errors
joint_dropout = 0.0  # a milliMamba predicts every joint
flip_prob = 0.5

model = dict(
    losses=dict(
        mpjpe=dict(type='PositionLoss'),
        nmpjpe=dict(type='ScaledPositionLoss', loss_weight=0.5),
        velocity=dict(type='Velocity3DLoss', loss_weight=20 / 3),  # of m per frame, three times as long as at 30 Hz
    ),
    test_cfg=dict(flip_test=True),
)

batch_size = 8
max_epochs = 30
optim_wrapper = dict(optimizer=dict(lr=2e-3))
