"""Predictions that hold a number that is not finite: misses in every metric, matches in none."""

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


def check_predictions(metric: str, finite: Sequence[bool], names: Sequence[object], tolerate: bool = True) -> None:
    """Say in the log how many predictions are not finite; an error if all are, or if the metric cannot bear any.

    The rule of all metrics: a prediction with NaN or an infinite number, in its position or its score, is a miss. In
    AP and PCK it is a prediction that finds nothing, and a mean distance beside them is infinite with it; metrics of
    3D distances and of actions end in an error. So no such checkpoint is ever the best one.

    Args:
        metric: For messages.
        finite: By prediction, whether all of its numbers are.
        names: By prediction, what it is of, for messages.
        tolerate: Whether misses have a place in the metric.

    Raises:
        ConfigError: There are no predictions.
        DataError: All are misses, or some and ``tolerate`` is false.
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


def check_truth(metric: str, finite: Sequence[bool], names: Sequence[object]) -> None:
    """Raise if a label that counts is not finite.

    Args:
        metric: For messages.
        finite: By sample, whether all numbers that count are.
        names: By sample, what it is of.

    Raises:
        DataError: The first sample whose label is not, and how many there are.
    """
    wrong = len(finite) - int(np.sum(finite))
    if wrong:
        raise DataError(
            f'{metric}: {wrong} of {len(finite)} labels hold NaN or infinite numbers, the first that of '
            f'{names[int(np.argmin(finite))]}; mend the annotations, or mark these joints as not visible'
        )
