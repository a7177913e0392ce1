# Not in the paper, which keeps 8 chirps (millimamba_hupr.py): 16 chirps, and as many Doppler bins; with HuPR's radar,
# speeds fold beyond 1.05 m/s instead of 0.53 m/s.
_base_ = '../millimamba_hupr.py'

num_chirps = 16
num_doppler = 16
