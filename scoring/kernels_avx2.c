/* The column kernels for AVX2. Nothing of this file may run before kernels_choose() has seen the processor. */
#include "scoring/steps.h"

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#include <immintrin.h>
#define KERNELS_RINT(x) _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define KERNELS_NAME kernels_avx2
#define KERNELS_TEXT "avx2"
#include "scoring/kernels.inc.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
