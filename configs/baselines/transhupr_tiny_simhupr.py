# The narrow TransHuPR, for comparison with millimamba_tiny_simhupr.py: data, window, stem, optimizer and number of
# steps are the same, so that only the networks differ.
_base_ = ['../_base_/on_windows.py', '../_base_/models/transhupr_tiny.py']

num_frames = 3
