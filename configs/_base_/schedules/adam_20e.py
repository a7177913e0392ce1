# Adam, learning rate 5e-5, weight decay 1e-4 and batch size 8 are the paper's. The paper leaves epochs and
# learning-rate decay open; 20 epochs with a short warm-up and a cosine decay are our choice.
_base_ = 'cosine.py'

max_epochs = 20
warmup_steps = 500
min_lr = 5e-7
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5, weight_decay=1e-4))
