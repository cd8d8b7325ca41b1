/* parameter: the bytes of one file. Lines "key<TAB>value"; a text part is its length and then its bytes. */
#include "base/date.h"
#include "etl/database_sql.h"
#include "etl/parameter.h"

#include <stdio.h>
#include <string.h>

const char *const PARAMETER_KINDS[] = {"activate", "rollback", "retire", "list", NULL};
const char *const PARAMETER_CUSTOMER_TYPES[] = {CUSTOMER_TYPE_WORDS, "both", NULL};

#define MAGIC "crmx-parameter\t1\n"

static void add_sized(struct buf *b, const char *text)
{
    if (text)
        buf_addf(b, "\n%zu\n", strlen(text));
    else
        buf_add_text(b, "\n-\n");
    buf_add_text(b, text ? text : "");
}

void parameter_digest(const char *customer_type, const char *threshold, const char *formula, const char *challenger,
                      char digest[65])
{
    struct buf b;
    buf_init(&b, 4 * PARAMETER_TEXT_MAX);
    buf_addf(&b, "%s\n%s", customer_type, threshold ? threshold : "-");
    add_sized(&b, formula);
    add_sized(&b, challenger);
    ensure(!buf_full(&b));
    database_sha256(buf_view(&b), digest);
    buf_release(&b);
}

/* --- writing --- */

/* A line is a line: blanks for whatever would break it. */
static void add_line(struct buf *out, const char *key, const char *value)
{
    buf_addf(out, "%s\t", key);
    for (const char *p = value ? value : ""; *p; p++) buf_add(out, (unsigned char)*p < ' ' ? " " : p, 1);
    buf_add_text(out, "\n");
}

static void add_number(struct buf *out, const char *key, int64_t number)
{
    if (number)
        buf_addf(out, "%s\t%lld\n", key, (long long)number);
    else
        buf_addf(out, "%s\t-\n", key);
}

static void add_part(struct buf *out, const char *key, const char *text)
{
    if (!text) {
        buf_addf(out, "%s\t-\n", key);
        return;
    }
    buf_addf(out, "%s\t%zu\n", key, strlen(text));
    buf_add_text(out, text);
    buf_add_text(out, "\n");
}

void parameter_write(struct parameter_file *f, struct buf *out)
{
    char date[11];
    date_format(f->effective_from, date);
    buf_clear(out);
    buf_add_text(out, MAGIC);
    add_number(out, "number", f->number);
    add_line(out, "previous", f->previous);
    add_line(out, "kind", PARAMETER_KINDS[f->kind]);
    add_line(out, "level", f->level);
    add_line(out, "customer_type", PARAMETER_CUSTOMER_TYPES[f->customer_type]);
    add_line(out, "effective_from", date);
    add_number(out, "version", f->version);
    add_number(out, "subject", f->subject);
    add_line(out, "digest", f->digest);
    add_line(out, "threshold", f->threshold ? f->threshold : "-");
    add_line(out, "author", f->author);
    add_line(out, "created_at", f->created_at);
    add_line(out, "note", f->note);
    add_line(out, "trial", f->trial);
    add_line(out, "approved_by", f->approved_by);
    add_line(out, "approved_at", f->approved_at);
    add_line(out, "actor", f->actor);
    add_line(out, "os_user", f->os_user);
    add_line(out, "requested_at", f->requested_at);
    add_line(out, "reason", f->reason);
    add_part(out, "formula", f->formula);
    add_part(out, "challenger", f->challenger);
    add_part(out, "list", f->list);
    database_sha256(buf_view(out), f->hash);
    buf_addf(out, "sha256\t%s\n", f->hash);
}

/* --- reading --- */

struct reader {
    const char *path;
    const char *at, *end;
    struct arena *arena;
    struct status *st;
    bool ok;
};

static void damaged(struct reader *r, const char *what)
{
    if (!r->ok) return;
    r->ok = false;
    status_fail(r->st, STATUS_CORRUPT, "\"%s\" is damaged: %s", r->path, what);
    status_hint(r->st, "compare the files with the database: crmx parameter verify; restore it from a backup");
}

/* The value of the next line, which must have that key. */
static const char *line(struct reader *r, const char *key)
{
    size_t n = strlen(key);
    const char *lf = r->ok ? memchr(r->at, '\n', (size_t)(r->end - r->at)) : NULL;
    if (!lf || (size_t)(lf - r->at) <= n || memcmp(r->at, key, n) != 0 || r->at[n] != '\t') {
        damaged(r, arena_printf(r->arena, "the line \"%s\" is missing", key));
        return "";
    }
    const char *value = arena_dup(r->arena, (struct view){r->at + n + 1, (size_t)(lf - r->at) - n - 1});
    r->at = lf + 1;
    return value;
}

