"""Runner for configurations with references, and for models without parameters."""

from __future__ import annotations

from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn

from mmradar.interpolation import resolve
from mmradar.registry import RUNNERS


@RUNNERS.register_module()
class RadarPoseRunner(Runner):
    """mmengine's ``Runner``, which can also be built from a configuration that still has its references.

    ``Config.fromfile`` leaves references as they are; :func:`mmradar.apis.configuration.load_config` does not.
    """

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Put the model on its device and, in distributed runs, into a wrapper.

        A model without parameters to train, which torch's wrapper refuses, gets one that synchronises nothing.
        """
        if not any(parameter.requires_grad for parameter in model.parameters()):
            model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
        return super().wrap_model(model_wrapper_cfg, model)

    @classmethod
    def from_cfg(cls, cfg: Config | dict[str, Any]) -> RadarPoseRunner:
        """Build a runner from a configuration.

        Args:
            cfg: Configuration in the form of mmengine's ``Runner``, with or without references.

        Raises:
            ConfigError: See :func:`mmradar.interpolation.resolve`.
        """
        return super().from_cfg(resolve(cfg))  # pyright: ignore[reportReturnType]  mmengine builds cls, says Runner
