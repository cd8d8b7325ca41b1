/* Files of expressions with values, as `crmx formula eval --file` reads them: any bytes are either refused with a
 * message or evaluated, by both evaluators, which agree (formula_eval_text aborts otherwise). */
#include "scoring/eval.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct status st = {0};
    struct buf out;
    buf_init(&out, 1 << 20);
    bool ok = formula_eval_file("fuzz.tsv", (struct view){(const char *)bytes, size}, 20757, &out, &st);
    ensure(ok == (st.code == STATUS_OK) && (ok || st.message[0]));
    buf_release(&out);
    return 0;
}
