# Without a network: the mean pose and shape of the training set of hummuss_mesh_small_motion.py. With
# `model.true_orientation=True` it is told how the pelvis is turned.
_base_ = ['hummuss_mesh_small_motion.py', '../../../configs/_base_/schedules/fit.py']

model = dict(_delete_=True, type='MeanMesh', body_model='${body_model}')
