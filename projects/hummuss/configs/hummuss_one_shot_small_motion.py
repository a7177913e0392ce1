# One-shot recognition: the network is trained on 15 motions by the supervised contrastive loss. The other six are then
# recognised by the cosine similarity to one exemplar each. Which six is our choice.
_base_ = '_base_/motion_action.py'

classes = [
    *('stand', 'march', 'squat', 'raise_arms_sideways', 'raise_arms_forward', 'raise_one_arm', 'punch', 'side_lunge'),
    *('bow', 'stand_still', 'walk', 'walk_to_and_fro', 'turn', 'front_lunge', 'swing_arms'),
]
one_shot_classes = ['wave_hand', 'kick', 'twist', 'run_in_place', 'sit_down', 'circle_arms']

train_dataloader = dict(dataset=dict(classes='${classes}', num_clips=420))
val_dataloader = dict(dataset=dict(classes='${one_shot_classes}', num_clips=120))
test_dataloader = dict(dataset=dict(classes='${one_shot_classes}', num_clips=360))
val_evaluator = dict(type='OneShotAccuracy')
test_evaluator = val_evaluator

model = dict(
    head=dict(type='EmbeddingHead', out_channels=64, hidden_channels=128, dropout=0.1),
    loss=dict(type='SupConLoss', temperature=0.1),  # MotionBERT's temperature
)

max_epochs = 24
train_cfg = dict(val_interval=8)
