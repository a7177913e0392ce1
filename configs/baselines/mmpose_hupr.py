# A baseline of the paper's comparison of methods: mm-Pose's forked CNN, which sees one frame. Its images are
# log-magnitudes in HuPR's crop of range, standardised over a frame, so that the strongest Doppler bin of a pixel is one
# of an echo. Schedule as for milliMamba. All of this is our reading, see docs/open_choices.md.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/inputs/heatmap_3d.py',
    '../_base_/datasets/hupr.py',
    '../_base_/models/mm_pose.py',
    '../_base_/schedules/adam_20e.py',
]

num_frames = 1
range_bins = (31, 95)
channel_mode = 'log_magnitude'
normalize_over = 'frame'
