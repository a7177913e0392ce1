# HuPR's narrow network, for comparison with millimamba_tiny_simhupr.py: the simulated set, 3D heatmaps (and their
# cache), optimizer and number of steps are the same, so that only the networks differ.
_base_ = ['../_base_/on_windows.py', '../_base_/models/hupr_tiny.py']

num_frames = 4  # three cannot be halved twice
