# The causal model on MPI-INF-3DHP, without a flip test, as streams have none. Not run on the data itself.
_base_ = 'hummuss_mpi_inf_3dhp.py'

model = dict(backbone=dict(causal=True), test_cfg=dict(flip_test=False))
