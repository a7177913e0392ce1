/* Depthwise causal convolution over tokens, optionally followed by SiLU, forward and backward.
 *
 * pre_t = bias + sum_k weight_k x_{t - (width - 1 - k)},   y_t = pre_t or silu(pre_t)
 *
 * Tokens are divided among threads, channels are the vector lanes. A tile of tokens is read together with those
 * neighbours that its sums include, so that tiles do not depend on each other.
 */
#include "vector.h"

#define MAX_WIDTH 8
#define TILE 32

struct conv {
    struct tokens x, y;
    const float *weight, *bias; /* (width, dim), (dim); the latter may be null */
    int64_t batch, length, dim, width, silu, reverse;
    /* backward only */
    struct tokens grad_y, grad_x;
    float *grad_weight, *grad_bias; /* (parts, batch, width, dim), (parts, batch, dim): partial sums of each range */
};

INLINE struct window conv_window(const struct conv *c, int64_t b, int64_t start, int64_t count, int64_t d) {
    const int64_t lanes = c->dim - d < VL ? c->dim - d : VL;
    return (struct window){b, c->reverse ? c->length - 1 - start : start, count, c->reverse ? -1 : 1, d, lanes};
}

/* Like gather, with 0 for tokens outside the sequence. */
INLINE void gather_padded(const struct conv *c, const struct tokens *x, int64_t b, int64_t start, int64_t count,
                          int64_t d, vec *out) {
    const int64_t before = start < 0 ? -start : 0;
    const int64_t end = start + count < c->length ? start + count : c->length, inside = end - start - before;
    for (int64_t i = 0; i < before; i++) out[i] = all(0.0f);
    gather(x, conv_window(c, b, start + before, inside, d), out + before);
    for (int64_t i = before + inside; i < count; i++) out[i] = all(0.0f);
}

INLINE void conv_tile(const int width, const struct conv *c, int64_t b, int64_t start, int64_t count, int64_t d) {
    const struct window w = conv_window(c, b, start, count, d);
    vec x[TILE + MAX_WIDTH], y[TILE], weight[MAX_WIDTH], slope;
    for (int k = 0; k < width; k++) weight[k] = load_row(c->weight + k * c->dim, d, w.lanes);
    const vec bias = c->bias ? load_row(c->bias, d, w.lanes) : all(0.0f);
    gather_padded(c, &c->x, b, start - (width - 1), count + width - 1, d, x);
    for (int64_t i = 0; i < count; i++) {
        y[i] = bias;
        for (int k = 0; k < width; k++) y[i] += weight[k] * x[i + k];
    }
    if (c->silu)
        for (int64_t i = 0; i < count; i++) y[i] = silu(y[i], &slope);
    scatter(&c->y, w, y);
}

INLINE void conv_tile_backward(const int width, const struct conv *c, int64_t b, int64_t start, int64_t count,
                               int64_t d, vec *grad_weight, vec *grad_bias) {
    const struct window w = conv_window(c, b, start, count, d);
    vec grad_x[TILE], x[TILE + 2 * MAX_WIDTH], g[TILE + MAX_WIDTH], weight[MAX_WIDTH], sum_weight[MAX_WIDTH], sum_bias = *grad_bias;
    for (int k = 0; k < width; k++) {
        weight[k] = load_row(c->weight + k * c->dim, d, w.lanes);
        sum_weight[k] = grad_weight[k];
    }
    const vec bias = c->bias ? load_row(c->bias, d, w.lanes) : all(0.0f);
    gather_padded(c, &c->x, b, start - (width - 1), count + 2 * (width - 1), d, x);
    gather_padded(c, &c->grad_y, b, start, count + width - 1, d, g);
    if (c->silu)
        for (int64_t i = 0; i < count + width - 1; i++) {
            vec pre = bias, slope;
            for (int k = 0; k < width; k++) pre += weight[k] * x[i + k];
            silu(pre, &slope);
            g[i] *= slope;
        }
    for (int64_t i = 0; i < count; i++) {
        grad_x[i] = all(0.0f);
        for (int k = 0; k < width; k++) {
            grad_x[i] += weight[k] * g[i + width - 1 - k];
            sum_weight[k] += g[i] * x[i + k];
        }
        sum_bias += g[i];
    }
    scatter(&c->grad_x, w, grad_x);
    for (int k = 0; k < width; k++) grad_weight[k] = sum_weight[k];
    *grad_bias = sum_bias;
}

INLINE int64_t tile_tokens(const struct conv *c, int64_t tile) {
    return c->length - tile * TILE < TILE ? c->length - tile * TILE : TILE;
}

/* Convolves tiles [first, last) of tokens of batch element b. This and the next are kernel_functions, see team.h. */
int causal_conv1d_forward(const void *arguments, int64_t b, int64_t first, int64_t last, int64_t part) {
    (void)part;
    const struct conv *c = arguments;
    for (int64_t tile = first; tile < last; tile++)
        for (int64_t d = 0; d < c->dim; d += VL) {
            const int64_t count = tile_tokens(c, tile);
            if (c->width == 4) conv_tile(4, c, b, tile * TILE, count, d);
            else conv_tile((int)c->width, c, b, tile * TILE, count, d);
        }
    return 0;
}

/* Gradients of tiles [first, last) of batch element b; `part` is the index of this range among the ranges of b. */
int causal_conv1d_backward(const void *arguments, int64_t b, int64_t first, int64_t last, int64_t part) {
    const struct conv *c = arguments;
    const int64_t blocks = (c->dim + VL - 1) / VL, width = c->width;
    vec *grad_weight = vectors(blocks * width), *grad_bias = vectors(blocks);
    const int failed = !grad_weight || !grad_bias;
    if (failed) goto end;
    memset(grad_weight, 0, sizeof(vec) * blocks * width);
    memset(grad_bias, 0, sizeof(vec) * blocks);
    for (int64_t tile = first; tile < last; tile++)
        for (int64_t block = 0; block < blocks; block++) {
            const int64_t d = block * VL, count = tile_tokens(c, tile);
            vec *w = grad_weight + block * width, *bias = grad_bias + block;
            if (width == 4) conv_tile_backward(4, c, b, tile * TILE, count, d, w, bias);
            else conv_tile_backward((int)width, c, b, tile * TILE, count, d, w, bias);
        }
    for (int64_t block = 0; block < blocks; block++) {
        const int64_t d = block * VL, lanes = c->dim - d < VL ? c->dim - d : VL, at = part * c->batch + b;
        for (int64_t k = 0; k < width; k++)
            store_row(c->grad_weight + (at * width + k) * c->dim, d, lanes, grad_weight[block * width + k]);
        store_row(c->grad_bias + at * c->dim, d, lanes, grad_bias[block]);
    }
end:
    free(grad_weight); free(grad_bias);
    return failed;
}
