# Not in the paper, which keeps 8 chirps (millimamba_hupr.py): 64 chirps, and as many Doppler bins; with HuPR's radar,
# speeds fold beyond 4.22 m/s instead of 0.53 m/s. A heatmap is eight times as large.
_base_ = '../millimamba_hupr.py'

num_chirps = 64
num_doppler = 64
