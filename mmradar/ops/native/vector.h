/* Vectors of the machine's own width, elementary functions of them, and access to tokens of two types in memory. */
#ifndef MMRADAR_VECTOR_H
#define MMRADAR_VECTOR_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define VL 16
#elif defined(__AVX__)
#define VL 8
#else
#define VL 4
#endif

/* Number of states processed together for each token, in registers; measured best with 16 registers. */
#define GROUP 2

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * VL)));
typedef int32_t ivec __attribute__((vector_size(4 * VL)));
typedef uint16_t halfvec __attribute__((vector_size(2 * VL)));

INLINE vec all(float x) { return (vec){0} + x; }
INLINE vec load(const float *p) { vec v; memcpy(&v, p, sizeof v); return v; }
INLINE vec choose(ivec mask, vec yes, vec no) { return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask)); }

/* Maximum and minimum of x and a limit. NaN in x is kept, which is why x comes second. */
INLINE vec at_least(vec limit, vec x) {
#if defined(__AVX512F__)
    return _mm512_max_ps(limit, x);
#elif defined(__AVX__)
    return _mm256_max_ps(limit, x);
#elif defined(__SSE2__)
    return _mm_max_ps(limit, x);
#else
    return choose(x < limit, limit, x);
#endif
}

INLINE vec at_most(vec limit, vec x) {
#if defined(__AVX512F__)
    return _mm512_min_ps(limit, x);
#elif defined(__AVX__)
    return _mm256_min_ps(limit, x);
#elif defined(__SSE2__)
    return _mm_min_ps(limit, x);
#else
    return choose(x > limit, limit, x);
#endif
}

/* Replaces x by 2^x in `count` vectors, with a relative error below 2e-7. `bounded` promises that x is within -126 and
 * 127. Without it, results below 2^-126 become 2^-126, and results from 2^128 on become infinity.
 * x is split into the nearest integer, which goes into the exponent's bits, and a rest within half, which goes into a
 * polynomial that is exact at 0 and has the right slope there: decays close to 1 are multiplied thousands of times. Its
 * coefficients are minimax in the relative error. Each step is done for all vectors before the next step, because the
 * steps of one vector form a long chain of operations that wait for each other. */
INLINE void powers_of_2(const int count, vec *x, const int bounded) {
    vec shifted[GROUP], p[GROUP];
    for (int i = 0; i < count && !bounded; i++) x[i] = at_most(all(128.0f), at_least(all(-126.0f), x[i]));
    for (int i = 0; i < count; i++) shifted[i] = x[i] + 12582912.0f; /* 1.5 * 2^23 rounds to whole numbers */
    for (int i = 0; i < count; i++) x[i] = x[i] - (shifted[i] - 12582912.0f);
    for (int i = 0; i < count; i++) p[i] = x[i] * 1.3300267560e-3f + 9.6697086601e-3f;
    for (int i = 0; i < count; i++) p[i] = p[i] * x[i] + 5.5505599864e-2f;
    for (int i = 0; i < count; i++) p[i] = p[i] * x[i] + 2.4022281602e-1f;
    for (int i = 0; i < count; i++) p[i] = p[i] * x[i] + 6.9314718056e-1f;
    for (int i = 0; i < count; i++) p[i] = p[i] * x[i] + 1.0f;
    for (int i = 0; i < count; i++) x[i] = (vec)((ivec)p[i] + ((ivec)shifted[i] << 23));
}

INLINE vec power_of_2(vec x) {
    powers_of_2(1, &x, 0);
    return x;
}

