/* fixture: what the tests of the engine share: records with room around them, small configuration files, a unit that
 * fits on a screen (two systems, one account table, a rate) and the file contents it reads.
 *
 * The folder of tests/test.h holds everything; fixture_unit() writes config/ (layouts, outputs, identity, formulas,
 * units/11.ini).
 */
#ifndef CRMX_TESTS_ETL_FIXTURE_H
#define CRMX_TESTS_ETL_FIXTURE_H

#include "base/arena.h"
#include "base/buf.h"
#include "etl/decode.h"
#include "etl/layout.h"
#include "tests/random.h"
#include "tests/test.h"

#define FIXTURE __attribute__((unused)) static

/* A record with DECODE_SLACK bytes on both sides, filled with bytes that are neither digits nor blanks. */
struct fixture_record {
    unsigned char room[LAYOUT_RECORD_MAX + 2 * DECODE_SLACK];
};

FIXTURE unsigned char *fixture_record(struct fixture_record *r, const char *text, size_t length)
{
    memset(r->room, 0xa5, sizeof r->room);
    memcpy(r->room + DECODE_SLACK, text, length);
    return r->room + DECODE_SLACK;
}

/* The day every fixture knows: 2026-10-31. */
enum { FIXTURE_DAY = 20757 };

/* CNY is the base currency; what matters is that three-letter codes collide in no way with each other. */
FIXTURE const struct rates *fixture_rates(void)
{
    static struct rates r = {.count = 5,
                             .code = {"CNY", "USD", "JPY", "KWD", "HKD"},
                             .rate = {1000000, 7101500, 4650000, 23000000, 910000},
                             .per_unit = {1, 1, 100, 1, 1}};
    return &r;
}

FIXTURE void fixture_write(const char *name, const char *text)
{
    struct status st = {0};
    const char *path = test_path(name);
    char folder[512];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = 0;
    assert_true(os_make_folder(folder, &st));
    test_write(path, view_of(text));
}

FIXTURE bool fixture_layout_load(const char *text, struct arena *arena, struct layout **l, struct status *st)
{
    fixture_write("layouts/x.ini", text);
    return layout_load(test_path("layouts/x.ini"), "x", arena, l, st);
}

/* The layout text must be right; `fields` are lines of [fields], head lines of [layout] beyond name, class, files. */
FIXTURE struct layout *fixture_layout(struct arena *arena, const char *head, const char *fields)
{
    struct layout *l;
    struct status st = {0};
    char *text = arena_printf(arena, "[layout]\nname = x\nfiles = X*\n%s\n[fields]\n%s\n", head, fields);
    bool ok = fixture_layout_load(text, arena, &l, &st);
    if (!ok) print_error("%s\n%s\n", st.message, text);
    assert_true(ok);
    return l;
}

#endif
