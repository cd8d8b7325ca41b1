/* [target NAME] sections of a unit file. A key is asked for only where its kind of target knows it, so that a host_key
 * of an FTP target is reported as an unknown key (conf_check_all_used) instead of being silently without effect. */
#include "etl/deliver_inside.h"

#include "base/os.h"

#include <stdio.h>

enum { TIMEOUT_MS = 60 * 1000, RETRIES = 3, RETRIES_MAX = 100, RETRY_WAIT_MS = 2 * 1000, NAME_MAX_LENGTH = 32 };

const char *const DELIVER_CONTENT_NAMES[] = {"full", "delta", NULL};

struct reading {
    struct conf *conf;
    const char *section, *unit, *home;
    struct arena *arena;
};

static const char *text(const struct reading *r, const char *key, const char *fallback)
{
    const char *value = conf_get(r->conf, r->section, key);
    return arena_dup(r->arena, view_of(value ? value : fallback));
}

/* NULL when the key is missing or empty. */
static const char *path(const struct reading *r, const char *key)
{
    const char *value = conf_get(r->conf, r->section, key);
    if (!value || !value[0]) return NULL;
    return value[0] == '/' ? arena_dup(r->arena, view_of(value)) : arena_printf(r->arena, "%s/%s", r->home, value);
}

static bool read_security(const struct reading *r, struct transfer_place *p, struct status *st)
{
    if (p->kind == TRANSFER_DIRECTORY) return true;
    p->url = text(r, "url", "");
    p->password_file = path(r, "password_file");
    if (p->kind == TRANSFER_FTPS) p->ca_file = path(r, "ca_file");
    if (p->kind == TRANSFER_SFTP) {
        p->key_file = path(r, "key_file");
        p->host_keys = text(r, "host_key", "");
    }
    if (p->kind == TRANSFER_FTP && strcmp(text(r, "plain_ftp", ""), "allowed") != 0) {
        conf_fail(r->conf, r->section, "plain_ftp", st,
                  "kind = ftp sends password and customers' data readable over the network");
        return status_hint(st, "use kind = sftp or ftps; where the bank accepts plain FTP, write: plain_ftp = allowed");
    }
    if (p->password_file || p->key_file) return true;
    conf_fail(r->conf, r->section, "password_file", st, "no password_file%s",
              p->kind == TRANSFER_SFTP ? " and no key_file" : "");
    return status_hint(st, "write the password into a file (chmod 600) and name it: password_file = PATH");
}

static bool read_place(const struct reading *r, struct transfer_place *p, struct status *st)
{
    int kind;
    if (!conf_choice(r->conf, r->section, "kind", TRANSFER_KIND_NAMES, TRANSFER_DIRECTORY, &kind, st)) return false;
    p->kind = (enum transfer_kind)kind;
    if (p->kind == TRANSFER_DIRECTORY) {
        p->directory = path(r, "directory");
        if (!p->directory) p->directory = arena_printf(r->arena, "%s/deliver/%s", r->home, r->unit);
    } else if (!conf_duration_ms(r->conf, r->section, "timeout", TIMEOUT_MS, &p->timeout_ms, st) ||
               !conf_bool(r->conf, r->section, "read_back", false, &p->read_back, st))
        return false;
    if (p->kind != TRANSFER_DIRECTORY && p->timeout_ms < 1)
        return conf_fail(r->conf, r->section, "timeout", st, "must be longer than 0");
    return read_security(r, p, st) && transfer_place_check(p, st);
}

static bool read_receiver(const struct reading *r, struct deliver_target *t, struct status *st)
{
    static const char *const RECEIVERS[] = {"keeps", "consumes", NULL};
    int receiver, content;
    if (!conf_choice(r->conf, r->section, "receiver", RECEIVERS, 0, &receiver, st) ||
        !conf_choice(r->conf, r->section, "content", DELIVER_CONTENT_NAMES, 0, &content, st) ||
        !conf_bool(r->conf, r->section, "idempotent", false, &t->idempotent, st))
        return false;
    t->consumes = receiver == 1;
    t->delta = content == 1;
    return conf_integer(r->conf, r->section, "retries", 0, RETRIES_MAX, RETRIES, &t->retries, st) &&
           conf_duration_ms(r->conf, r->section, "retry_wait", RETRY_WAIT_MS, &t->retry_wait_ms, st);
}

