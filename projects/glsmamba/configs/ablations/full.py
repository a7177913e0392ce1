# GLSMamba as in glsmamba_small_synthetic.py, trained on more clips and longer. Each other file here changes one thing
# of it.
_base_ = '../glsmamba_small_synthetic.py'

train_clips = 2400
max_epochs = 3
