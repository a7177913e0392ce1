# Muon and AdamW with a short warm-up and a cosine decay, for short trainings. The inheriting configuration sets
# `max_epochs`.
_base_ = 'cosine.py'

warmup_steps = 100
min_lr = 4e-5
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='MuonOptimWrapperConstructor',
    optimizer=dict(type='MuonAdamW', lr=2e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
)
