/* The selective scan, forward and backward.
 *
 * h_t = exp(delta_t A) h_{t-1} + delta_t u_t B_t,   y_t = (C_t h_t + D u_t) silu(z_t),
 * delta_t = softplus(raw delta_t + bias) or, without softplus, raw delta_t + bias.
 *
 * Channels are the vector lanes: a block of VL channels shares a token's B_t and C_t. The sequence is processed chunk
 * by chunk, a chunk block by block, and a block by groups of states whose values stay in registers over the chunk.
 * Tokens are read and written once for each chunk, through small buffers in the first-level cache. Only these reads and
 * writes depend on types, strides, the direction and a last block of fewer channels.
 */
#include "vector.h"

#define CHUNK 32

struct scan {
    struct tokens u, delta, z, y, B, C; /* z may be absent */
    const float *A, *D, *bias;          /* (dim, state), (dim), (dim); the last two may be null */
    float *last_state;                  /* (batch, dim, state) */
    float *checkpoints;                 /* (batch, chunks, blocks, state, VL): states before each chunk; may be null */
    int64_t batch, length, dim, state, softplus, reverse;
    /* backward only */
    struct tokens grad_y, grad_u, grad_delta, grad_z;
    const float *grad_last;              /* (batch, dim, state), may be null */
    float *grad_A, *grad_D, *grad_bias;  /* (batch, dim, state), (batch, dim), (batch, dim) */
    float *grad_B, *grad_C;              /* (parts, batch, length, state): partial sums of each range of blocks */
};

INLINE int64_t chunk_count(const struct scan *s) { return (s->length + CHUNK - 1) / CHUNK; }
INLINE int64_t block_count(const struct scan *s) { return (s->dim + VL - 1) / VL; }
INLINE int64_t lanes_of(const struct scan *s, int64_t block) {
    const int64_t left = s->dim - block * VL;
    return left < VL ? left : VL;
}
/* Index in memory of the step-th token of the scan. */
INLINE int64_t token_of(const struct scan *s, int64_t step) { return s->reverse ? s->length - 1 - step : step; }
INLINE struct window window_of(const struct scan *s, int64_t b, int64_t start, int64_t count, int64_t block) {
    return (struct window){b, token_of(s, start), count, s->reverse ? -1 : 1, block * VL, lanes_of(s, block)};
}

/* A of blocks [first, last) as (blocks, state, VL), times log2 e: decays are computed as powers of 2. */
static void pack_A(const struct scan *s, int64_t first, int64_t last, vec *A) {
    for (int64_t block = first; block < last; block++)
        for (int64_t n = 0; n < s->state; n++) {
            vec v = {0};
            for (int64_t i = 0; i < lanes_of(s, block); i++) v[i] = s->A[(block * VL + i) * s->state + n] * LOG2_E;
            A[(block - first) * s->state + n] = v;
        }
}

/* Converts (blocks, state, VL) to (dim, state), and back. */
static void unpack_states(const struct scan *s, int64_t first, int64_t last, const vec *packed, float *out) {
    for (int64_t block = first; block < last; block++)
        for (int64_t i = 0; i < lanes_of(s, block); i++)
            for (int64_t n = 0; n < s->state; n++)
                out[(block * VL + i) * s->state + n] = packed[(block - first) * s->state + n][i];
}
static void pack_states(const struct scan *s, int64_t first, int64_t last, const float *in, vec *packed) {
    for (int64_t block = first; block < last; block++)
        for (int64_t n = 0; n < s->state; n++) {
            vec v = {0};
            for (int64_t i = 0; in && i < lanes_of(s, block); i++) v[i] = in[(block * VL + i) * s->state + n];
            packed[(block - first) * s->state + n] = v;
        }
}

/* A chunk of B or C as float32, (count, state). */
static void gather_matrix(const struct scan *s, const struct tokens *x, int64_t b, int64_t start, int64_t count,
                          float *out) {
    for (int64_t i = 0; i < count; i++) {
        const int64_t at = b * x->batch_stride + token_of(s, start + i) * x->token_stride;
        if (x->is_bfloat16)
            for (int64_t n = 0; n < s->state; n++) out[i * s->state + n] = bfloat16_to_float(((uint16_t *)x->data)[at + n]);
        else memcpy(out + i * s->state, (float *)x->data + at, sizeof(float) * s->state);
    }
}

/* Inputs of a chunk for each channel: step size, its derivative by raw delta, u, and step size times u. */
struct drive { vec delta[CHUNK], slope[CHUNK], u[CHUNK], x[CHUNK]; };

