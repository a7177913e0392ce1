/* Bilinear samples of maps for a modulated deformable convolution, forward and backward.
 *
 * sample_{p, k} = mask_{p, k} x(p + p_k + offset_{p, k}),   0 outside of the map
 *
 * Channels are the vector lanes. Threads divide the pixels in the forward pass, but the channels in the backward pass,
 * since samples of different pixels add to the same gradients of x.
 */
#include <math.h>
#include "vector.h"

struct deform {
    const float *x, *offset, *mask; /* x: (maps, height, width, channels), channels a multiple of VL; others by pixel */
    int64_t offset_stride, mask_stride; /* between pixels, in elements */
    int64_t height, width, channels, rows, columns; /* height to channels of a map; rows and columns of the kernel */
    int64_t groups, deform_groups;  /* the channels of a group are a multiple of VL too */
    int64_t first, pixels;          /* first pixel, counted over all maps, and number of pixels */
    float *samples; /* (groups, pixels, rows * columns, channels / groups); backward: their gradients */
    /* backward only */
    float *grad_x;                   /* shape of x; added to */
    /* (parts, pixels, deform_groups * rows * columns * 2 or * 1): partial sums of each range */
    float *grad_offset, *grad_mask;
};

/* The four pixels around a position: their places in x and their weights. */
struct corners {
    const float *mask;
    int64_t place[4];
    float part[4], below, right; /* weights without the mask; position relative to the first pixel */
    float inside[4];             /* 1 inside the map, else 0 */
};

INLINE int64_t clamped(float index, int64_t size) {
    return index > 0.0f ? (index < (float)(size - 1) ? (int64_t)index : size - 1) : 0; /* NaN: 0 */
}

INLINE struct corners corners_of(const struct deform *c, int64_t pixel, int64_t group, int64_t tap) {
    const int64_t taps = c->rows * c->columns, of_map = c->height * c->width, map = pixel / of_map;
    const int64_t in_map = pixel % of_map, at = group * taps + tap;
    const float *offset = c->offset + pixel * c->offset_stride + 2 * at;
    const float y = (float)(in_map / c->width + tap / c->columns - c->rows / 2) + offset[0];
    const float x = (float)(in_map % c->width + tap % c->columns - c->columns / 2) + offset[1];
    const float top = floorf(y), left = floorf(x), height = (float)c->height, width = (float)c->width;
    struct corners s = {.mask = c->mask + pixel * c->mask_stride + at, .below = y - top, .right = x - left};
    const float in_y[2] = {top >= 0.0f && top < height, top >= -1.0f && top < height - 1.0f};
    const float in_x[2] = {left >= 0.0f && left < width, left >= -1.0f && left < width - 1.0f};
    const float part_y[2] = {1.0f - s.below, s.below}, part_x[2] = {1.0f - s.right, s.right};
    const int64_t row[2] = {clamped(top, c->height), clamped(top + 1.0f, c->height)};
    const int64_t column[2] = {clamped(left, c->width), clamped(left + 1.0f, c->width)};
    for (int i = 0; i < 4; i++) {
        s.inside[i] = in_y[i / 2] * in_x[i % 2];
        s.part[i] = part_y[i / 2] * part_x[i % 2] * s.inside[i];
        s.place[i] = ((map * c->height + row[i / 2]) * c->width + column[i % 2]) * c->channels;
    }
    return s;
}

/* Address of the sample's channels from `channel` to the end of its group. */
INLINE float *sample_at(const struct deform *c, int64_t pixel, int64_t tap, int64_t channel) {
    const int64_t of_group = c->channels / c->groups, taps = c->rows * c->columns;
    return c->samples + ((channel / of_group * c->pixels + pixel) * taps + tap) * of_group + channel % of_group;
}

