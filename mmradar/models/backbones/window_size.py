"""Check of the size of a backbone's inputs."""

from __future__ import annotations

from torch import Tensor


def check_window(name: str, inputs: Tensor, num_frames: int, num_views: int, input_size: tuple[int, int]) -> None:
    """Raise unless a batch of windows has the sizes that a backbone was built for.

    Args:
        name: Name of the backbone, for the error message.
        inputs: Heatmaps, (batch, frames, views, channels, angle, Doppler, range).
        num_frames: Frames expected.
        num_views: Views expected.
        input_size: (angle, range) bins expected.

    Raises:
        ValueError: Other sizes.
    """
    found = (inputs.shape[1], inputs.shape[2], inputs.shape[4], inputs.shape[6]) if inputs.ndim == 7 else None
    if found != (num_frames, num_views, *input_size):
        raise ValueError(
            f'{name} takes (batch, frames, views, channels, angle, Doppler, range) with {num_frames} frames, '
            f'{num_views} views, {input_size[0]} angle and {input_size[1]} range bins, as its configuration says; '
            f'found {tuple(inputs.shape)}'
        )