INLINE void gather_drive(const struct scan *s, struct window w, struct drive *in) {
    const vec bias = s->bias ? load_row(s->bias, w.channel, w.lanes) : all(0.0f);
    gather(&s->u, w, in->u);
    gather(&s->delta, w, in->delta);
    for (int64_t i = 0; i < w.count; i++) in->delta[i] += bias;
    if (s->softplus)
        for (int64_t i = 0; i < w.count; i++) in->delta[i] = softplus(in->delta[i], &in->slope[i]);
    else
        for (int64_t i = 0; i < w.count; i++) in->slope[i] = all(1.0f);
    for (int64_t i = 0; i < w.count; i++) in->x[i] = in->delta[i] * in->u[i];
}

/* Returns whether all exponents of a chunk, delta A, are in the range where powers_of_2 needs no limits. */
INLINE int exponents_bounded(const struct drive *in, int64_t count, const vec *A, int64_t state) {
    vec delta = {0}, rate = {0};
    for (int64_t i = 0; i < count; i++) delta = at_least(delta, magnitude(in->delta[i]));
    for (int64_t n = 0; n < state; n++) rate = at_least(rate, magnitude(A[n]));
    const ivec within = delta * rate < 126.0f; /* false for NaN */
    int64_t lanes = 0;
    for (int i = 0; i < VL; i++) lanes -= within[i];
    return lanes == VL;
}

/* Scans `width` states over a chunk: h becomes the state after the chunk, y gains their contribution. */
INLINE void scan_states(const int width, const int bounded, const struct drive *in, const vec *A, const float *B, const float *C,
                        int64_t count, int64_t state, vec *h, vec *y) {
    vec now[GROUP], rate[GROUP];
    for (int g = 0; g < width; g++) now[g] = h[g], rate[g] = A[g];
    for (int64_t i = 0; i < count; i++) {
        const vec delta = in->delta[i], x = in->x[i];
        vec sum = y[i], decay[GROUP];
        for (int g = 0; g < width; g++) decay[g] = delta * rate[g];
        powers_of_2(width, decay, bounded);
        for (int g = 0; g < width; g++) now[g] = decay[g] * now[g] + x * B[i * state + g];
        for (int g = 0; g < width; g++) sum += now[g] * C[i * state + g];
        y[i] = sum;
    }
    for (int g = 0; g < width; g++) h[g] = now[g];
}

/* Scans blocks [first, last) of batch element b. This and its backward pass are kernel_functions, see team.h. */
int selective_scan_forward(const void *arguments, int64_t b, int64_t first, int64_t last, int64_t part) {
    (void)part;
    const struct scan *s = arguments;
    const int64_t state = s->state, blocks = last - first;
    vec *A = vectors(blocks * state), *h = vectors(blocks * state);
    float *B = malloc(sizeof(float) * CHUNK * state), *C = malloc(sizeof(float) * CHUNK * state);
    const int failed = !A || !h || !B || !C;
    if (failed) goto end;
    const unsigned mode = flush_denormals();
    pack_A(s, first, last, A);
    memset(h, 0, sizeof(vec) * blocks * state);
    for (int64_t chunk = 0; chunk < chunk_count(s); chunk++) {
        const int64_t start = chunk * CHUNK, count = s->length - start < CHUNK ? s->length - start : CHUNK;
        gather_matrix(s, &s->B, b, start, count, B);
        gather_matrix(s, &s->C, b, start, count, C);
        if (s->checkpoints)
            memcpy(s->checkpoints + ((b * chunk_count(s) + chunk) * block_count(s) + first) * state * VL, h,
                   sizeof(vec) * blocks * state);
        for (int64_t block = first; block < last; block++) {
            const struct window w = window_of(s, b, start, count, block);
            struct drive in;
            vec y[CHUNK];
            gather_drive(s, w, &in);
            const vec D = s->D ? load_row(s->D, w.channel, w.lanes) : all(0.0f);
            for (int64_t i = 0; i < count; i++) y[i] = D * in.u[i];
            const vec *rate = A + (block - first) * state;
            vec *now = h + (block - first) * state;
#define STATES(width, bounded) \
    scan_states(width, bounded, &in, rate + n, B + n, C + n, count, state, now + n, y)
            int64_t n = 0;
            if (exponents_bounded(&in, count, rate, state))
                for (; n + GROUP <= state; n += GROUP) STATES(GROUP, 1);
            for (; n + GROUP <= state; n += GROUP) STATES(GROUP, 0);
            for (; n < state; n++) STATES(1, 0);
#undef STATES
            if (s->z.data) {
                vec z[CHUNK], slope;
                gather(&s->z, w, z);
                for (int64_t i = 0; i < count; i++) y[i] *= silu(z[i], &slope);
            }
            scatter(&s->y, w, y);
        }
    }
    unpack_states(s, first, last, h, s->last_state + b * s->dim * state);
    restore_denormals(mode);
end:
    free(A); free(h); free(B); free(C);
    return failed;
}

