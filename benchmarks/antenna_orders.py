"""Measure, for each antenna order, the position and width of a point target's angle peak and its second peak."""

from __future__ import annotations

import numpy as np

from mmradar.radar import RadarConfig, heatmap_3d

NUM_ANGLE = 64


def angle_spectrum(config: RadarConfig, order: str, sine_along: float, sine_across: float) -> np.ndarray:
    """Compute the magnitudes of the (first) angle transform of a distant point at rest."""
    along, across = config.virtual_positions.T
    cube = np.exp(-1j * np.pi * (along * sine_along + across * sine_across))[:, None, None]
    return np.abs(heatmap_3d(cube, 1, NUM_ANGLE, antenna_order=config.antenna_order(order)))[:, 0, 0]


def main() -> None:
    config = RadarConfig(num_loops=1, num_samples=1)
    print(
        '| order | elevation | error of the peak, mean, bins | largest error, bins | width at half height, bins '
        '| second peak, relative |'
    )
    print('|---|---|---|---|---|---|')
    for order in ('file', 'azimuth_first', 'row'):
        for degrees in (0, 15, 30):
            across = np.sin(np.radians(degrees))
            limit = 0.95 * np.sqrt(1 - across**2)
            off, width, second = [], [], []
            for sine in np.linspace(-limit, limit, 381):
                spectrum = angle_spectrum(config, order, sine, across)
                law = NUM_ANGLE * (0.5 - sine / 2)
                off.append(abs((spectrum.argmax() - law + NUM_ANGLE / 2) % NUM_ANGLE - NUM_ANGLE / 2))
                width.append((spectrum > spectrum.max() / 2).sum())
                peaks = np.sort(spectrum[(spectrum >= np.roll(spectrum, 1)) & (spectrum > np.roll(spectrum, -1))])
                second.append(peaks[-2] / peaks[-1] if len(peaks) > 1 else 0)
            print(
                f'| `{order}` | {degrees} degrees | {np.mean(off):.2f} | {np.max(off):.1f} | {np.mean(width):.1f} '
                f'| {np.mean(second):.2f} |'
            )


if __name__ == '__main__':
    main()
