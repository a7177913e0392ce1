# Which of the simulator's 21 procedural motions an unseen person performs, from 2D joints of any camera.
_base_ = '_base_/motion_action.py'

classes = None  # all procedural motions

train_dataloader = dict(dataset=dict(classes='${classes}', num_clips=420))
val_dataloader = dict(dataset=dict(classes='${classes}', num_clips=210))
test_dataloader = dict(dataset=dict(classes='${classes}', num_clips=630))
val_evaluator = dict(type='ActionAccuracy')
test_evaluator = val_evaluator

model = dict(head=dict(type='ActionHead', num_classes=21, hidden_channels=128, dropout=0.1))

max_epochs = 24
train_cfg = dict(val_interval=8)