/* Values that the backward pass computes for a block of channels over a chunk. */
struct flow { vec grad_z[CHUNK], grad_y[CHUNK], y[CHUNK], grad_x[CHUNK], grad_rate[CHUNK]; };

/* Scans `width` states over a chunk forwards, keeping all of them, then backwards.
 * g: gradient of the state after the chunk; on return, of the state before it. */
INLINE void scan_states_backward(const int width, const int bounded, const int gated, const struct drive *in, struct flow *out, const vec *A,
                                 const float *B, const float *C, int64_t count, int64_t state, const vec *h, vec *g,
                                 vec *grad_A, vec *lanes_B, vec *lanes_C) {
    vec states[CHUNK + 1][GROUP], decays[CHUNK][GROUP], now[GROUP], back[GROUP], sum_A[GROUP];
    for (int k = 0; k < width; k++) states[0][k] = now[k] = h[k];
    for (int64_t i = 0; i < count; i++) {
        const vec delta = in->delta[i], x = in->x[i];
        vec sum = gated ? out->y[i] : x;
        vec decay[GROUP];
        for (int k = 0; k < width; k++) decay[k] = delta * A[k];
        powers_of_2(width, decay, bounded);
        for (int k = 0; k < width; k++) {
            decays[i][k] = decay[k];
            states[i + 1][k] = now[k] = decay[k] * now[k] + x * B[i * state + k];
            if (gated) sum += now[k] * C[i * state + k];
        }
        if (gated) out->y[i] = sum;
    }
    for (int k = 0; k < width; k++) back[k] = g[k], sum_A[k] = grad_A[k];
    for (int64_t i = count - 1; i >= 0; i--) {
        const vec delta = in->delta[i], x = in->x[i], grad_y = out->grad_y[i];
        vec grad_x = out->grad_x[i], grad_rate = out->grad_rate[i];
        for (int k = 0; k < width; k++) {
            const vec grad_h = back[k] + grad_y * C[i * state + k];
            lanes_C[i * state + k] += grad_y * states[i + 1][k];
            lanes_B[i * state + k] += grad_h * x;
            grad_x += grad_h * B[i * state + k];
            back[k] = grad_h * decays[i][k];
            const vec grad_exponent = back[k] * states[i][k]; /* gradient of the exponent, delta A */
            grad_rate += grad_exponent * A[k];
            sum_A[k] += grad_exponent * delta;
        }
        out->grad_x[i] = grad_x;
        out->grad_rate[i] = grad_rate;
    }
    for (int k = 0; k < width; k++) g[k] = back[k], grad_A[k] = sum_A[k];
}

