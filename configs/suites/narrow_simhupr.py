# The paper's comparisons in narrow variants, on simhupr-v1-mini (python tools/simulate.py data/simhupr):
#     python tools/run_experiments.py configs/suites/narrow_simhupr.py --jobs 2
# All networks see the same 240 sequences three times. Trainings this short find places, not limbs (docs/limbs.md): what
# a row shows here need not hold for longer ones.
_base_ = '_base_/without_network.py'

name = 'narrow_simhupr'
seeds = (0, 1)
options = dict(data_root='data/simhupr')
config = 'millimamba_tiny_simhupr'  # of rows that name no other
rows = [
    dict(name='milliMamba', group='Networks', paper='tables 2 and 3'),
    dict(name='HuPR', group='Networks', paper='tables 2 and 3', config='baselines/hupr_tiny_simhupr'),
    dict(name='TransHuPR', group='Networks', paper='tables 2 and 3', config='baselines/transhupr_tiny_simhupr'),
    dict(name='mm-Pose', group='Networks', paper='tables 2 and 3', config='baselines/mmpose_tiny_simhupr'),
    *_base_._without_network,
    dict(
        name='magnitude',
        group='Input',
        options={'channel_mode': 'magnitude', 'model.backbone.stem.in_channels': 1},
    ),
    dict(
        name='log-magnitude',
        group='Input',
        options={'channel_mode': 'log_magnitude', 'model.backbone.stem.in_channels': 1},
    ),
    dict(name='normalised over the frame', group='Input', options={'normalize_over': 'frame'}),
    dict(name='many to one', group='Decoder', paper='table 5', options={'model.head.type': 'KeyFrameHead'}),
    dict(name='T = 1', group='Frames', paper='table 6', options={'num_frames': 1}),
    dict(name='T = 5', group='Frames', paper='table 6', options={'num_frames': 5}, run=False),
    dict(name='T = 9', group='Frames', paper='table 6', options={'num_frames': 9}, run=False),
    dict(name='horizontal radar', group='Radars', paper='table 7', options={'views': ('hori',)}),
    dict(name='vertical radar', group='Radars', paper='table 7', options={'views': ('vert',)}),
    dict(
        name='antennas in file order',
        group='Antennas',
        config='ablations/millimamba_tiny_file_order_simhupr',
        run=False,
    ),
    dict(name='antennas by row', group='Antennas', config='ablations/millimamba_tiny_rows_simhupr', run=False),
]
