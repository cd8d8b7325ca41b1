#include "etl/detail_day.h"

#include <stdlib.h>
#include <string.h>

const char *const DETAIL_KIND_NAMES[] = {"even", "break", "unknown account", "filtered account", "full refresh", NULL};

enum column {
    ACCOUNT,
    NUMBER,
    RECORD,
    CURRENCY,
    OPENING,
    CLOSING,
    POSTINGS,
    KIND,
    CLOSED,
    POSTING_RECORD,
    POSTING_POSTED,
    POSTING_TIME,
    POSTING_SEQUENCE,
    POSTING_AMOUNT,
    POSTING_REVERSAL_OF,
    COLUMNS
};

static const struct {
    const char *name;
    enum segment_type type;
    uint32_t width;
} SHAPE[COLUMNS] = {
    [ACCOUNT] = {"account", SEGMENT_RAW, 8},
    [NUMBER] = {"number", SEGMENT_INTEGER, 0},
    [RECORD] = {"record", SEGMENT_INTEGER, 0},
    [CURRENCY] = {"currency", SEGMENT_RAW, 4},
    [OPENING] = {"opening", SEGMENT_MONEY, 0},
    [CLOSING] = {"closing", SEGMENT_MONEY, 0},
    [POSTINGS] = {"postings", SEGMENT_INTEGER, 0},
    [KIND] = {"kind", SEGMENT_CODE, 0},
    [CLOSED] = {"closed", SEGMENT_CODE, 0},
    [POSTING_RECORD] = {"posting.record", SEGMENT_INTEGER, 0},
    [POSTING_POSTED] = {"posting.posted", SEGMENT_DATE, 0},
    [POSTING_TIME] = {"posting.time", SEGMENT_INTEGER, 0},
    [POSTING_SEQUENCE] = {"posting.sequence", SEGMENT_INTEGER, 0},
    [POSTING_AMOUNT] = {"posting.amount", SEGMENT_MONEY, 0},
    [POSTING_REVERSAL_OF] = {"posting.reversal_of", SEGMENT_INTEGER, 0},
};

void detail_rows_release(struct detail_rows *r)
{
    free(r->accounts);
    free(r->postings);
    free(r->values);
    *r = (struct detail_rows){0};
}

static void *grown(void *array, uint64_t wanted, uint64_t *capacity, size_t size)
{
    if (wanted <= *capacity) return array;
    *capacity = wanted + wanted / 2 + 64;
    array = realloc(array, *capacity * size);
    ensure(array);
    return array;
}

struct detail_account *detail_rows_add(struct detail_rows *r)
{
    r->accounts = grown(r->accounts, r->accounts_count + 1, &r->accounts_capacity, sizeof *r->accounts);
    struct detail_account *a = &r->accounts[r->accounts_count++];
    *a = (struct detail_account){0};
    return a;
}

struct detail_posting *detail_rows_add_posting(struct detail_rows *r)
{
    r->postings = grown(r->postings, r->postings_count + 1, &r->postings_capacity, sizeof *r->postings);
    r->accounts[r->accounts_count - 1].postings++;
    return &r->postings[r->postings_count++];
}

void detail_day_declare(struct segment_writer *w, int scale)
{
    for (int i = 0; i < COLUMNS; i++)
        ensure(segment_declare(w, SHAPE[i].name, SHAPE[i].type, SHAPE[i].type == SEGMENT_MONEY ? scale : 0,
                               SHAPE[i].width) == i);
}

static int64_t account_value(const struct detail_account *a, enum column c)
{
    switch (c) {
    case NUMBER: return a->number;
    case RECORD: return a->record;
    case OPENING: return a->opening;
    case CLOSING: return a->closing;
    case POSTINGS: return a->postings;
    case CLOSED: return a->closed;
    default: return a->kind;
    }
}

static int64_t posting_value(const struct detail_posting *p, enum column c)
{
    switch (c) {
    case POSTING_RECORD: return p->record;
    case POSTING_POSTED: return p->posted;
    case POSTING_TIME: return p->time;
    case POSTING_SEQUENCE: return (int64_t)p->sequence;
    case POSTING_AMOUNT: return p->amount;
    default: return (int64_t)p->reversal_of;
    }
}

static void set_account(struct detail_account *a, enum column c, int64_t v)
{
    switch (c) {
    case NUMBER: a->number = (uint32_t)v; break;
    case RECORD: a->record = (uint32_t)v; break;
    case OPENING: a->opening = v; break;
    case CLOSING: a->closing = v; break;
    case POSTINGS: a->postings = (uint32_t)v; break;
    case CLOSED: a->closed = v != 0; break;
    default: a->kind = (enum detail_kind)v; break;
    }
}

