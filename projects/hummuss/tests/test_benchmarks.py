"""The benchmarks' own parts, without times."""

import sys
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[1] / 'benchmarks'


@pytest.fixture
def sequence_length(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import sequence_length

    yield sequence_length
    sys.modules.pop('sequence_length')


def test_fused_attention_changes_nothing_in_dstformer(sequence_length):
    torch.manual_seed(0)
    ours = sequence_length.build('DSTFormer', 'tiny', 9)
    fused = sequence_length.build('DSTFormer-fused', 'tiny', 9)
    fused.load_state_dict(ours.state_dict())
    inputs = torch.randn(2, 9, 17, 3)
    expected = ours(inputs)
    torch.testing.assert_close(fused(inputs), expected, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(ours(inputs.flip(1)).flip(1), expected, atol=1e-3)  # frames are told apart
