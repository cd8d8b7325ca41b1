#include "etl/deliver_inside.h"

#include "base/os.h"
#include "etl/transfer_digest.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { MANIFEST_MAX = 1 << 20 };

/* --- names --- */

static const char *value_of(struct view word, const char *unit, const char *date, const char *seq, const char *name)
{
    if (view_is(word, "{unit}")) return unit;
    if (view_is(word, "{date}")) return date;
    if (view_is(word, "{seq}")) return seq;
    if (view_is(word, "{name}")) return name;
    return NULL;
}

const char *deliver_expand(struct arena *arena, const char *pattern, const char *unit, struct ledger_key key,
                           const char *name)
{
    struct ledger_key_text text = ledger_key_format(key);
    text.text[8] = 0; /* "20261120" and "001" */
    struct buf out;
    buf_init(&out, TRANSFER_NAME_MAX);
    for (const char *p = pattern; *p;) {
        if (*p != '{') {
            buf_add(&out, p++, 1);
            continue;
        }
        size_t n = strcspn(p, "}");
        if (p[n]) n++;
        const char *value = value_of((struct view){p, n}, unit, text.text, text.text + 9, name);
        if (!value) {
            buf_release(&out);
            return NULL;
        }
        buf_add_text(&out, value);
        p += n;
    }
    const char *result = buf_full(&out) ? NULL : arena_dup(arena, buf_view(&out));
    buf_release(&out);
    return result;
}

/* --- is it a set? --- */

static bool bad_set(const struct deliver_job *job, struct status *st, const char *what, const char *which)
{
    return status_fail(st, STATUS_USAGE, "set %s of unit %s: %s \"%s\"", ledger_key_format(job->set->key).text,
                       job->set->unit, what, which);
}

static bool plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) return false;
    return true;
}

