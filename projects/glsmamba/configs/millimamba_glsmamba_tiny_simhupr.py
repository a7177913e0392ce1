# The demo's milliMamba with GLSMamba's blocks in its encoder: one GSM and one LRM block, which scan as many channels
# as the demo's two Vision Mamba layers.
_base_ = '../../../configs/millimamba_tiny_simhupr.py'
custom_imports = dict(imports=['glsmamba'], allow_failed_imports=False)

model = dict(
    backbone=dict(mixer=dict(_delete_=True, type='GLSMambaMixer', num_gsm=1, num_lrm=1, s6_cfg=dict(d_state=8)))
)