static bool check_pattern(const struct reading *r, const char *key, const char *pattern, struct status *st)
{
    const char *sample = deliver_expand(r->arena, pattern, r->unit, (struct ledger_key){20000, 1}, "NAME");
    if (sample && (!sample[0] || transfer_name_valid(sample))) return true;
    return conf_fail(r->conf, r->section, key, st,
                     "\"%s\" cannot be used: letters, digits, . _ - / and {unit} {date} {seq}%s are known", pattern,
                     strcmp(key, "file_name") == 0 ? " {name}" : "");
}

/* No two sets, and no two files of a set, may ever meet under one name. */
static bool check_unique(const struct reading *r, const struct deliver_target *t, struct status *st)
{
    static const char *const WANTED[] = {"{unit}", "{date}", "{seq}"};
    for (int i = 0; i < 3; i++)
        if (!strstr(t->set_folder, WANTED[i]) && !strstr(t->file_name, WANTED[i]))
            return conf_fail(r->conf, r->section, "set_folder", st,
                             "neither set_folder nor file_name has %s: one set would overwrite another", WANTED[i]);
    if (!strstr(t->file_name, "{name}") || strchr(t->file_name, '/'))
        return conf_fail(r->conf, r->section, "file_name", st, "\"%s\" must have {name} and no /", t->file_name);
    if (t->ack_file && (!strstr(t->ack_file, "{date}") || !strstr(t->ack_file, "{seq}")))
        return conf_fail(r->conf, r->section, "ack_file", st, "\"%s\" must have {date} and {seq}", t->ack_file);
    return true;
}

static bool read_events(const struct reading *r, struct deliver_target *t, struct status *st)
{
    t->events = text(r, "events", "");
    if (!t->events[0]) t->events = NULL;
    if (!t->events || (transfer_name_valid(t->events) && !strchr(t->events, '/'))) return true;
    conf_fail(r->conf, r->section, "events", st, "\"%s\" is no name of a file: letters, digits, . _ -", t->events);
    return status_hint(st, "name the file of the events in a set: events = CRMEVENT; without the key none is sent");
}

static bool read_names(const struct reading *r, struct deliver_target *t, struct status *st)
{
    t->set_folder = text(r, "set_folder", "{unit}.{date}.{seq}");
    t->file_name = text(r, "file_name", "{name}");
    t->ack_file = text(r, "ack_file", "");
    if (!t->ack_file[0]) t->ack_file = NULL;
    return read_events(r, t, st) && check_pattern(r, "set_folder", t->set_folder, st) &&
           check_pattern(r, "file_name", t->file_name, st) &&
           (!t->ack_file || check_pattern(r, "ack_file", t->ack_file, st)) && check_unique(r, t, st);
}

static bool read_target(const struct reading *r, const char *name, struct deliver_target *t, struct status *st)
{
    *t = (struct deliver_target){.place.name = arena_dup(r->arena, view_of(name))};
    if (!transfer_name_valid(name) || strchr(name, '/') || strlen(name) > NAME_MAX_LENGTH)
        return conf_fail(r->conf, r->section, NULL, st, "a target's name has at most %d letters, digits, . _ -",
                         NAME_MAX_LENGTH);
    if (read_place(r, &t->place, st) && read_receiver(r, t, st) && read_names(r, t, st)) return true;
    return status_while(st, "reading [%s] of \"%s\"", r->section, conf_path(r->conf));
}

bool deliver_targets_read(struct conf *unit_file, const char *unit, const char *home, struct arena *arena,
                          struct deliver_target **targets, int *count, struct status *st)
{
    struct deliver_target found[DELIVER_TARGETS_MAX];
    struct reading r = {.conf = unit_file, .unit = unit, .home = home, .arena = arena};
    *count = 0;
    for (int i = 0; (r.section = conf_section(unit_file, i)); i++) {
        if (strncmp(r.section, "target ", 7) != 0) continue;
        if (*count == DELIVER_TARGETS_MAX)
            return conf_fail(unit_file, r.section, NULL, st, "more than %d targets", DELIVER_TARGETS_MAX);
        if (!read_target(&r, r.section + 7, &found[*count], st)) return false;
        ++*count;
    }
    *targets = arena_array(arena, struct deliver_target, *count ? *count : 1);
    memcpy(*targets, found, sizeof *found * (size_t)*count);
    return true;
}

bool deliver_ledger_path(const char *ledgers_folder, const char *target, char *path_out, struct status *st)
{
    if (snprintf(path_out, OS_PATH_MAX, "%s/%s.ledger", ledgers_folder, target) < OS_PATH_MAX) return true;
    return status_fail(st, STATUS_USAGE, "path too long: \"%.200s...\"", ledgers_folder);
}
