# GLSMamba over five frames, on a frozen single-frame network that frame_small_synthetic.py trains.
_base_ = '_base_/synthetic_video.py'

frame_checkpoint = 'work_dirs/frame_small_synthetic/epoch_6.pth'
model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='${frame_checkpoint}', prefix='backbone.')),
    upsampling=dict(init_cfg=dict(type='Pretrained', checkpoint='${frame_checkpoint}', prefix='upsampling.')),
    neck=dict(
        type='GLSMamba',
        num_frames='${num_frames}',
        in_channels=64,
        embed_dims=48,
        num_gsm=1,
        num_lrm=1,
        attention_dims=48,
        ffn_ratio=2,
        d_state=8,
    ),
    head=dict(in_channels='${model.neck.embed_dims}'),
)
