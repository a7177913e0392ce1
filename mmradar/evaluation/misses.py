"""Checks for predictions and labels that are not finite; such predictions are misses in every metric."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log

from mmradar.errors import ConfigError, DataError

REMEDY = (
    'The training has diverged or the checkpoint is damaged: look at the loss in the log of the training, and go back '
    'to an earlier checkpoint or train with a lower learning rate'
)


def check_predictions(
    metric: str, finite: Sequence[bool] | np.ndarray, names: Sequence[object], tolerate: bool = True
) -> None:
    """Log how many predictions are not finite; raise if none is finite or if the metric tolerates no misses.

    All metrics follow one rule: a prediction with NaN or an infinite number in its position or score is a miss. In AP
    and PCK it matches nothing, and it makes the mean distances reported with them infinite; metrics of 3D distances and
    of actions raise an error. Such a checkpoint therefore never becomes the best one.

    Args:
        metric: Name of the metric, for messages.
        finite: For each prediction, whether all its numbers are finite.
        names: For each prediction, the name of its sample, for messages.
        tolerate: Whether the metric can count misses.

    Raises:
        ConfigError: There are no predictions.
        DataError: All predictions are misses, or some are and ``tolerate`` is false.
    """
    if not len(finite):
        raise ConfigError(f'{metric}: there is nothing to evaluate, not one prediction; is the data set empty?')
    missed = len(finite) - int(np.sum(finite))
    if not missed:
        return
    found = (
        f'{metric}: {missed} of {len(finite)} predictions hold NaN or infinite numbers, the first that of '
        f'{names[int(np.argmin(finite))]}'
    )
    if missed == len(finite) or not tolerate:
        raise DataError(f'{found}. {REMEDY}.')
    print_log(f'{found}; they count as misses. {REMEDY}.', 'current', logging.WARNING)


def check_truth(metric: str, finite: Sequence[bool] | np.ndarray, names: Sequence[object]) -> None:
    """Raise if a label that counts is not finite.

    Args:
        metric: Name of the metric, for messages.
        finite: For each sample, whether all numbers of its label that count are finite.
        names: For each sample, its name, for messages.

    Raises:
        DataError: Some labels are not finite; the message has their number and the first sample.
    """
    wrong = len(finite) - int(np.sum(finite))
    if wrong:
        raise DataError(
            f'{metric}: {wrong} of {len(finite)} labels hold NaN or infinite numbers, the first that of '
            f'{names[int(np.argmin(finite))]}; correct the annotations, or mark these joints as not visible'
        )
