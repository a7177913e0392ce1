# previous_frame_simhupr.py on HuPR.
_base_ = ['../_base_/on_labels.py', '../_base_/datasets/hupr.py']

model = dict(type='PreviousFrame')