INLINE float sum_of_lanes(vec v) {
    typedef float four __attribute__((vector_size(16)));
    four part[VL / 4], sum = {0};
    memcpy(part, &v, sizeof v);
    for (int i = 0; i < VL / 4; i++) sum += part[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

#define LOG2_E 1.44269504088896f
#define LN_2 0.693147180559945f

INLINE vec magnitude(vec x) { return (vec)((ivec)x & 0x7fffffff); }

/* log(1 + exp(x)) and its derivative, without overflow, with full relative precision for x far below 0. */
INLINE vec softplus(vec x, vec *slope) {
    const vec e = power_of_2(magnitude(x) * -LOG2_E);
    const vec s = e / (e + 2.0f), s2 = s * s; /* log(1 + e) = 2 artanh(e / (2 + e)) */
    vec p = all(1.4004134888e-1f);
    p = p * s2 + 1.4001269954e-1f;
    p = p * s2 + 2.0010743610e-1f;
    p = p * s2 + 3.3333208405e-1f;
    const vec log1p_e = 2.0f * (s * s2 * p + s), one = all(1.0f), share = one / (one + e);
    *slope = choose(x >= 0.0f, share, e * share);
    return at_least(all(0.0f), x) + log1p_e;
}

/* x / (1 + exp(-x)) and its derivative. */
INLINE vec silu(vec x, vec *slope) {
    const vec sigmoid = 1.0f / (power_of_2(x * -LOG2_E) + 1.0f);
    *slope = sigmoid * (x * (1.0f - sigmoid) + 1.0f);
    return x * sigmoid;
}

/* A tensor (batch, length, channels) with contiguous channels, in float32 or bfloat16. */
struct tokens {
    void *data; /* null: absent */
    int64_t batch_stride, token_stride; /* in elements */
    int64_t is_bfloat16;
};

INLINE float bfloat16_to_float(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

INLINE halfvec load_half(const uint16_t *p) { halfvec v; memcpy(&v, p, sizeof v); return v; }
INLINE vec widen(halfvec half) { return (vec)(__builtin_convertvector(half, ivec) << 16); }
INLINE halfvec narrow(vec v) {
    const ivec bits = (ivec)v, even = bits + 0x7fff + ((bits >> 16) & 1); /* to nearest, ties to even */
    const ivec rounded = (ivec)choose(v == v, (vec)even, (vec)(bits | 0x400000)); /* NaN stays NaN */
    return __builtin_convertvector((rounded >> 16) & 0xffff, halfvec);
}

/* A range of tokens of one batch element and a range of their channels, in the order of the scan. */
struct window {
    int64_t b, first, count;  /* batch element; index of the first token in memory; number of tokens */
    int64_t step;             /* 1 or -1 */
    int64_t channel, lanes;   /* first channel; number of channels, at most VL */
};

/* Loads the window's tokens as vectors; missing lanes are 0. */
INLINE void gather(const struct tokens *x, struct window w, vec *out) {
    const int64_t at = w.b * x->batch_stride + w.first * x->token_stride + w.channel;
    const int64_t stride = w.step * x->token_stride;
    if (x->is_bfloat16) {
        const uint16_t *p = (const uint16_t *)x->data + at;
        if (w.lanes == VL)
            for (int64_t i = 0; i < w.count; i++) out[i] = widen(load_half(p + i * stride));
        else
            for (int64_t i = 0; i < w.count; i++) {
                halfvec half = {0};
                for (int64_t k = 0; k < w.lanes; k++) half[k] = p[i * stride + k];
                out[i] = widen(half);
            }
    } else {
        const float *p = (const float *)x->data + at;
        if (w.lanes == VL)
            for (int64_t i = 0; i < w.count; i++) out[i] = load(p + i * stride);
        else
            for (int64_t i = 0; i < w.count; i++) {
                vec v = {0};
                for (int64_t k = 0; k < w.lanes; k++) v[k] = p[i * stride + k];
                out[i] = v;
            }
    }
}

/* Stores vectors as the window's tokens. */
INLINE void scatter(const struct tokens *x, struct window w, const vec *in) {
    const int64_t at = w.b * x->batch_stride + w.first * x->token_stride + w.channel;
    const int64_t stride = w.step * x->token_stride;
    if (x->is_bfloat16) {
        uint16_t *p = (uint16_t *)x->data + at;
        for (int64_t i = 0; i < w.count; i++) {
            const halfvec half = narrow(in[i]);
            if (w.lanes == VL) memcpy(p + i * stride, &half, sizeof half);
            else for (int64_t k = 0; k < w.lanes; k++) p[i * stride + k] = half[k];
        }
    } else {
        float *p = (float *)x->data + at;
        if (w.lanes == VL)
            for (int64_t i = 0; i < w.count; i++) memcpy(p + i * stride, &in[i], sizeof in[i]);
        else
            for (int64_t i = 0; i < w.count; i++)
                for (int64_t k = 0; k < w.lanes; k++) p[i * stride + k] = in[i][k];
    }
}

/* Load and store a row of a parameter or its gradient, float32. */
INLINE vec load_row(const float *row, int64_t d, int64_t lanes) {
    vec v = {0};
    memcpy(&v, row + d, sizeof(float) * lanes);
    return v;
}
INLINE void store_row(float *row, int64_t d, int64_t lanes, vec v) { memcpy(row + d, &v, sizeof(float) * lanes); }

static vec *vectors(int64_t count) {
    void *memory = NULL;
    return posix_memalign(&memory, 64, sizeof(vec) * (count ? count : 1)) ? NULL : memory;
}

/* Takes denormal numbers as 0: states that decay to nothing pass through them, and they are a hundred times slower. */
INLINE unsigned flush_denormals(void) {
#if defined(__SSE2__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}
INLINE void restore_denormals(unsigned before) {
#if defined(__SSE2__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

#endif
