# Networks and options on people enough to see limbs, at equal time: about 15 minutes of one thread each.
#     python tools/simulate.py data/simhupr --preset simhupr-v2-mini --form compact
#     python tools/simulate.py data/simhupr-16 --preset simhupr-v2-mini --form compact --chirps 16   # for the row of it
#     python tools/run_experiments.py configs/suites/limbs_simhupr.py --jobs 2
# All networks have log-magnitudes and Muon, with the best of the rates in limbs_learning_rates_simhupr.py where that is
# not the configuration's 2e-3. Epochs are chosen so that trainings take equally long; HuPR's single epoch takes longer.
_base_ = '_base_/without_network.py'

name = 'limbs_simhupr'
seeds = (0, 1)
options = dict(data_root='data/simhupr', num_workers=0, val_batch_size=8)
config = 'baselines/millimamba_small_unscored_simhupr'  # of rows that name no other

_time = dict(max_epochs=10)  # of the small network


def _frames(count):
    """Windows of another length, with as many frames a batch."""
    return {**_time, 'num_frames': count, 'batch_size': 128 // count}


def _rate(value):
    return {'optim_wrapper.optimizer.lr': value}


def _people(step):
    """Every n-th of the training sequences, for as many steps."""
    return {'max_epochs': 10 * step, 'train_dataloader.dataset.sequence_step': step}


_methods = dict(group='Networks', paper='tables 2 and 3')
_transformer = dict(_delete_=True, type='TransformerEncoderLayer', num_heads=4, feedforward_ratio=4)
_velocity = dict(type='VelocityLoss', loss_weight=0.05)
rows = [
    dict(name='milliMamba, small', **_methods, options=_time),
    dict(name='milliMamba, narrow', **_methods, config='ablations/millimamba_narrow_simhupr'),
    dict(
        name='milliMamba, narrow, no velocity loss',  # the losses of the small network and of TransHuPR
        **_methods,
        config='ablations/millimamba_narrow_simhupr',
        options={'model.head.losses.velocity.loss_weight': 0.0},
    ),
    dict(
        name='milliMamba, narrow, three times the time',  # is it the time that it lacks?
        **_methods,
        config='ablations/millimamba_narrow_simhupr',
        options=dict(max_epochs=3),
    ),
    dict(name='HuPR, narrow', **_methods, config='baselines/hupr_small_simhupr', options=_rate(4e-3)),
    dict(name='TransHuPR, narrow', **_methods, config='baselines/transhupr_small_simhupr', options=_rate(1e-3)),
    dict(name='mm-Pose, narrow', **_methods, config='baselines/mmpose_small_simhupr', options=_rate(1e-3)),
    dict(name='an eighth of the people', group='People', options=_people(8)),
    dict(name='a quarter of the people', group='People', options=_people(4)),
    dict(name='half of the people', group='People', options=_people(2)),
    dict(
        name='many to one',
        group='Decoder',
        paper='table 5',
        options={**_time, 'model.head.type': 'KeyFrameHead', 'model.head.key_frame': '${key_frame}'},
    ),
    dict(name='T = 1', group='Frames', paper='table 6', options=_frames(1)),
    dict(name='T = 4', group='Frames', paper='table 6', options=_frames(4)),
    dict(name='T = 8', group='Frames', paper='table 6', options=_frames(8)),
    dict(name='T = 32', group='Frames', options=_frames(32)),
    dict(name='horizontal radar', group='Radars', paper='table 7', options={**_time, 'views': ('hori',)}),
    dict(name='vertical radar', group='Radars', paper='table 7', options={**_time, 'views': ('vert',)}),
    dict(
        name='Transformer',
        group='Encoder',
        paper='table 8',
        options={**_time, 'model.backbone.mixer.layer': _transformer},
    ),
    dict(name='no encoder', group='Encoder', options={**_time, 'model.backbone.mixer.num_layers': 0}),
    dict(name='magnitude', group='Input', options={**_time, 'channel_mode': 'magnitude'}),
    dict(
        name='16 chirps',
        group='Input',
        options={**_time, 'num_chirps': 16, 'num_doppler': 16, 'data_root': 'data/simhupr-16'},
    ),
    dict(name='normalised map by map', group='Input', options={**_time, 'normalize_over': 'map'}),
    dict(name='velocity loss', group='Losses', options={**_time, 'model.head.losses.velocity': _velocity}),
    *_base_._without_network,
]
