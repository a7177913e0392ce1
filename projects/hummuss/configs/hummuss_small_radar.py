# The small model for the 2D poses that a milliMamba finds in SimHuPR (tools/lift_radar.py): people where SimHuPR has
# them, 2.0 m or more in front of its camera and facing it within 34 degrees, in windows of its 16 frames at 10 Hz.
_base_ = 'hummuss_small_motion.py'

num_frames = 16
frame_rate_hz = 10.0
# those of simhupr-v1-mini; other people do them here
motions = [
    *('stand', 'march', 'squat', 'raise_arms_sideways', 'raise_arms_forward', 'raise_one_arm'),
    *('wave_hand', 'punch', 'kick', 'side_lunge', 'bow', 'twist'),
]
camera = dict(type='in_front')
# ours: as a Gaussian error would have the demo's AP of each joint (hip, knee, ankle, hip, knee, ankle, neck, head,
# shoulder, elbow, wrist, shoulder, elbow, wrist): 9.5 px in the mean, of 256. How long it lasts is a guess.
noise_px = [6.0, 6.0, 6.5, 6.0, 6.0, 6.5, 6.5, 7.0, 6.5, 9.0, 12.5, 6.5, 9.0, 12.5]
noise_correlation_s = 0.5
joint_dropout = 0.0  # a milliMamba has a place for every joint
flip_prob = 0.5

model = dict(test_cfg=dict(flip_test=True))

max_epochs = 12  # a window is a fifth of the base's, and there are nearly twice as many: the base's time, about
