"""Runner for configurations with references."""

from __future__ import annotations

from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from mmradar.interpolation import resolve
from mmradar.registry import RUNNERS


@RUNNERS.register_module()
class RadarPoseRunner(Runner):
    """mmengine's ``Runner``, which can also be built from a configuration that still has its references.

    ``Config.fromfile`` leaves references as they are; :func:`mmradar.apis.configuration.load_config` does not.
    """

    @classmethod
    def from_cfg(cls, cfg: Config | dict[str, Any]) -> RadarPoseRunner:
        """Build a runner from a configuration.

        Args:
            cfg: Configuration in the form of mmengine's ``Runner``, with or without references.

        Raises:
            ConfigError: See :func:`mmradar.interpolation.resolve`.
        """
        return super().from_cfg(resolve(cfg))  # pyright: ignore[reportReturnType]  mmengine builds cls, says Runner
