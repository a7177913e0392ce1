# GLSMamba with ViTPose-B on PoseTrack17. Not run on the data itself, which needs registration; tests train it for two
# iterations on files of the same format. Annotations and images below data_root, as published.
_base_ = '_base_/posetrack.py'

year = 2017
data_root = 'data/posetrack17'
bad_boxes = 'drop'  # of people with a single joint: boxes are those of the joints in 2017
