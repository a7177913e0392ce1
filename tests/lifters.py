"""A lifter of another project: what mmradar asks of it, and no more."""

import numpy as np
from mmengine.model import BaseModel


class ElapsedTimeStream:
    """Joints as far from their mean as in an image of 2 m; away from the camera, the seconds since the stream began."""

    def __init__(self, width):
        self.width, self.first_s = width, None

    def reset(self):
        self.first_s = None

    def step(self, keypoints_px, scores, time_s):
        self.first_s = time_s if self.first_s is None else self.first_s
        across = 2 / self.width * (keypoints_px - keypoints_px[scores > 0].mean(0))
        pose = np.column_stack([across, np.full(len(across), time_s - self.first_s)])
        pose[scores == 0] = 0
        return pose


class ElapsedTimeLifter(BaseModel):
    """A ``PoseLifter``."""

    def forward(self, inputs, data_samples=None, mode='tensor'):
        raise NotImplementedError

    def lifting_stream(self, image_size):
        return ElapsedTimeStream(image_size[0])
