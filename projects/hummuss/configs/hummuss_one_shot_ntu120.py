# One-shot recognition of 20 actions of NTU RGB+D 120, by one given exemplar each, after training on the other 100.
# Not run on the data itself; tests train it on files in its format. MotionBERT's recipe, assumed to be the paper's;
# our choice are pairs of clips of an action in place of its two views of each clip, and the head's two layers.
_base_ = 'hummuss_action_ntu60.py'

protocol = 'one_shot'
num_frames = 100
max_epochs = 50

model = dict(
    head=dict(_delete_=True, type='EmbeddingHead', dropout=0.1),
    loss=dict(type='SupConLoss', temperature=0.1),
)
train_dataloader = dict(sampler=dict(_delete_=True, type='ClassPairSampler'))
val_evaluator = dict(_delete_=True, type='OneShotAccuracy', draws=None)
test_evaluator = val_evaluator
