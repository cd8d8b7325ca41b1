/* parameter_store: from a row to a file, and what is set right when the two differ.
 *
 *     in the database     file       what is done
 *     pending             none       written, told to the database; abandoned when a run has used the date meanwhile
 *     pending             there      told to the database (killed between the two)
 *     exported            none       written again, to the same hash (state/ was restored to an earlier day)
 *     exported            there      the hashes agree, or STATUS_CORRUPT
 *     nothing             there      taken back into the database (it was restored to an earlier day)
 */
#include "base/date.h"
#include "base/log.h"
#include "etl/database_query.h"
#include "etl/parameter_store.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* --- row to file --- */

static const char *text_of(struct parameter_store *s, PGresult *r, int column)
{
    return PQgetisnull(r, 0, column) ? NULL : arena_dup(s->arena, view_of(PQgetvalue(r, 0, column)));
}

static int word_of(const char *text, const char *const *words)
{
    int i = 0;
    while (words[i] && strcmp(words[i], text) != 0) i++;
    ensure(words[i]); /* the check constraints of the table */
    return i;
}

/* The file as the database would have it. */
static bool compose(struct parameter_store *s, int number, struct parameter_file *f, struct buf *bytes,
                    struct status *st)
{
    char text[24];
    snprintf(text, sizeof text, "%d", number);
    PGresult *r = database_query(s->connection, "parameter_file", (const char *const[]){text}, 1, st);
    if (!r) return false;
    ensure(PQntuples(r) == 1);
    *f = (struct parameter_file){.number = number,
                                 .kind = (enum parameter_kind)word_of(PQgetvalue(r, 0, 2), PARAMETER_KINDS),
                                 .level = text_of(s, r, 3),
                                 .customer_type = word_of(PQgetvalue(r, 0, 4), PARAMETER_CUSTOMER_TYPES),
                                 .version = atoll(PQgetvalue(r, 0, 6)),
                                 .subject = atoll(PQgetvalue(r, 0, 7))};
    snprintf(f->previous, sizeof f->previous, "%s", PQgetvalue(r, 0, 1));
    ensure(date_parse(view_of(PQgetvalue(r, 0, 5)), &f->effective_from));
    const char **texts[] = {&f->digest,      &f->threshold,  &f->formula, &f->challenger,   &f->list,
                            &f->author,      &f->created_at, &f->note,    &f->trial,        &f->approved_by,
                            &f->approved_at, &f->actor,      &f->os_user, &f->requested_at, &f->reason};
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) *texts[i] = text_of(s, r, i + 8);
    PQclear(r);
    parameter_write(f, bytes);
    return true;
}

static bool tell(struct parameter_store *s, int number, const char *action, const char *hash, const char *reason,
                 const char *content, struct status *st)
{
    char text[24];
    snprintf(text, sizeof text, "%d", number);
    const char *values[] = {text, action, s->actor ? s->actor : "crmx", s->os_user, hash, reason, content};
    return database_run(s->connection, "parameter_export", values, 7, st);
}

bool parameter_export(struct parameter_store *s, int number, struct status *st)
{
    struct parameter_file f;
    struct buf bytes;
    buf_init(&bytes, PARAMETER_FILE_MAX);
    bool ok = compose(s, number, &f, &bytes, st) && parameter_add(s->work, &f, buf_view(&bytes), s->arena, st) &&
              tell(s, number, "export", f.hash, "", NULL, st);
    buf_release(&bytes);
    return ok;
}

/* --- what differs --- */

struct row { /* an activation of the database */
    int number;
    const char *hash, *level;
    bool restored;
    int32_t effective_from;
};

static bool read_rows(struct parameter_store *s, struct row **rows, int *count, struct status *st)
{
    PGresult *r = database_query(s->connection, "parameter_exported", NULL, 0, st);
    if (!r) return false;
    *count = PQntuples(r);
    *rows = arena_array(s->arena, struct row, *count + 1);
    for (int i = 0; i < *count; i++) {
        (*rows)[i] = (struct row){.number = atoi(PQgetvalue(r, i, 0)),
                                  .hash = arena_dup(s->arena, view_of(PQgetvalue(r, i, 1))),
                                  .restored = PQgetvalue(r, i, 2)[0] == 't',
                                  .level = arena_dup(s->arena, view_of(PQgetvalue(r, i, 3)))};
        ensure(date_parse(view_of(PQgetvalue(r, i, 4)), &(*rows)[i].effective_from));
    }
    PQclear(r);
    return true;
}

