"""Data set of labelled motions seen by a virtual camera, for action recognition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.dataset import BaseDataset

from hummuss.datasets.motion_lifting_dataset import MotionLiftingDataset
from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS
from mmradar.simulation.motions import MOTIONS, check_motions


@DATASETS.register_module()
class MotionActionDataset(MotionLiftingDataset):
    """Data set for action recognition from any motion source of ``mmradar.simulation``; by default procedural motions.

    The samples are those of :class:`~hummuss.datasets.MotionLiftingDataset`, with an additional field ``gt_label`` of
    ``data_samples``, the number of the action in ``classes``, and ``person`` in the meta information. Splits differ in
    people: each procedural clip shows a person of its own; recorded clips are split by the person in their file's name.

    Windows are mirrored with ``flip_prob`` as in lifting. That turns a step to the left into one to the right, so leave
    it at 0 where sides tell actions apart.

    Args:
        classes: Names of the actions, in the order of their labels. Of recorded motions, only these are used. ``None``:
            all procedural motions, and none from files.
        motion_files: Files and folders of recorded motions whose names tell their actions.
        file_names: Regular expression of whole file names without suffix, with the groups ``action`` and ``person``.
            The default is for Bandai Namco's ``CONTENT_STYLE_NUMBER.bvh``: actions are contents, and as the names do
            not tell who performs, styles take the place of people.
        **kwargs: See :class:`~hummuss.datasets.MotionLiftingDataset`.

    Raises:
        ConfigError: An argument is out of its range, or an action is named twice.
        DataError: Motion files are missing, damaged or too short, or an action has no clip in this split.
    """

    def __init__(
        self,
        classes: Sequence[str] | None = None,
        motion_files: Sequence[str] = (),
        file_names: str | None = r'(?P<action>[^_]+)_(?P<person>[^_]+)_\d+',
        num_clips: int = 210,
        **kwargs: Any,
    ) -> None:
        if classes is None and motion_files:
            raise ConfigError(
                'MotionActionDataset.classes must name the actions of recorded motions; their order is that of labels'
            )
        if 'motions' in kwargs:
            raise ConfigError('MotionActionDataset has no motions; name them in classes')
        if kwargs.get('routines'):
            raise ConfigError('MotionActionDataset has no routines: each clip shows one action')
        self.classes = tuple(MOTIONS if classes is None else classes)
        if len(set(self.classes)) < max(2, len(self.classes)):
            raise ConfigError(f'MotionActionDataset.classes must be two or more different names, found {classes}')
        self.file_names = file_names
        motions = check_motions(self.classes) if num_clips else None
        super().__init__(num_clips=num_clips, motions=motions, motion_files=motion_files, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Return one small entry for each window of the actions in ``classes``."""
        self.reading.update(file_names=self.file_names, actions=self.classes)
        entries = super().load_data_list()
        # Procedural clips take the classes in turn
        found = {*self.classes[: self.num_clips], *(clip.action for clip in self.recorded)}
        if missing := [name for name in self.classes if name not in found]:
            raise DataError(
                f'the split {self.split!r} has no clip of {", ".join(missing)}; leave these out of classes, or use '
                'more clips, another test_every or split=None'
            )
        return entries

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the label of a sample, in a list; for samplers. No clip is generated for it."""
        number = BaseDataset.get_data_info(self, idx)['clip']
        if number < self.num_clips:
            return [number % len(self.classes)]  # procedural clips take the classes in turn
        return [self.classes.index(self.recorded[number - self.num_clips].action)]

    def prepare_data(self, idx: int) -> Any:
        """Return one sample with its label; the base class's pipeline, if there is one, runs before."""
        packed = super().prepare_data(idx)
        sample = packed['data_samples']
        sample.set_field(self.classes.index(sample.action), 'gt_label')
        return packed
