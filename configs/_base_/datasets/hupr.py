# HuPR in its downloaded layout. The lists of sequences are HuPR's official split, in the order of its annotation files.
data_root = 'data/HuPR'
cache_dir = None  # a folder, to cache what the pipeline makes of single frames
radar = dict(preset='iwr1843_hupr')  # its fields may be overridden here
views = ('hori', 'vert')
num_keypoints = 14

# fmt: off
train_sequences = [
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 33, 35, 36, 37,
    43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 58, 59, 60, 61, 62, 63, 64, 66, 71, 73, 74, 75, 76, 77, 78, 79, 80,
    81, 83, 84, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 31, 32, 53, 54, 55, 67, 68, 69, 70, 72, 85, 86, 100,
    157, 158, 160, 167, 168, 169, 170, 177, 179, 180, 187, 188, 189, 190, 228, 229, 230, 259, 260, 263, 264,
    269, 270, 273, 274, 102, 103, 104, 105, 106, 107, 108, 109, 110, 119, 121, 122, 123, 124, 133, 134, 135,
    138, 147, 148, 149, 150, 151, 152, 153, 154, 155, 162, 163, 165, 166, 171, 172, 173, 174, 175, 176, 182,
    183, 184, 185, 186, 191, 192, 193, 195, 196, 198, 199, 200, 201, 202, 203, 204, 206, 207, 208, 209, 210,
    211, 212, 213, 215, 216, 223, 224, 225, 226, 231, 232, 233, 234, 235, 236, 258, 261, 262, 265, 266, 267,
    268, 271, 272, 275, 276,
]
val_sequences = [
    1, 14, 34, 57, 65, 98, 56, 99, 159, 178, 101, 120, 137, 156, 161, 164, 181, 194, 197, 205, 257,
]
test_sequences = [
    15, 16, 38, 40, 41, 42, 17, 39, 244, 245, 246, 249, 250, 251, 252, 253, 254, 247, 248, 255, 256,
]
# fmt: on

train_sampler = dict(type='DefaultSampler', shuffle=True)
batch_size = 8
val_batch_size = 8  # of validation and test
num_workers = 4

dataset = dict(
    type='HuPRDataset',
    data_root='${data_root}',
    cache_dir='${cache_dir}',
    radar='${radar}',
    views='${views}',
    window=dict(num_frames='${num_frames}', key='${key_frame}'),
    pipeline='${pipeline}',
)
loader = dict(num_workers='${num_workers}', persistent_workers=True)
train_dataloader = dict(
    **loader,
    batch_size='${batch_size}',
    sampler='${train_sampler}',
    dataset=dict(**dataset, ann_file='hrnet_annot_train.json', split='train', sequences='${train_sequences}'),
)
val_loader = dict(**loader, batch_size='${val_batch_size}', sampler=dict(type='DefaultSampler', shuffle=False))
val_dataloader = dict(
    **val_loader,
    dataset=dict(**dataset, ann_file='hrnet_annot_val.json', split='val', sequences='${val_sequences}', test_mode=True),
)
test_dataloader = dict(
    **val_loader,
    dataset=dict(
        **dataset, ann_file='hrnet_annot_test.json', split='test', sequences='${test_sequences}', test_mode=True
    ),
)

val_evaluator = dict(type='HuPRMetric', train_ann_file='${data_root}/hrnet_annot_train.json')
test_evaluator = val_evaluator
