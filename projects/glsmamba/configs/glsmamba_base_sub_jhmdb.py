# GLSMamba with ViTPose-B on Sub-JHMDB, split 1; published figures are means over Sub1, Sub2 and Sub3.
# Not run on the data itself; tests train it for two iterations on files of its form.
_base_ = '_base_/posetrack.py'

dataset = dict(type='SubJHMDBVideoDataset', data_root='data/jhmdb/')
train_dataloader = dict(dataset=dict(**dataset, ann_file='annotations/Sub1_train.json'))
val_dataloader = dict(dataset=dict(**dataset, ann_file='annotations/Sub1_test.json'))
test_dataloader = val_dataloader
model = dict(head=dict(out_channels=15))
val_evaluator = dict(type='JhmdbPCKAccuracy', thr=0.2, norm_item='bbox')
test_evaluator = val_evaluator
