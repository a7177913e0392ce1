/* All native kernels of mmradar.ops as one library, built on first use by library.py. */
#include "causal_conv1d.h"
#include "deform_samples.h"
#include "selective_scan.h"
#include "team.h"

int vector_lanes(void) { return VL; }
int chunk_tokens(void) { return CHUNK; }
int tile_tokens_max(void) { return TILE; }
int max_conv_width(void) { return MAX_WIDTH; }
