"""Models whose weights come with the package."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mmradar.errors import CheckpointError
from mmradar.package_configs import config_folder

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class PublishedModel:
    """An entry of ``configs/metafile.yml`` that has weights.

    Args:
        name: Name by which users load the model.
        config: Name of its configuration.
        checkpoint: File of its weights.
        sha256: SHA-256 of that file.
        metadata: The training: data set, procedure, duration.
        results: Results in the format of OpenMMLab's metafiles, each with ``Dataset`` and ``Metrics``.
    """

    name: str
    config: str
    checkpoint: Path
    sha256: str
    metadata: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]

    def check(self) -> None:
        """Raise if the file of weights does not match its hash.

        Raises:
            CheckpointError: The file is missing, or is not the one that was published.
        """
        found = hashlib.sha256(self.checkpoint.read_bytes()).hexdigest() if self.checkpoint.is_file() else 'no file'
        if found != self.sha256:
            raise CheckpointError(f'{self.checkpoint}: expected SHA-256 {self.sha256}, found {found}; install again')


@functools.cache
def published_models() -> dict[str, PublishedModel]:
    """Return the published models by name."""
    entries = yaml.safe_load((config_folder() / 'metafile.yml').read_text(encoding='utf-8'))['Models']
    return {
        entry['Alias']: PublishedModel(
            name=entry['Alias'],
            config=str(Path(entry['Config']).relative_to('configs').with_suffix('')),
            checkpoint=_PACKAGE.parent / entry['Weights'],
            sha256=entry['Metadata']['SHA256'],
            metadata=entry['Metadata'],
            results=tuple(entry['Results']),
        )
        for entry in entries
        if 'Weights' in entry
    }
