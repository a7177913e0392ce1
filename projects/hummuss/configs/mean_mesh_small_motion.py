# Without a network: the mean pose and shape of the training set of hummuss_mesh_small_motion.py. With
# `model.true_orientation=True` it is told how the pelvis is turned.
_base_ = 'hummuss_mesh_small_motion.py'

model = dict(_delete_=True, type='MeanMesh', body_model='${body_model}')

# As schedules/fit.py
optim_wrapper = dict(_delete_=True)
param_scheduler = []
train_cfg = dict(_delete_=True, type='FitLoop')
