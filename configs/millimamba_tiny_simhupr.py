# milliMamba in the paper's form made narrow, which learns within minutes on two CPU cores, on the simulated set.
_base_ = ['_base_/on_windows.py', '_base_/models/millimamba_tiny.py']

num_frames = 3
