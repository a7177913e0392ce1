"""Matching of a skeleton's joints to HuPR's joints by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mmradar.errors import DataError
from mmradar.simulation.skeleton import JOINT_NAMES

# Names that rigs give a joint of HuPR's, without the side. The first that exists is used: Mixamo's RightShoulder is the
# collar bone and its RightArm the shoulder joint; a rig with hand and wrist bends at the wrist.
_PARTS = {
    'Hip': ('upleg', 'upperleg', 'thigh', 'femur', 'hip'),
    'Knee': ('lowleg', 'lowerleg', 'shin', 'calf', 'tibia', 'knee', 'leg'),
    'Ankle': ('ankle', 'foot'),
    'Shoulder': ('uparm', 'upperarm', 'humerus', 'shldr', 'arm', 'shoulder'),
    'Elbow': ('forearm', 'lowarm', 'lowerarm', 'radius', 'elbow'),
    'Wrist': ('wrist', 'hand'),
    'Neck': ('neck', 'neck1', 'neck01', 'lowerneck'),
    'Head': ('head',),
}
_SIDES = {'R': ('right{}', 'r{}', '{}r', '{}right'), 'L': ('left{}', 'l{}', '{}l', '{}left'), '': ('{}',)}


def plain_name(name: str) -> str:
    """Strip namespace, case and punctuation from a joint's name: ``mixamorig:RightUpLeg`` becomes ``rightupleg``.

    The prefix that 3ds Max's Biped puts before all joints is stripped too: ``Bip01 R Thigh`` becomes ``rthigh``.
    """
    plain = re.sub('[^a-z0-9]', '', name.rsplit(':', 1)[-1].lower())
    return re.sub(r'^(mixamorig|bip\d+)', '', plain)


def match_joints(names: Iterable[str], joint_names: Mapping[str, str] | None, source: str) -> dict[str, str]:
    """Find the skeleton's name of each of HuPR's joints.

    Args:
        names: Names of the skeleton's joints, in their order.
        joint_names: Names by HuPR's joint that take precedence over any guess, e.g. ``{'Neck': 'Spine4'}``.
        source: File that the skeleton is from, for messages.

    Raises:
        DataError: A joint is missing; the message names it and the joints found.
        ValueError: ``joint_names`` has a key that is not a joint of HuPR's.
    """
    names, given = list(names), dict(joint_names or {})
    if unknown := sorted(set(given) - set(JOINT_NAMES)):
        raise ValueError(f'joint_names: unknown joint {unknown[0]!r}; known are {", ".join(JOINT_NAMES)}')
    by_plain_name: dict[str, str] = {}
    for name in names:
        by_plain_name.setdefault(plain_name(name), name)
    found = {}
    for joint in JOINT_NAMES:
        if joint in given:
            match = given[joint] if given[joint] in names else None
            tried = f'{given[joint]!r} as joint_names says'
        else:
            side, _, part = joint.rpartition('_')
            guesses = [form.format(word) for word in _PARTS[part] for form in _SIDES[side]]
            match = next((by_plain_name[guess] for guess in guesses if guess in by_plain_name), None)
            tried = f'a name like {guesses[0]!r}'
        if match is None:
            shown = ', '.join(repr(name)[:40] for name in names[:80])
            raise DataError(
                f'{source}: no joint for {joint}; expected {tried}, found {shown}; pass joint_names={{{joint!r}: ...}}'
            )
        found[joint] = match
    return found
