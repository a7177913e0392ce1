# Every row of the paper's tables, and rows that answer what the paper leaves open, at full size on HuPR:
#     python tools/run_experiments.py configs/suites/paper.py --dry-run                       one command for each row
#     python tools/run_experiments.py configs/suites/paper.py --only 'T = 3' 'milliMamba'     train and test two of them
# paper_transhupr.py and paper_simhupr.py have the same rows on the other data sets. Numbers in comments are the paper's
# AP: HuPR's in table 3, TransHuPR's in all others. Rows without `paper` are not in the paper. The full model belongs to
# all of its tables, and is trained once: 3D FFT, many to many, T = 9, both radars, Mamba.
name = 'paper'
seeds = (0,)
options = dict()
config = 'millimamba_hupr'  # of rows that name no other
rows = [
    dict(name='milliMamba', group='Networks', paper='tables 2 to 8'),  # table 2: 74.5; table 3: "up to 84.0"
    dict(
        name='TransHuPR', group='Networks', paper='tables 2 and 3', config='baselines/transhupr_hupr'
    ),  # table 2: 63.5
    dict(name='HuPR', group='Networks', paper='tables 2 and 3', config='baselines/hupr_hupr'),  # 63.4 in its own paper
    dict(name='mm-Pose', group='Networks', paper='tables 2 and 3', config='baselines/mmpose_hupr'),
    # the light crop is what the 4D FFT and the density map are compared with; the paper's 3D FFT is the full model
    dict(name='3D FFT, light', group='Input', config='millimamba_light_hupr'),
    dict(name='4D FFT', group='Input', paper='table 4', config='ablations/millimamba_4dfft_hupr'),  # 72.0
    dict(name='density map', group='Input', paper='table 4', config='ablations/millimamba_density_hupr'),  # 58.5
    dict(name='magnitude', group='Input', config='ablations/millimamba_magnitude_hupr'),
    dict(name='log-magnitude', group='Input', config='ablations/millimamba_log_magnitude_hupr'),
    dict(name='normalised over the frame', group='Input', options={'normalize_over': 'frame'}),
    dict(name='4 chirps', group='Input', config='ablations/millimamba_chirps4_hupr'),
    dict(name='16 chirps', group='Input', config='ablations/millimamba_chirps16_hupr'),
    dict(name='64 chirps', group='Input', config='ablations/millimamba_chirps64_hupr'),
    dict(
        name='many to one', group='Decoder', paper='table 5', config='ablations/millimamba_many_to_one_hupr'
    ),  # 4.1 below
    dict(name='without spatial attention', group='Decoder', options={'model.head.layer.spatial': False}),
    dict(name='without temporal attention', group='Decoder', options={'model.head.layer.temporal': False}),
    # one pose for all windows, since the queries are: what AP is without radar
    dict(name='without cross-attention', group='Decoder', options={'model.head.layer.cross': False}),
    dict(name='T = 1', group='Frames', paper='table 6', config='ablations/millimamba_t1_hupr'),
    dict(name='T = 3', group='Frames', paper='tables 6 and 8', config='ablations/millimamba_t3_hupr'),
    dict(name='T = 5', group='Frames', paper='table 6', config='ablations/millimamba_t5_hupr'),
    dict(name='T = 7', group='Frames', paper='table 6', config='ablations/millimamba_t7_hupr'),
    dict(name='T = 15', group='Frames', paper='table 6', config='ablations/millimamba_t15_hupr'),
    dict(name='horizontal radar', group='Radars', paper='table 7', config='ablations/millimamba_hori_hupr'),
    dict(name='vertical radar', group='Radars', paper='table 7', config='ablations/millimamba_vert_hupr'),
    # 1.5 below Mamba at T = 3; attention to more frames ran out of memory in the paper
    dict(
        name='Transformer, T = 3', group='Encoder', paper='table 8', config='ablations/millimamba_transformer_t3_hupr'
    ),
    dict(
        name='Transformer, T = 9',
        group='Encoder',
        paper='table 8',
        config='ablations/millimamba_transformer_t3_hupr',
        options={'num_frames': 9},
        run=False,
    ),
    dict(name='no encoder', group='Encoder', options={'model.backbone.mixer.num_layers': 0}),
    dict(name='one direction', group='Scan', options={'model.backbone.mixer.layer.bidirectional': False}),
    dict(name='raster', group='Scan', options={'model.backbone.mixer.scan_order': 'raster'}),
    dict(name='time first', group='Scan', options={'model.backbone.mixer.time_first': True}),
    dict(name='velocity weight 0', group='Losses', options={'model.head.losses.velocity.loss_weight': 0.0}),
    dict(name='velocity weight 0.5', group='Losses', options={'model.head.losses.velocity.loss_weight': 0.5}),
    dict(name='velocity in images', group='Losses', options={'model.head.losses.velocity.unit': 'image'}),
    dict(name='velocity in bodies', group='Losses', options={'model.head.losses.velocity.unit': 'body'}),
    dict(name='L1', group='Losses', config='ablations/millimamba_l1_hupr'),
    dict(name='OKS and L1', group='Losses', config='ablations/millimamba_oks_l1_hupr'),
]
