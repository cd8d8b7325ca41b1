/* fixture: what every test of formulas includes. */
#ifndef CRMX_TESTS_SCORING_FIXTURE_H
#define CRMX_TESTS_SCORING_FIXTURE_H

#include "base/date.h"
#include "tests/scoring/fixture_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static inline void fixture_ok(bool ok, const struct status *st)
{
    if (!ok) status_print(st);
    assert_true(ok);
}

#endif