static bool one_word(const char *text, size_t length_max)
{
    size_t n = strlen(text);
    return n > 0 && n <= length_max && plain(text) && !strchr(text, ' ');
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static bool check_file(const struct deliver_job *job, const struct deliver_file *f, struct status *st)
{
    if (!f->name || !transfer_name_valid(f->name) || strchr(f->name, '/') || strlen(f->name) > DELIVER_FILE_NAME_MAX)
        return bad_set(job, st, "file name that not every server can store (letters, digits, . _ - wanted):",
                       f->name ? f->name : "");
    if (ends_in(f->name, ".part") || ends_in(f->name, ".ok") || ends_in(f->name, ".manifest"))
        return bad_set(job, st, "file name with an ending that delivery itself uses:", f->name);
    if (f->control && !plain(f->control)) return bad_set(job, st, "control sums with a control character:", f->control);
    return true;
}

bool deliver_check_set(struct deliver_job *job, struct status *st)
{
    const struct deliver_set *s = job->set;
    if (!one_word(s->unit, 32) || !transfer_name_valid(s->unit) || strchr(s->unit, '/'))
        return bad_set(job, st, "unit", s->unit);
    if (!one_word(s->generation, 63)) return bad_set(job, st, "generation", s->generation);
    if (s->key.seq < 1 || s->key.seq > LEDGER_SEQ_MAX) return bad_set(job, st, "sequence number not in", "1-999999");
    if (s->files_count < 1 || s->files_count > DELIVER_FILES_MAX)
        return bad_set(job, st, "number of files not in", "1-200");
    if (s->basis.seq && ledger_key_compare(s->basis, s->key) >= 0)
        return bad_set(job, st, "builds upon a set that is not earlier:", ledger_key_format(s->basis).text);
    for (int i = 0; i < s->files_count; i++) {
        if (!check_file(job, &s->files[i], st)) return false;
        for (int k = 0; k < i; k++)
            if (strcmp(s->files[i].name, s->files[k].name) == 0)
                return bad_set(job, st, "file named twice:", s->files[i].name);
    }
    return true;
}

/* --- items --- */

static bool name_item(struct deliver_job *job, struct deliver_item *item, const char *name, struct status *st)
{
    item->name = name;
    item->final = arena_printf(&job->arena, "%s%s%s", job->folder, job->folder[0] ? "/" : "", name);
    item->part = arena_printf(&job->arena, "%s.part", item->final);
    if (transfer_name_valid(item->part) && strlen(name) <= LEDGER_NAME_MAX && !strchr(name, '/')) return true;
    bad_set(job, st, "name at the target that not every server can store:", item->final);
    return status_hint(st, "look at set_folder and file_name of [target %s]", job->target->place.name);
}

static void text_item(struct deliver_item *item, const char *text)
{
    item->source.bytes = view_of(text);
    item->bytes = item->source.bytes.length;
    transfer_digest_bytes(item->source.bytes, item->sha256);
}

static const char *expand(struct deliver_job *job, const char *pattern, const char *name, struct status *st)
{
    const char *text = deliver_expand(&job->arena, pattern, job->set->unit, job->set->key, name);
    if (!text)
        status_fail(st, STATUS_USAGE, "target \"%s\": \"%s\" cannot be filled in (known: {unit} {date} {seq} {name})",
                    job->target->place.name, pattern);
    return text;
}

bool deliver_name_items(struct deliver_job *job, struct status *st)
{
    const struct deliver_set *s = job->set;
    job->items_count = s->files_count + 2;
    job->items = arena_array(&job->arena, struct deliver_item, job->items_count);
    job->folder = expand(job, job->target->set_folder, "", st);
    for (int i = 0; job->folder && i < s->files_count; i++) {
        const char *name = expand(job, job->target->file_name, s->files[i].name, st);
        if (!name || !name_item(job, &job->items[i], name, st)) return false;
        job->items[i].is_file = true;
        job->items[i].source.path = s->files[i].path;
        job->items[i].bytes = s->files[i].bytes;
    }
    return job->folder &&
           name_item(job, deliver_manifest_item(job), arena_printf(&job->arena, "%s.manifest", job->name), st) &&
           name_item(job, deliver_ok_item(job), arena_printf(&job->arena, "%s.ok", job->name), st);
}

/* The manifest and the .ok, from the digests of the files. The same set gives the same bytes: no clock, no host. */
static bool write_manifest(struct deliver_job *job, struct status *st)
{
    const struct deliver_set *s = job->set;
    int32_t business_date = s->business_date ? s->business_date : s->key.date;
    struct ledger_key_text basis = ledger_key_format(s->basis),
                           date = ledger_key_format((struct ledger_key){business_date, s->key.seq});
    uint64_t bytes = 0, records = 0;
    struct buf m;
    buf_init(&m, MANIFEST_MAX);
    buf_addf(&m, "crmx-manifest\t1\nset\t%s\nunit\t%s\nbusiness_date\t%.8s\nsequence\t%" PRIu32 "\n", job->name,
             s->unit, date.text, s->key.seq);
    buf_addf(&m, "generation\t%s\nbasis\t%s\n", s->generation, s->basis.seq ? basis.text : "full");
    for (int i = 0; i < s->files_count; i++) {
        const struct deliver_file *f = &s->files[i];
        buf_addf(&m, "file\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s\n", job->items[i].name, f->bytes, f->records,
                 job->items[i].sha256, f->control ? f->control : "");
        bytes += f->bytes, records += f->records;
    }
    for (int i = 0; i < s->after_count; i++)
        buf_addf(&m, "after\t%s\t%" PRIu64 "\t%s\n", s->after[i].name, s->after[i].records,
                 s->after[i].control ? s->after[i].control : "");
    buf_addf(&m, "total\t%d\t%" PRIu64 "\t%" PRIu64 "\n", s->files_count, bytes, records);
    bool ok = !buf_full(&m) || bad_set(job, st, "control sums too long for a manifest of", "1 MiB");
    if (ok) {
        struct deliver_item *manifest = deliver_manifest_item(job);
        text_item(manifest, arena_dup(&job->arena, buf_view(&m)));
        snprintf(job->manifest, sizeof job->manifest, "%s", manifest->sha256);
        text_item(deliver_ok_item(job), arena_printf(&job->arena, "%s  %s\n", job->manifest, manifest->name));
    }
    buf_release(&m);
    return ok;
}

/* --- preparation --- */

static bool read_digests(struct deliver_job *job, struct status *st)
{
    for (int i = 0; i < job->set->files_count; i++) {
        const struct deliver_file *f = &job->set->files[i];
        uint64_t found;
        if (!transfer_digest_file(f->path, &found, job->items[i].sha256, st))
            return status_while(st, "preparing file \"%s\" of set %s", f->name, job->name);
        if (found == f->bytes) continue;
        status_fail(st, STATUS_CORRUPT, "file \"%s\" of set %s has %" PRIu64 " bytes, its generation says %" PRIu64,
                    f->path, job->name, found, f->bytes);
        return status_hint(st, "a committed generation never changes: look who wrote into its folder");
    }
    return true;
}

/* Digests from the ledger instead of from the disk; false when the set has other files or sizes than were prepared. */
static bool take_digests(struct deliver_job *job, const struct ledger_set *s)
{
    for (int i = 0; i < job->set->files_count; i++) {
        const struct ledger_file *f = ledger_find_file(s, job->items[i].name);
        if (!f || f->preparation != s->preparation || f->bytes != job->items[i].bytes) return false;
        snprintf(job->items[i].sha256, sizeof job->items[i].sha256, "%s", f->sha256);
    }
    return true;
}

static bool note_preparation(struct deliver_job *job, struct status *st)
{
    char detail[LEDGER_DETAIL_MAX];
    uint64_t bytes = 0;
    for (int i = 0; i < job->items_count; i++) {
        const struct deliver_item *item = &job->items[i];
        snprintf(detail, sizeof detail, "bytes=%" PRIu64 " sha256=%s", item->bytes, item->sha256);
        if (!deliver_note(job, item, LEDGER_PREPARED, detail, st)) return false;
        bytes += item->bytes;
    }
    snprintf(detail, sizeof detail, "generation=%s manifest=%s files=%d bytes=%" PRIu64 " basis=%s",
             job->set->generation, job->manifest, job->set->files_count, bytes,
             job->set->basis.seq ? ledger_key_format(job->set->basis).text : "full");
    return deliver_note(job, NULL, LEDGER_PREPARED, detail, st);
}

static bool refuse_other_bytes(const struct deliver_job *job, const struct ledger_set *s, struct status *st)
{
    status_fail(st, STATUS_CORRUPT,
                "set %s is %s at target \"%s\" from generation %s; generation %s has other files for it", job->name,
                ledger_state_name(s->state), job->target->place.name, s->generation, job->set->generation);
    return status_hint(
        st,
        "a correction of a delivered date is a set with the next sequence number; what was sent: " DELIVER_COMMAND_LIST,
        job->set->unit, job->target->place.name);
}

bool deliver_prepare(struct deliver_job *job, struct status *st)
{
    const struct ledger_set *s = ledger_find(job->ledger, job->set->key);
    if (s && s->preparation == 0 && ledger_done(s->state))
        return true; /* a person said so: nothing is known of its bytes */
    bool prepared = s && s->preparation > 0;
    if (prepared && take_digests(job, s)) {
        if (!write_manifest(job, st)) return false;
        if (strcmp(job->manifest, s->manifest) == 0) return true;
    }
    if (prepared && (s->was_committing || (s->state != LEDGER_PREPARED && s->state != LEDGER_UPLOADED)))
        return refuse_other_bytes(job, s, st);
    if (prepared)
        deliver_tell(job, "set %s was prepared from generation %s and not yet delivered; generation %s takes its place",
                     job->name, s->generation, job->set->generation);
    for (int i = 0; i < job->items_count; i++) job->items[i].sha256[0] = 0;
    return read_digests(job, st) && write_manifest(job, st) && note_preparation(job, st);
}
