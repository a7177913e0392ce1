# The pose of the training sample whose heatmaps are nearest, after pooling to 8 angles, 4 Doppler and 16 range bins. Our
# choices.
model = dict(type='NearestNeighbour', pooled_size=(8, 4, 16), metric='euclidean')
