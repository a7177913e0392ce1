import numpy as np
import pytest
import torch

from mmradar.evaluation.arrays import float64_array


@pytest.mark.parametrize(
    'values',
    [
        [[0.5, 2.0]],
        np.array([[0.5, 2.0]], np.float32),
        torch.tensor([[0.5, 2.0]], requires_grad=True),
        torch.tensor([[0.5, 2.0]], dtype=torch.bfloat16),  # numpy has no such type
    ],
    ids=['list', 'array', 'tensor', 'bfloat16'],
)
def test_values_of_every_kind(values):
    found = float64_array(values)
    assert found.dtype == np.float64 and found.tolist() == [[0.5, 2.0]]
