/* Files of expressions with values, as `crmx formula eval --file` reads them: any bytes are either refused with a
 * message or evaluated, by both evaluators, which agree (formula_eval_text aborts otherwise). */
#include "scoring/eval.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A value, which is never infinite or none, or a reason. */
static void count_failed(void *context, const struct eval_line *l)
{
    uint64_t *failed = context;
    *failed += !l->ok;
    ensure(l->ok ? l->kind != EVAL_NUMBER || (l->text[0] == '-' || (l->text[0] >= '0' && l->text[0] <= '9'))
                 : l->reason[0] && (l->column || l->line));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint64_t failed = 0;
    struct eval_counts counts =
        formula_eval_file("fuzz.tsv", (struct view){(const char *)bytes, size}, 20757, count_failed, &failed);
    ensure(counts.failed == failed && counts.failed <= counts.cases);
    return 0;
}
