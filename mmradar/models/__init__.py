"""Models: estimators built of backbones, heads, losses and layers, all from configuration."""

from mmradar.models.backbones import *  # noqa: F403
from mmradar.models.data_preprocessors import *  # noqa: F403
from mmradar.models.heads import *  # noqa: F403
from mmradar.models.layers import *  # noqa: F403
from mmradar.models.losses import *  # noqa: F403
from mmradar.models.pose_estimators import *  # noqa: F403
