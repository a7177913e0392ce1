# Table 4 of the paper (input), row of the 4D FFT: HuPR's recipe and its loader (central 8 Doppler bins, maps normalised
# one by one, mean over elevation), in front of milliMamba. The 72.0 AP of that row are TransHuPR's, where the
# 3D FFT has 74.5.
# Compare it with millimamba_light_hupr.py, which has the same crop of 64 range bins, not with the full range.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/inputs/heatmap_4d.py',
    '../_base_/datasets/hupr.py',
    '../_base_/models/millimamba.py',
    '../_base_/schedules/adam_20e.py',
]

num_frames = 9
