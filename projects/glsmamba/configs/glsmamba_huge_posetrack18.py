# GLSMamba with ViTPose-H on PoseTrack18: glsmamba_base_posetrack18.py with another frozen encoder.
# Not run on the data itself.
_base_ = 'glsmamba_base_posetrack18.py'

vitpose = 'data/vitpose/td-hm_ViTPose-huge_8xb64-210e_coco-256x192-e32adcd4_20230314.pth'
model = dict(backbone=dict(arch='huge'), upsampling=dict(in_channels=1280))
