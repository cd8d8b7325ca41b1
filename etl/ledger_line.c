#include "etl/ledger_line.h"

#include "base/date.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

enum { CHECK_DIGITS = 16, FIELDS = LEDGER_LINE_FIELDS - 1 /* before the check */ };

static const char *const STATE_NAMES[LEDGER_STATES_COUNT] = {
    [LEDGER_NONE] = "NONE",           [LEDGER_PREPARED] = "PREPARED",
    [LEDGER_UPLOADED] = "UPLOADED",   [LEDGER_COMMITTING] = "COMMITTING",
    [LEDGER_DELIVERED] = "DELIVERED", [LEDGER_UNKNOWN] = "UNKNOWN",
    [LEDGER_ACKED] = "ACKED",
};
static const char HEAD[] = "LEDGER", RESYNC[] = "RESYNC";

const char *ledger_state_name(enum ledger_state state)
{
    ensure((unsigned)state < LEDGER_STATES_COUNT);
    return STATE_NAMES[state];
}

/* --- keys --- */

int ledger_key_compare(struct ledger_key a, struct ledger_key b)
{
    if (a.date != b.date) return a.date < b.date ? -1 : 1;
    return a.seq < b.seq ? -1 : a.seq > b.seq;
}

struct ledger_key_text ledger_key_format(struct ledger_key key)
{
    struct ledger_key_text out;
    int year, month, day;
    date_to_civil(key.date, &year, &month, &day);
    snprintf(out.text, sizeof out.text, "%04d%02d%02d.%03" PRIu32, year, month, day, key.seq);
    return out;
}

static bool parse_number(struct view text, uint64_t maximum, uint64_t *value)
{
    uint64_t n = 0;
    if (text.length == 0 || text.length > 19) return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!isdigit((unsigned char)text.bytes[i])) return false;
        n = n * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    *value = n;
    return n <= maximum;
}

bool ledger_key_parse_view(struct view text, struct ledger_key *key)
{
    size_t dot = 0;
    while (dot < text.length && text.bytes[dot] != '.') dot++;
    uint64_t seq;
    if (dot == text.length || !date_parse((struct view){text.bytes, dot}, &key->date) ||
        !parse_number((struct view){text.bytes + dot + 1, text.length - dot - 1}, LEDGER_SEQ_MAX, &seq) || seq == 0)
        return false;
    key->seq = (uint32_t)seq;
    return true;
}

bool ledger_key_parse(const char *text, struct ledger_key *key)
{
    return ledger_key_parse_view(view_of(text), key);
}

/* --- lines --- */

static void add_clean(struct buf *out, struct view text)
{
    size_t length = text.length < LEDGER_DETAIL_MAX ? text.length : LEDGER_DETAIL_MAX;
    char *room = length ? buf_room(out, length) : NULL;
    for (size_t i = 0; room && i < length; i++)
        room[i] = (unsigned char)text.bytes[i] < ' ' || text.bytes[i] == 127 ? ' ' : text.bytes[i];
}

void ledger_line_add(struct buf *out, struct ledger_line *line, uint64_t seed)
{
    size_t start = out->length;
    buf_addf(out, "%" PRIu64 "\t%.*s\t", line->number, VIEW_PRINT(line->time));
    if (line->is_head)
        buf_addf(out, "-\t-\t%s\t", HEAD);
    else
        buf_addf(out, "%s\t%.*s\t%s\t", ledger_key_format(line->key).text,
                 line->file.length ? (int)line->file.length : 1, line->file.length ? line->file.bytes : "-",
                 line->is_resync ? RESYNC : ledger_state_name(line->state));
    add_clean(out, line->detail);
    buf_add_text(out, "\t");
    ensure(!buf_full(out) && out->length - start + CHECK_DIGITS < LEDGER_LINE_MAX);
    line->check = XXH3_64bits_withSeed(out->bytes + start, out->length - start, seed);
    buf_addf(out, "%016" PRIx64 "\n", line->check);
}

static bool parse_check(struct view text, uint64_t *check)
{
    *check = 0;
    if (text.length != CHECK_DIGITS) return false;
    for (size_t i = 0; i < CHECK_DIGITS; i++) {
        char c = text.bytes[i];
        if (!isdigit((unsigned char)c) && (c < 'a' || c > 'f')) return false;
        *check = *check << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

static bool parse_state(struct view text, enum ledger_state *state)
{
    for (int i = LEDGER_PREPARED; i < LEDGER_STATES_COUNT; i++)
        if (view_is(text, STATE_NAMES[i])) return *state = (enum ledger_state)i, true;
    return false;
}

/* Cuts text at tabs; false unless there are exactly FIELDS of them. */
static bool split(struct view text, struct view fields[FIELDS + 1])
{
    int n = 0;
    size_t start = 0;
    for (size_t i = 0; i <= text.length; i++) {
        if (i < text.length && text.bytes[i] != '\t') continue;
        if (n > FIELDS) return false;
        fields[n++] = (struct view){text.bytes + start, i - start};
        start = i + 1;
    }
    return n == FIELDS + 1;
}

bool ledger_line_parse(struct view text, uint64_t seed, struct ledger_line *line)
{
    struct view f[FIELDS + 1];
    *line = (struct ledger_line){0};
    if (text.length >= LEDGER_LINE_MAX || !split(text, f) || !parse_check(f[FIELDS], &line->check)) return false;
    if (line->check != XXH3_64bits_withSeed(text.bytes, text.length - CHECK_DIGITS, seed)) return false;
    line->time = f[1];
    line->detail = f[5];
    line->is_head = view_is(f[4], HEAD);
    if (!parse_number(f[0], UINT32_MAX, &line->number)) return false;
    if (line->is_head) return true;
    line->file = view_is(f[3], "-") ? (struct view){0} : f[3];
    line->is_resync = view_is(f[4], RESYNC);
    return ledger_key_parse_view(f[2], &line->key) && (line->is_resync || parse_state(f[4], &line->state)) &&
           line->file.length <= LEDGER_NAME_MAX;
}

struct view ledger_detail_value(struct view detail, const char *key)
{
    size_t n = strlen(key);
    for (struct view word; (word = view_word(&detail)).length;)
        if (word.length > n && memcmp(word.bytes, key, n) == 0 && word.bytes[n] == '=')
            return (struct view){word.bytes + n + 1, word.length - n - 1};
    return (struct view){0};
}
