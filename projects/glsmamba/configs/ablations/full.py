# GLSMamba as in glsmamba_small_synthetic.py, trained longer and on more clips. Each other file in this folder changes
# one thing.
_base_ = '../glsmamba_small_synthetic.py'

train_clips = 2400
max_epochs = 3
