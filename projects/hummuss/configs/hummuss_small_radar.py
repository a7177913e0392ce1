# The small model for 2D poses predicted by a milliMamba on SimHuPR (tools/lift_radar.py). As in SimHuPR, people stand
# 2.0 m or more in front of the camera and face it within 34 degrees; windows have 16 frames at 10 Hz.
_base_ = 'hummuss_small_motion.py'

num_frames = 16
frame_rate_hz = 10.0
# The motions of simhupr-v1-mini, performed by other people
motions = [
    *('stand', 'march', 'squat', 'raise_arms_sideways', 'raise_arms_forward', 'raise_one_arm'),
    *('wave_hand', 'punch', 'kick', 'side_lunge', 'bow', 'twist'),
]
camera = dict(type='in_front')
# Our choice: the Gaussian errors that give the demo's AP of each joint (hip, knee, ankle, hip, knee, ankle, neck, head,
# shoulder, elbow, wrist, shoulder, elbow, wrist); 9.5 px of 256 on average. The correlation time is a guess.
noise_px = [6.0, 6.0, 6.5, 6.0, 6.0, 6.5, 6.5, 7.0, 6.5, 9.0, 12.5, 6.5, 9.0, 12.5]
noise_correlation_s = 0.5
joint_dropout = 0.0  # a milliMamba predicts every joint
flip_prob = 0.5

model = dict(test_cfg=dict(flip_test=True))

# A window is a fifth of the base's and there are nearly twice as many windows: about the base's training time.
max_epochs = 12
