# The paper's row of T = 3 frames.
_base_ = '../millimamba_hupr.py'

num_frames = 3
dataset = dict(num_frames=num_frames)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(backbone=dict(num_frames=num_frames), head=dict(num_frames=num_frames))
