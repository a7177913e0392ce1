# Not in the paper, which keeps 8 chirps (millimamba_hupr.py): 4 chirps, and as many Doppler bins; with HuPR's radar,
# speeds fold beyond 0.26 m/s instead of 0.53 m/s.
_base_ = '../millimamba_hupr.py'

num_chirps = 4
num_doppler = 4
