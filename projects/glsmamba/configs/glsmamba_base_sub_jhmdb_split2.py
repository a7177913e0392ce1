# GLSMamba with ViTPose-B on Sub-JHMDB, split 2. Not run on the data itself.
_base_ = 'glsmamba_base_sub_jhmdb.py'

train_annotations = 'annotations/Sub2_train.json'
val_annotations = 'annotations/Sub2_test.json'
