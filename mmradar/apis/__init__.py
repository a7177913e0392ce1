"""Public Python interface of the package: functions to build, train, test, run and export models."""

from mmradar.apis.evaluation import build_loader, evaluate, predictions
from mmradar.apis.exporting import export
from mmradar.apis.inference import inference
from mmradar.apis.inferencer import RadarPoseInferencer
from mmradar.apis.models import init_model, read_config
from mmradar.apis.publishing import publish
from mmradar.apis.stream import RadarPoseStream, StreamedPose
from mmradar.apis.testing import test
from mmradar.apis.training import train
from mmradar.package_configs import config_names, find_config
from mmradar.published_models import PublishedModel, published_models

__all__ = [
    'PublishedModel',
    'RadarPoseInferencer',
    'RadarPoseStream',
    'StreamedPose',
    'build_loader',
    'config_names',
    'evaluate',
    'export',
    'find_config',
    'inference',
    'init_model',
    'predictions',
    'publish',
    'published_models',
    'read_config',
    'test',
    'train',
]
