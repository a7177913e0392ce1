# milliMamba at the paper's input, with GLSMamba's blocks in its encoder: two GSM and two LRM blocks, which scan as many
# channels as the four Vision Mamba layers.
_base_ = '../../../configs/millimamba_hupr.py'
custom_imports = dict(imports=['glsmamba'], allow_failed_imports=False)

model = dict(backbone=dict(mixer=dict(_delete_=True, type='GLSMambaMixer', num_gsm=2, num_lrm=2)))