static int64_t number(struct reader *r, const char *key)
{
    const char *text = line(r, key);
    long long value = 0;
    char rest;
    if (strcmp(text, "-") == 0) return 0;
    if (sscanf(text, "%lld%c", &value, &rest) != 1 || value < 0)
        damaged(r, arena_printf(r->arena, "%s is no number", key));
    return value;
}

static int word(struct reader *r, const char *key, const char *const *words)
{
    const char *text = line(r, key);
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0) return i;
    damaged(r, arena_printf(r->arena, "%s is \"%s\"", key, text));
    return 0;
}

static const char *part(struct reader *r, const char *key)
{
    const char *length = line(r, key);
    if (!r->ok || strcmp(length, "-") == 0) return NULL;
    size_t n = (size_t)strtoull(length, NULL, 10);
    if (n >= (size_t)(r->end - r->at) || r->at[n] != '\n' || memchr(r->at, 0, n)) {
        damaged(r, arena_printf(r->arena, "the text of %s is cut short", key));
        return NULL;
    }
    const char *text = arena_dup(r->arena, (struct view){r->at, n});
    r->at += n + 1;
    return text;
}

/* The last line vouches for everything before it. */
static void check_hash(struct reader *r, struct view bytes, struct parameter_file *f)
{
    enum { LAST = 7 + 64 + 1 }; /* "sha256\t…\n" */
    if (bytes.length < sizeof MAGIC + LAST || memcmp(bytes.bytes, MAGIC, sizeof MAGIC - 1) != 0 ||
        memcmp(bytes.bytes + bytes.length - LAST, "sha256\t", 7) != 0 || bytes.bytes[bytes.length - 1] != '\n') {
        damaged(r, "it is no parameter file, or cut short");
        return;
    }
    database_sha256((struct view){bytes.bytes, bytes.length - LAST}, f->hash);
    if (memcmp(bytes.bytes + bytes.length - LAST + 7, f->hash, 64) != 0) damaged(r, "its SHA-256 does not fit");
    r->at += sizeof MAGIC - 1;
    r->end -= LAST;
}

static void read_content(struct reader *r, struct parameter_file *f)
{
    f->number = (int)number(r, "number");
    snprintf(f->previous, sizeof f->previous, "%s", line(r, "previous"));
    f->kind = (enum parameter_kind)word(r, "kind", PARAMETER_KINDS);
    f->level = line(r, "level");
    f->customer_type = word(r, "customer_type", PARAMETER_CUSTOMER_TYPES);
    if (!date_parse(view_of(line(r, "effective_from")), &f->effective_from)) damaged(r, "effective_from is no date");
    f->version = number(r, "version");
    f->subject = number(r, "subject");
    f->digest = line(r, "digest");
    f->threshold = line(r, "threshold");
    if (strcmp(f->threshold, "-") == 0) f->threshold = NULL;
    f->author = line(r, "author");
    f->created_at = line(r, "created_at");
    f->note = line(r, "note");
    f->trial = line(r, "trial");
    f->approved_by = line(r, "approved_by");
    f->approved_at = line(r, "approved_at");
    f->actor = line(r, "actor");
    f->os_user = line(r, "os_user");
    f->requested_at = line(r, "requested_at");
    f->reason = line(r, "reason");
    f->formula = part(r, "formula");
    f->challenger = part(r, "challenger");
    f->list = part(r, "list");
    if (r->ok && r->at != r->end) damaged(r, "there is something behind the list");
    char digest[65];
    if (!r->ok || !f->version) return;
    for (int i = 0; i < 2; i++)
        if (i ? f->challenger && strlen(f->challenger) > PARAMETER_TEXT_MAX
              : f->formula && strlen(f->formula) > PARAMETER_TEXT_MAX)
            damaged(r, "a formula is too long");
    if (!r->ok) return;
    parameter_digest(PARAMETER_CUSTOMER_TYPES[f->customer_type], f->threshold, f->formula, f->challenger, digest);
    if (strcmp(digest, f->digest) != 0) damaged(r, "the digest of its content does not fit");
}

bool parameter_read(const char *path, struct view bytes, struct arena *arena, struct parameter_file *f,
                    struct status *st)
{
    struct reader r = {path, bytes.bytes, bytes.bytes + bytes.length, arena, st, true};
    *f = (struct parameter_file){0};
    check_hash(&r, bytes, f);
    if (r.ok) read_content(&r, f);
    return r.ok;
}