/* Samples pixels [first, last). This and the next are kernel_functions, see team.h. */
int deform_samples(const void *arguments, int64_t b, int64_t first, int64_t last, int64_t part) {
    (void)b, (void)part;
    const struct deform *c = arguments;
    const int64_t taps = c->rows * c->columns, of_deform_group = c->channels / c->deform_groups;
    const int64_t of_group = c->channels / c->groups, to_next_group = (c->pixels * taps - 1) * of_group;
    for (int64_t pixel = first; pixel < last; pixel++)
        for (int64_t tap = 0; tap < taps; tap++)
            for (int64_t group = 0; group < c->deform_groups; group++) {
                const struct corners s = corners_of(c, c->first + pixel, group, tap);
                const vec part0 = all(s.part[0] * *s.mask), part1 = all(s.part[1] * *s.mask);
                const vec part2 = all(s.part[2] * *s.mask), part3 = all(s.part[3] * *s.mask);
                const int64_t begin = group * of_deform_group, end = begin + of_deform_group;
                int64_t left = of_group - begin % of_group; /* channels left in this group of samples */
                float *out = sample_at(c, pixel, tap, begin);
                for (int64_t d = begin; d < end; d += VL) {
                    const vec sample = part0 * load(c->x + s.place[0] + d) + part1 * load(c->x + s.place[1] + d) +
                                       part2 * load(c->x + s.place[2] + d) + part3 * load(c->x + s.place[3] + d);
                    memcpy(out, &sample, sizeof sample);
                    out += VL;
                    if (!(left -= VL)) left = of_group, out += to_next_group;
                }
            }
    return 0;
}

/* Gradients through the channel vectors [first, last); `part` is the index of this range. */
int deform_samples_backward(const void *arguments, int64_t b, int64_t first, int64_t last, int64_t part) {
    (void)b;
    const struct deform *c = arguments;
    const int64_t taps = c->rows * c->columns, of_deform_group = c->channels / c->deform_groups;
    const int64_t of_group = c->channels / c->groups, to_next_group = (c->pixels * taps - 1) * of_group;
    for (int64_t pixel = 0; pixel < c->pixels; pixel++)
        for (int64_t tap = 0; tap < taps; tap++)
            for (int64_t group = first * VL / of_deform_group; group * of_deform_group < last * VL; group++) {
                const int64_t group_begin = group * of_deform_group, group_end = group_begin + of_deform_group;
                const int64_t begin = group_begin > first * VL ? group_begin : first * VL;
                const int64_t end = group_end < last * VL ? group_end : last * VL;
                const struct corners s = corners_of(c, c->first + pixel, group, tap);
                const float mask = *s.mask;
                vec products[4] = {{0}};
                int64_t left = of_group - begin % of_group;
                const float *in = sample_at(c, pixel, tap, begin);
                for (int64_t d = begin; d < end; d += VL) {
                    const vec grad = load(in);
                    for (int i = 0; i < 4; i++) {
                        const int64_t at = s.place[i] + d;
                        products[i] += grad * load(c->x + at);
                        const vec sum = load(c->grad_x + at) + grad * (s.part[i] * mask);
                        memcpy(c->grad_x + at, &sum, sizeof sum);
                    }
                    in += VL;
                    if (!(left -= VL)) left = of_group, in += to_next_group;
                }
                float of_corner[4], grad_mask = 0.0f;
                for (int i = 0; i < 4; i++) {
                    const float product = sum_of_lanes(products[i]);
                    of_corner[i] = s.inside[i] * product;
                    grad_mask += s.part[i] * product;
                }
                const int64_t at = ((part * c->pixels + pixel) * c->deform_groups + group) * taps + tap;
                c->grad_mask[at] = grad_mask;
                c->grad_offset[2 * at] = mask * ((1.0f - s.right) * (of_corner[2] - of_corner[0]) +
                                                 s.right * (of_corner[3] - of_corner[1]));
                c->grad_offset[2 * at + 1] = mask * ((1.0f - s.below) * (of_corner[1] - of_corner[0]) +
                                                     s.below * (of_corner[3] - of_corner[2]));
            }
    return 0;
}
