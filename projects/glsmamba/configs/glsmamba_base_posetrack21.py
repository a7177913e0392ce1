# GLSMamba with ViTPose-B on PoseTrack21. Not run on the data itself, which needs registration; tests train it for two
# iterations on files of the same format. Annotations and images below data_root, as published.
_base_ = '_base_/posetrack.py'

year = 2021
data_root = 'data/posetrack21'
train_annotations = 'posetrack_data/train'
val_annotations = 'posetrack_data/val'