/* Gradients of blocks [first, last) of batch element b; `part` is the index of this range among the ranges of b. */
int selective_scan_backward(const void *arguments, int64_t b, int64_t first, int64_t last, int64_t part) {
    const struct scan *s = arguments;
    const int64_t state = s->state, blocks = last - first;
    vec *A = vectors(blocks * state), *g = vectors(blocks * state), *grad_A = vectors(blocks * state);
    vec *grad_D = vectors(blocks), *grad_bias = vectors(blocks);
    vec *lanes_B = vectors(CHUNK * state), *lanes_C = vectors(CHUNK * state);
    float *B = malloc(sizeof(float) * CHUNK * state), *C = malloc(sizeof(float) * CHUNK * state);
    const int failed = !A || !g || !grad_A || !grad_D || !grad_bias || !lanes_B || !lanes_C || !B || !C;
    if (failed) goto end;
    const unsigned mode = flush_denormals();
    pack_A(s, first, last, A);
    pack_states(s, first, last, s->grad_last ? s->grad_last + b * s->dim * state : NULL, g);
    memset(grad_A, 0, sizeof(vec) * blocks * state);
    memset(grad_D, 0, sizeof(vec) * blocks);
    memset(grad_bias, 0, sizeof(vec) * blocks);
    float *grad_B = s->grad_B + (part * s->batch + b) * s->length * state;
    float *grad_C = s->grad_C + (part * s->batch + b) * s->length * state;
    for (int64_t chunk = chunk_count(s) - 1; chunk >= 0; chunk--) {
        const int64_t start = chunk * CHUNK, count = s->length - start < CHUNK ? s->length - start : CHUNK;
        const vec *h = (const vec *)s->checkpoints + ((b * chunk_count(s) + chunk) * block_count(s) + first) * state;
        gather_matrix(s, &s->B, b, start, count, B);
        gather_matrix(s, &s->C, b, start, count, C);
        memset(lanes_B, 0, sizeof(vec) * CHUNK * state);
        memset(lanes_C, 0, sizeof(vec) * CHUNK * state);
        for (int64_t block = first; block < last; block++) {
            const int64_t at = (block - first) * state;
            const struct window w = window_of(s, b, start, count, block);
            struct drive in;
            struct flow out;
            gather_drive(s, w, &in);
            gather(&s->grad_y, w, out.grad_y);
            const vec D = s->D ? load_row(s->D, w.channel, w.lanes) : all(0.0f);
            for (int64_t i = 0; i < count; i++) out.grad_x[i] = out.grad_rate[i] = all(0.0f);
            if (s->z.data) {
                vec z[CHUNK], slope;
                gather(&s->z, w, z);
                for (int64_t i = 0; i < count; i++) {
                    const vec gate = silu(z[i], &slope);
                    out.grad_z[i] = out.grad_y[i] * slope; /* multiplied by y below */
                    out.grad_y[i] *= gate;
                    out.y[i] = D * in.u[i];
                }
            }
            int64_t n = 0;
#define STATES(width, bounded, gated)                                                                             \
    scan_states_backward(width, bounded, gated, &in, &out, A + at + n, B + n, C + n, count, state, h + at + n,     \
                         g + at + n, grad_A + at + n, lanes_B + n, lanes_C + n)
            const int bounded = exponents_bounded(&in, count, A + at, state);
            if (s->z.data) {
                for (; bounded && n + GROUP <= state; n += GROUP) STATES(GROUP, 1, 1);
                for (; n + GROUP <= state; n += GROUP) STATES(GROUP, 0, 1);
                for (; n < state; n++) STATES(1, 0, 1);
            } else {
                for (; bounded && n + GROUP <= state; n += GROUP) STATES(GROUP, 1, 0);
                for (; n + GROUP <= state; n += GROUP) STATES(GROUP, 0, 0);
                for (; n < state; n++) STATES(1, 0, 0);
            }
#undef STATES
            for (int64_t i = 0; i < count; i++) {
                const vec grad_u = out.grad_x[i] * in.delta[i] + out.grad_y[i] * D;
                const vec grad_delta = (out.grad_rate[i] * LN_2 + out.grad_x[i] * in.u[i]) * in.slope[i];
                grad_D[block - first] += out.grad_y[i] * in.u[i];
                grad_bias[block - first] += grad_delta;
                out.grad_x[i] = grad_u; /* reuses buffers that are no longer needed */
                out.grad_rate[i] = grad_delta;
                if (s->z.data) out.grad_z[i] *= out.y[i];
            }
            scatter(&s->grad_u, w, out.grad_x);
            scatter(&s->grad_delta, w, out.grad_rate);
            if (s->z.data) scatter(&s->grad_z, w, out.grad_z);
        }
        for (int64_t i = 0; i < count; i++) {
            const int64_t t = token_of(s, start + i);
            for (int64_t n = 0; n < state; n++) {
                grad_B[t * state + n] = sum_of_lanes(lanes_B[i * state + n]);
                grad_C[t * state + n] = sum_of_lanes(lanes_C[i * state + n]);
            }
        }
    }
    unpack_states(s, first, last, grad_A, s->grad_A + b * s->dim * state);
    for (int64_t block = first; block < last; block++) {
        const int64_t d = block * VL, lanes = lanes_of(s, block);
        store_row(s->grad_D + b * s->dim, d, lanes, grad_D[block - first]);
        store_row(s->grad_bias + b * s->dim, d, lanes, grad_bias[block - first]);
    }
    restore_denormals(mode);
end:
    free(A); free(g); free(grad_A); free(grad_D); free(grad_bias); free(lanes_B); free(lanes_C); free(B); free(C);
    return failed;
}
