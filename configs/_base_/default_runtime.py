default_scope = 'mmradar'
runner_type = 'mmradar.engine.runner.RadarPoseRunner'  # resolves '${...}'; mmengine's own needs a dumped configuration

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3, save_best='coco/AP', rule='greater'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # A NaN or infinite loss or gradient stops the training; with action='skip', the step is skipped.
    finite_guard=dict(type='FiniteGuardHook', action='stop'),
    visualization=dict(type='RadarPoseVisualizationHook', enable=False),
)

custom_hooks = [
    dict(type='EpochSeedHook'),
    # Rejects checkpoints of other models, of which mmengine would load what fits; to fine-tune from one: strict=False.
    dict(type='CheckpointGuardHook'),
]

env_cfg = dict(
    cudnn_benchmark=False, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0), dist_cfg=dict(backend='nccl')
)  # without a GPU, the tools use gloo

randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='RadarPoseVisualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True, num_digits=6)
