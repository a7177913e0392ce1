# GLSMamba with ViTPose-B on Sub-JHMDB, split 1; published figures are means over the splits 1, 2 and 3, see also
# glsmamba_base_sub_jhmdb_split2.py and _split3.py.
# Not run on the data itself; tests train it for two iterations on files of the same format.
_base_ = '_base_/recorded_video.py'

data_root = 'data/jhmdb'
train_annotations = 'annotations/Sub1_train.json'
val_annotations = 'annotations/Sub1_test.json'
num_keypoints = 15
dataset = dict(type='SubJHMDBVideoDataset')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
val_evaluator = dict(type='JhmdbPCKAccuracy', thr=0.2, norm_item='bbox')
