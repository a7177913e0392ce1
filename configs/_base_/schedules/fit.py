# One pass over the training set, without gradients, for models without a network.
optim_wrapper = dict()  # of no optimizers; mmengine wants the entry
param_scheduler = []
train_cfg = dict(type='FitLoop')
val_cfg = dict()
test_cfg = dict()