static void set_posting(struct detail_posting *p, enum column c, int64_t v)
{
    switch (c) {
    case POSTING_RECORD: p->record = (uint32_t)v; break;
    case POSTING_POSTED: p->posted = (int32_t)v; break;
    case POSTING_TIME: p->time = (int32_t)v; break;
    case POSTING_SEQUENCE: p->sequence = (uint64_t)v; break;
    case POSTING_AMOUNT: p->amount = v; break;
    default: p->reversal_of = (uint64_t)v; break;
    }
}

static int64_t *room(struct detail_rows *r)
{
    uint64_t most = r->accounts_count > r->postings_count ? r->accounts_count : r->postings_count;
    r->values = grown(r->values, most + 1, &r->values_capacity, sizeof *r->values);
    return r->values;
}

void detail_day_put(struct segment_part *part, struct detail_rows *r)
{
    int64_t *v = room(r);
    for (enum column c = ACCOUNT; c < COLUMNS; c++) {
        uint64_t n = c < POSTING_RECORD ? r->accounts_count : r->postings_count;
        if (c == ACCOUNT) {
            for (uint64_t i = 0; i < n; i++) memcpy(&v[i], &r->accounts[i].account, 8);
            segment_put_raw(part, c, v, n, 8);
        } else if (c == CURRENCY) {
            char *text = (char *)v;
            for (uint64_t i = 0; i < n; i++) memcpy(text + 4 * i, r->accounts[i].currency, 4);
            segment_put_raw(part, c, text, n, 4);
        } else {
            for (uint64_t i = 0; i < n; i++)
                v[i] = c < POSTING_RECORD ? account_value(&r->accounts[i], c) : posting_value(&r->postings[i], c);
            segment_put(part, c, v, n);
        }
    }
}

/* Of the partition's columns; all are there: the file was written by the function above. */
static bool load_column(struct segment *s, uint32_t partition, enum column c, struct detail_rows *r, struct status *st)
{
    uint64_t n = c < POSTING_RECORD ? r->accounts_count : r->postings_count;
    int column = segment_find(s, SHAPE[c].name);
    if (column < 0 || segment_rows(s, partition, column) != n)
        return status_fail(st, STATUS_CORRUPT, "the month's detail has no whole column %s", SHAPE[c].name);
    if (n == 0) return true;
    if (SHAPE[c].type == SEGMENT_RAW) {
        char *text = (char *)r->values;
        if (!segment_get_raw(s, partition, column, 0, n, text, st)) return false;
        for (uint64_t i = 0; i < n; i++)
            memcpy(c == ACCOUNT ? (char *)&r->accounts[i].account : r->accounts[i].currency, text + SHAPE[c].width * i,
                   SHAPE[c].width);
        return true;
    }
    if (!segment_get(s, partition, column, 0, n, r->values, st)) return false;
    for (uint64_t i = 0; i < n; i++)
        if (c < POSTING_RECORD)
            set_account(&r->accounts[i], c, r->values[i]);
        else
            set_posting(&r->postings[i], c, r->values[i]);
    return true;
}

bool detail_day_load(struct segment *s, uint32_t partition, struct detail_rows *out, struct status *st)
{
    int accounts = segment_find(s, SHAPE[NUMBER].name), postings = segment_find(s, SHAPE[POSTING_RECORD].name);
    if (accounts < 0 || postings < 0) return status_fail(st, STATUS_CORRUPT, "this is no day of the month's detail");
    out->accounts_count = segment_rows(s, partition, accounts);
    out->postings_count = segment_rows(s, partition, postings);
    out->accounts = grown(out->accounts, out->accounts_count, &out->accounts_capacity, sizeof *out->accounts);
    out->postings = grown(out->postings, out->postings_count, &out->postings_capacity, sizeof *out->postings);
    room(out);
    uint64_t sum = 0;
    for (enum column c = ACCOUNT; c < COLUMNS; c++)
        if (!load_column(s, partition, c, out, st)) return false;
    for (uint64_t i = 0; i < out->accounts_count; i++) {
        sum += out->accounts[i].postings;
        if (out->accounts[i].kind >= DETAIL_KINDS) sum = UINT64_MAX / 2;
    }
    if (sum == out->postings_count) return true;
    status_fail(st, STATUS_CORRUPT, "the month's detail does not say which postings are whose");
    return status_hint(st, "find out what is damaged: crmx generation verify");
}

int detail_day_scale(const struct segment *s)
{
    int column = segment_find(s, SHAPE[OPENING].name);
    return column < 0 ? 0 : segment_column(s, column)->scale;
}
