# Table 6 of the paper (frames), row T = 15; T = 9 is millimamba_hupr.py. The numbers of that table are TransHuPR's,
# where the full model has 74.5 AP.
_base_ = '../millimamba_hupr.py'

num_frames = 15
