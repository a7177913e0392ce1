# Table 6 of the paper (frames), row T = 5; T = 9 is millimamba_hupr.py. The numbers of that table are TransHuPR's.
_base_ = '../millimamba_hupr.py'

num_frames = 5
dataset = dict(num_frames=num_frames)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(backbone=dict(num_frames=num_frames), head=dict(num_frames=num_frames))
