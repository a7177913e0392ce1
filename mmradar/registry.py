"""Registries of the scope ``mmradar``: one child registry for each registry of mmpose.

A child looks in its own modules first, then in mmpose's, then in mmengine's, so that a configuration
may name a class of any of the three without a prefix. ``locations`` lists the modules to import before a look-up. For a
name that none of them has, the installed plugins are imported (:mod:`mmradar.plugins`).
"""

from typing import Any

from mmengine import registry as mmengine_registry

from mmradar.compat import check_mmpose
from mmradar.interpolation import check_resolved
from mmradar.plugins import import_plugins
from mmradar.training_state import allow_training_state

check_mmpose()

from mmpose import registry as mmpose_registry  # noqa: E402  (checked before it is imported)

# Here, because everything that builds a model of mmradar imports this module, and then loads mmradar's checkpoints.
allow_training_state()


class Registry(mmengine_registry.Registry):
    """mmengine's registry, which imports plugins on demand and refuses to build from unresolved references."""

    def get(self, key: str) -> type | None:
        """Return the class or function of a name, as mmengine's registry does; ``None`` if there is none.

        Args:
            key: The name. If neither this registry nor its parents have it, the installed plugins are imported first.
        """
        found = super().get(key)
        return super().get(key) if found is None and import_plugins() else found

    def build(self, cfg: dict, *args, **kwargs) -> Any:
        """Build an object from its settings, as mmengine's registry does.

        Raises:
            ConfigError: If references are left in the settings.
        """
        check_resolved(cfg, self.name)
        return super().build(cfg, *args, **kwargs)


# Running: loops, hooks, optimisation
RUNNERS = mmengine_registry.Registry(  # RadarPoseRunner resolves references itself
    'runner', parent=mmpose_registry.RUNNERS, scope='mmradar', locations=['mmradar.engine.runner']
)
LOOPS = Registry('loop', parent=mmpose_registry.LOOPS, scope='mmradar', locations=['mmradar.engine.loops'])
HOOKS = Registry('hook', parent=mmpose_registry.HOOKS, scope='mmradar', locations=['mmradar.engine.hooks'])
OPTIMIZERS = Registry(
    'optimizer', parent=mmpose_registry.OPTIMIZERS, scope='mmradar', locations=['mmradar.engine.optimizers']
)
OPTIM_WRAPPERS = Registry(
    'optimizer wrapper',
    parent=mmpose_registry.OPTIM_WRAPPERS,
    scope='mmradar',
    locations=['mmradar.engine.optim_wrappers'],
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=mmpose_registry.OPTIM_WRAPPER_CONSTRUCTORS,
    scope='mmradar',
    locations=['mmradar.engine.optim_wrappers'],
)
PARAM_SCHEDULERS = Registry(
    'parameter scheduler',
    parent=mmpose_registry.PARAM_SCHEDULERS,
    scope='mmradar',
    locations=['mmradar.engine.param_schedulers'],
)
LOG_PROCESSORS = Registry('log processor', parent=mmpose_registry.LOG_PROCESSORS, scope='mmradar')

# Data
DATASETS = Registry('dataset', parent=mmpose_registry.DATASETS, scope='mmradar', locations=['mmradar.datasets'])
DATA_SAMPLERS = Registry(
    'data sampler',
    parent=mmpose_registry.DATA_SAMPLERS,
    scope='mmradar',
    locations=['mmradar.datasets.samplers'],
)
TRANSFORMS = Registry(
    'transform', parent=mmpose_registry.TRANSFORMS, scope='mmradar', locations=['mmradar.datasets.transforms']
)
KEYPOINT_CODECS = Registry(
    'keypoint codec', parent=mmpose_registry.KEYPOINT_CODECS, scope='mmradar', locations=['mmradar.codecs']
)

# Models: estimators, backbones, heads, losses, layers, data preprocessors
MODELS = Registry('model', parent=mmpose_registry.MODELS, scope='mmradar', locations=['mmradar.models'])
MODEL_WRAPPERS = Registry('model wrapper', parent=mmpose_registry.MODEL_WRAPPERS, scope='mmradar')

# Evaluation and pictures
METRICS = Registry('metric', parent=mmpose_registry.METRICS, scope='mmradar', locations=['mmradar.evaluation.metrics'])
EVALUATORS = Registry('evaluator', parent=mmpose_registry.EVALUATORS, scope='mmradar')
VISUALIZERS = Registry(
    'visualizer', parent=mmpose_registry.VISUALIZERS, scope='mmradar', locations=['mmradar.visualization']
)
VISBACKENDS = Registry('vis_backend', parent=mmpose_registry.VISBACKENDS, scope='mmradar')
