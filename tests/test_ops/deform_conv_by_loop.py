"""The modulated deformable convolution by its definition, for several tests."""

import math


def deform_conv_by_loop(x, offset, mask, weight, bias, groups, deform_groups):
    batch, channels, height, width = x.shape
    out, per_group, rows, columns = weight.shape
    y = bias.view(1, -1, 1, 1).repeat(batch, 1, height, width)

    def pixel(n, c, i, j):
        return x[n, c, i, j] if 0 <= i < height and 0 <= j < width else 0.0

    for n in range(batch):
        for o in range(out):
            for i in range(height):
                for j in range(width):
                    for c in range(per_group):
                        channel = o // (out // groups) * per_group + c
                        group = channel // (channels // deform_groups)
                        for k in range(rows * columns):
                            at = group * rows * columns + k
                            v = i + k // columns - rows // 2 + offset[n, 2 * at, i, j].item()
                            h = j + k % columns - columns // 2 + offset[n, 2 * at + 1, i, j].item()
                            top, left = math.floor(v), math.floor(h)
                            value = sum(
                                (1 - abs(v - a)) * (1 - abs(h - b)) * pixel(n, channel, a, b)
                                for a in (top, top + 1)
                                for b in (left, left + 1)
                            )
                            y[n, o, i, j] += weight[o, c, k // columns, k % columns] * mask[n, at, i, j] * value
    return y