/* An exported row whose file is gone. What the database itself has only from that file is not invented again. */
static bool write_again(struct parameter_store *s, const struct row *row, struct status *st)
{
    struct parameter_file f;
    struct buf bytes;
    const char *path = parameter_path(s->work, row->number, s->arena);
    if (row->restored) {
        status_fail(st, STATUS_CORRUPT, "\"%s\" is missing, and the database has it from that file only", path);
        return status_hint(st, "restore state/parameters from a backup");
    }
    buf_init(&bytes, PARAMETER_FILE_MAX);
    bool ok = compose(s, row->number, &f, &bytes, st);
    if (ok && strcmp(f.hash, row->hash) != 0) {
        ok = status_fail(st, STATUS_CORRUPT, "\"%s\" is missing, and the database no longer gives its bytes", path);
        status_hint(st, "restore state/parameters from a backup");
    }
    ok = ok && parameter_add(s->work, &f, buf_view(&bytes), s->arena, st);
    if (ok) log_warning("\"%s\" was missing and is written again from the database", path);
    s->repaired += ok;
    buf_release(&bytes);
    return ok;
}

static bool complete(struct parameter_store *s, const struct row *row, struct status *st)
{
    int32_t used;
    char date[11];
    date_format(row->effective_from, date);
    bool there = os_exists(parameter_path(s->work, row->number, s->arena));
    if (!there && !parameter_last_used(s->work, row->level, &used, st)) return false;
    s->repaired++;
    if (there || used < row->effective_from) {
        log_warning("activation %06d was cut short and is completed", row->number);
        return parameter_export(s, row->number, st);
    }
    log_warning("activation %06d was cut short, and %s has been run meanwhile: it is abandoned", row->number, date);
    return tell(s, row->number, "abandon", NULL, arena_printf(s->arena, "%s was run before the file was written", date),
                NULL, st);
}

static bool restore(struct parameter_store *s, const struct parameter_file *f, struct status *st)
{
    char from[11];
    date_format(f->effective_from, from);
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
                          "kind", PARAMETER_KINDS[f->kind], "level", f->level, "customer_type",
                          PARAMETER_CUSTOMER_TYPES[f->customer_type], "effective_from", from, "digest", f->digest,
                          "threshold", f->threshold, "formula", f->formula, "challenger", f->challenger, "list",
                          f->list, "author", f->author, "note", f->note, "approved_by", f->approved_by, "actor",
                          f->actor, "os_user", f->os_user, "requested_at", f->requested_at, "reason", f->reason);
    ensure(o);
    if (f->version) json_object_set_new(o, "version", json_integer(f->version));
    if (f->subject) json_object_set_new(o, "subject", json_integer(f->subject));
    if (f->created_at[0]) json_object_set_new(o, "created_at", json_string(f->created_at));
    if (f->approved_at[0]) json_object_set_new(o, "approved_at", json_string(f->approved_at));
    char *text = json_dumps(o, JSON_COMPACT);
    ensure(text);
    log_warning("the database does not know activation %06d: it is taken back from its file", f->number);
    bool ok = tell(s, f->number, "restore", f->hash, "the database was restored to an earlier day", text, st);
    s->repaired += ok;
    free(text);
    json_decref(o);
    return ok;
}

static bool differs(struct parameter_store *s, const struct row *row, const struct parameter_file *f, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "\"%s\" is not the file the database knows (SHA-256 %.12s…, there %.12s…)",
                parameter_path(s->work, row->number, s->arena), f->hash, row->hash);
    return status_hint(st, "restore state/parameters and the database from backups of the same day");
}

bool parameter_repair(struct parameter_store *s, struct status *st)
{
    struct row *rows;
    int count;
    struct parameter_set files;
    if (!read_rows(s, &rows, &count, st)) return false;
    for (int i = 0; i < count; i++)
        if (rows[i].hash[0] && !os_exists(parameter_path(s->work, rows[i].number, s->arena)) &&
            !write_again(s, &rows[i], st))
            return false;
    if (!parameter_load(s->work, s->arena, &files, st)) return false;
    for (int i = 0; i < count && i < files.count; i++)
        if (rows[i].hash[0] && strcmp(rows[i].hash, files.file[i].hash) != 0)
            return differs(s, &rows[i], &files.file[i], st);
    if (count && !rows[count - 1].hash[0] && !complete(s, &rows[count - 1], st)) return false;
    for (int i = count; i < files.count; i++)
        if (!restore(s, &files.file[i], st)) return false;
    return true;
}
