/* The selective scan on a CPU, forward and backward, float32.
 *
 * h_t = exp(delta_t A) h_{t-1} + delta_t u_t B_t,   y_t = C_t . h_t
 *
 * Channels are the vector lanes: VL of them share a token's B_t and C_t, and their states stay in the first-level
 * cache. Each call does one batch element and a range of channel blocks, so that threads share nothing.
 * Tokens are (length, dim) and (length, state) in memory; A is (state, dim), transposed by the caller.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512F__)
#define VL 16
#elif defined(__AVX__)
#define VL 8
#else
#define VL 4
#endif
#define CHUNK 64

typedef float vec __attribute__((vector_size(4 * VL)));
typedef int32_t ivec __attribute__((vector_size(4 * VL)));

static inline vec load(const float *p) { vec v; memcpy(&v, p, sizeof v); return v; }
static inline void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

/* exp(x) for x <= 0: 2^round(x log2 e) times a polynomial of the rest; relative error below 2e-7. */
static inline vec exp_negative(vec x) {
    const vec zero = {0};
    vec low = zero - 87.0f;
    ivec drop = x < low; /* false for NaN, which must stay */
    x = (vec)(((ivec)low & drop) | ((ivec)x & ~drop));
    vec shifted = x * 1.44269504f + 12582912.0f; /* 1.5 * 2^23 rounds to whole numbers */
    vec whole = shifted - 12582912.0f;
    vec rest = (x - whole * 0.693359375f) + whole * 2.12194440e-4f; /* ln 2 in two parts */
    vec p = zero + 1.9875691500e-4f;
    p = p * rest + 1.3981999507e-3f;
    p = p * rest + 8.3334519073e-3f;
    p = p * rest + 4.1665795894e-2f;
    p = p * rest + 1.6666665459e-1f;
    p = p * rest + 5.0000001201e-1f;
    p = p * rest * rest + rest + 1.0f;
    return (vec)((ivec)p + ((ivec)shifted << 23));
}

static vec *vectors(int64_t count) {
    void *memory = NULL;
    return posix_memalign(&memory, 64, sizeof(vec) * count) ? NULL : memory;
}

int vector_lanes(void) { return VL; }

/* One batch element, channel blocks [first, last). last_state is (state, dim); states at every CHUNK-th token go to
 * checkpoints, (chunks, state, dim), if it is not null. Returns 0, or 1 if memory ran out. */
int scan_forward(const float *u, const float *delta, const float *A, const float *B, const float *C, float *y,
                 float *last_state, float *checkpoints, int64_t length, int64_t dim, int64_t state, int64_t first,
                 int64_t last, int reverse) {
    vec *h = vectors(state);
    if (!h) return 1;
    for (int64_t block = first; block < last; block++) {
        const int64_t d = block * VL;
        memset(h, 0, sizeof(vec) * state);
        for (int64_t step = 0; step < length; step++) {
            const int64_t t = reverse ? length - 1 - step : step;
            if (checkpoints && step % CHUNK == 0)
                for (int64_t n = 0; n < state; n++) store(checkpoints + (step / CHUNK * state + n) * dim + d, h[n]);
            const vec dt = load(delta + t * dim + d), x = dt * load(u + t * dim + d);
            const float *b = B + t * state, *c = C + t * state;
            vec sum = {0};
            for (int64_t n = 0; n < state; n++) {
                h[n] = exp_negative(dt * load(A + n * dim + d)) * h[n] + x * b[n];
                sum += h[n] * c[n];
            }
            store(y + t * dim + d, sum);
        }
        for (int64_t n = 0; n < state; n++) store(last_state + n * dim + d, h[n]);
    }
    free(h);
    return 0;
}

/* Gradients of one batch element, channel blocks [first, last). grad_B and grad_C are the share of these blocks.
 * g holds the gradient of the states, (state, dim): on entry that of the last state. */
int scan_backward(const float *u, const float *delta, const float *A, const float *B, const float *C,
                  const float *grad_y, const float *checkpoints, float *g, float *grad_u, float *grad_delta,
                  float *grad_A, float *grad_B, float *grad_C, int64_t length, int64_t dim, int64_t state,
                  int64_t first, int64_t last, int reverse) {
    const int64_t row = state, chunks = (length + CHUNK - 1) / CHUNK;
    vec *h = vectors(row * (CHUNK + 1)), *a = vectors(row * CHUNK);
    vec *lanes_B = vectors(row * CHUNK), *lanes_C = vectors(row * CHUNK);
    if (!h || !a || !lanes_B || !lanes_C) { free(h); free(a); free(lanes_B); free(lanes_C); return 1; }
    for (int64_t chunk = chunks - 1; chunk >= 0; chunk--) {
        const int64_t start = chunk * CHUNK, count = length - start < CHUNK ? length - start : CHUNK;
        memset(lanes_B, 0, sizeof(vec) * row * CHUNK);
        memset(lanes_C, 0, sizeof(vec) * row * CHUNK);
        for (int64_t block = first; block < last; block++) {
            const int64_t d = block * VL;
            /* the states of this chunk again, all of them */
            for (int64_t n = 0; n < state; n++) h[n] = load(checkpoints + (chunk * state + n) * dim + d);
            for (int64_t i = 0; i < count; i++) {
                const int64_t t = reverse ? length - 1 - start - i : start + i;
                const vec dt = load(delta + t * dim + d), x = dt * load(u + t * dim + d);
                const float *b = B + t * state;
                for (int64_t n = 0; n < state; n++) {
                    a[i * row + n] = exp_negative(dt * load(A + n * dim + d));
                    h[(i + 1) * row + n] = a[i * row + n] * h[i * row + n] + x * b[n];
                }
            }
            for (int64_t i = count - 1; i >= 0; i--) {
                const int64_t t = reverse ? length - 1 - start - i : start + i;
                const vec dt = load(delta + t * dim + d), ut = load(u + t * dim + d), gy = load(grad_y + t * dim + d);
                const vec x = dt * ut;
                const float *b = B + t * state, *c = C + t * state;
                vec grad_x = {0}, grad_dt = {0};
                for (int64_t n = 0; n < state; n++) {
                    float *gn = g + n * dim + d, *gA = grad_A + n * dim + d;
                    const vec gh = load(gn) + gy * c[n];
                    lanes_C[i * row + n] += gy * h[(i + 1) * row + n];
                    lanes_B[i * row + n] += gh * x;
                    grad_x += gh * b[n];
                    const vec back = gh * a[i * row + n];
                    const vec log_decay = back * h[i * row + n]; /* gradient of delta_t A */
                    grad_dt += log_decay * load(A + n * dim + d);
                    store(gA, load(gA) + log_decay * dt);
                    store(gn, back);
                }
                store(grad_u + t * dim + d, grad_x * dt);
                store(grad_delta + t * dim + d, grad_dt + grad_x * ut);
            }
        }
        for (int64_t i = 0; i < count; i++) {
            const int64_t t = reverse ? length - 1 - start - i : start + i;
            for (int64_t n = 0; n < state; n++) {
                float sum_B = 0, sum_C = 0;
                for (int lane = 0; lane < VL; lane++) {
                    sum_B += lanes_B[i * row + n][lane];
                    sum_C += lanes_C[i * row + n][lane];
                }
                grad_B[t * state + n] = sum_B;
                grad_C[t * state + n] = sum_C;
            }
        }
    }
    free(h); free(a); free(lanes_B); free(lanes_C);
    return 0;
}
