/* The column kernels for any machine, and the choice between them. */
#include "scoring/steps.h"

#include <stdlib.h>

#define KERNELS_NAME kernels_base
#define KERNELS_TEXT "base"
#include "scoring/kernels.inc.h"

const struct kernels *kernels_choose(void)
{
#if defined(__x86_64__)
    const char *forced = getenv("CRMX_KERNELS");
    if (__builtin_cpu_supports("avx2") && !(forced && strcmp(forced, "base") == 0)) return &kernels_avx2;
#endif
    return &kernels_base;
}
