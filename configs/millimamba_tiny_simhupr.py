# The demo: a milliMamba small enough to learn within minutes on two CPU cores, on the simulated set.
_base_ = ['_base_/demo.py', '_base_/models/millimamba_tiny.py']

num_frames = 3
