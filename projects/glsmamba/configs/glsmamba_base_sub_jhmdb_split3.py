# GLSMamba with ViTPose-B on Sub-JHMDB, split 3. Not run on the data itself.
_base_ = 'glsmamba_base_sub_jhmdb.py'

train_annotations = 'annotations/Sub3_train.json'
val_annotations = 'annotations/Sub3_test.json'
