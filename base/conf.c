#include "base/conf.h"

#include "base/conf_scan.h"
#include "base/nearest.h"
#include "base/os.h"
#include "base/value.h"

#include <stdarg.h>
#include <stdio.h>

enum { ASKED_MAX = 512 };

/* The names that were asked for: the candidates for "did you mean". Names beyond ASKED_MAX are only missing there. */
struct conf_notes {
    struct arena arena;
    int count;
    struct {
        const char *section, *key; /* key "": the section itself */
    } asked[ASKED_MAX];
};

struct section *conf_find_section(const struct conf *c, struct view name)
{
    for (int i = 0; i < c->section_count; i++)
        if (view_is(name, c->sections[i].name)) return &c->sections[i];
    return NULL;
}

struct key *conf_find_key(const struct section *section, struct view name)
{
    for (int i = 0; section && i < section->key_count; i++)
        if (view_is(name, section->keys[i].name)) return &section->keys[i];
    return NULL;
}

static bool was_asked(const struct conf_notes *n, const char *section, const char *key)
{
    for (int i = 0; i < n->count; i++)
        if (strcmp(n->asked[i].key, key) == 0 && strcmp(n->asked[i].section, section) == 0) return true;
    return false;
}

static void note(struct conf_notes *n, const char *section, const char *key)
{
    if (n->count == ASKED_MAX || was_asked(n, section, key)) return;
    n->asked[n->count].section = arena_dup(&n->arena, view_of(section));
    n->asked[n->count++].key = arena_dup(&n->arena, view_of(key));
}

/* --- life --- */

struct conf *conf_open(const char *path, struct status *st)
{
    if (!os_exists(path)) {
        status_fail(st, STATUS_USAGE, "there is no configuration file \"%s\"", path);
        status_hint(st, "look at the name (ls -l), or make a working folder with: crmx init DIR");
        return NULL;
    }
    struct conf *c = calloc(1, sizeof *c);
    ensure(c);
    arena_init(&c->arena, "conf");
    c->path = arena_dup(&c->arena, view_of(path));
    c->sections = arena_array(&c->arena, struct section, CONF_SECTIONS_MAX);
    c->notes = arena_new(&c->arena, struct conf_notes);
    arena_init(&c->notes->arena, "conf notes");
    if (conf_scan(c, st)) return c;
    conf_close(c);
    return NULL;
}

void conf_close(struct conf *c)
{
    if (!c) return;
    arena_release(&c->notes->arena);
    arena_release(&c->arena);
    free(c);
}

const char *conf_path(const struct conf *c)
{
    return c->path;
}

/* --- looking things up --- */

const char *conf_section(const struct conf *c, int index)
{
    return index >= 0 && index < c->section_count ? c->sections[index].name : NULL;
}

bool conf_has_section(const struct conf *c, const char *section)
{
    note(c->notes, section, "");
    return conf_find_section(c, view_of(section)) != NULL;
}

const char *conf_key(const struct conf *c, const char *section, int index)
{
    const struct section *s = conf_find_section(c, view_of(section));
    if (!s || index < 0 || index >= s->key_count) return NULL;
    s->keys[index].used = true;
    return s->keys[index].name;
}

int conf_line(const struct conf *c, const char *section, const char *key)
{
    const struct section *s = conf_find_section(c, view_of(section));
    if (!s || !key) return s ? s->line : 0;
    const struct key *k = conf_find_key(s, view_of(key));
    return k ? k->line : 0;
}

const char *conf_get(struct conf *c, const char *section, const char *key)
{
    struct key *k = conf_find_key(conf_find_section(c, view_of(section)), view_of(key));
    note(c->notes, section, key);
    if (!k) return NULL;
    k->used = true;
    return k->value;
}

/* --- messages --- */

bool conf_fail(const struct conf *c, const char *section, const char *key, struct status *st, const char *format, ...)
{
    char message[STATUS_MESSAGE_MAX], place[OS_PATH_MAX + 32];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    int line = conf_line(c, section, key);
    if (!line) line = conf_line(c, section, NULL); /* a missing key: its section */
    if (line)
        snprintf(place, sizeof place, "%s:%d", c->path, line);
    else
        snprintf(place, sizeof place, "%s", c->path);
    if (key) return status_fail(st, STATUS_USAGE, "%s: [%s] %s: %s", place, section, key, message);
    return status_fail(st, STATUS_USAGE, "%s: [%s]: %s", place, section, message);
}

/* What a strict reader said about the text, with the place in front. */
static bool fail_value(const struct conf *c, const char *section, const char *key, const struct status *why,
                       struct status *st)
{
    conf_fail(c, section, key, st, "%s", why->message);
    return why->hint[0] ? status_hint(st, "%s", why->hint) : false;
}

/* An unused key whose name is near to the missing one is probably the one that was meant. */
static const char *nearest_unused(const struct conf *c, const char *section, const char *key)
{
    const struct section *s = conf_find_section(c, view_of(section));
    struct nearest n;
    nearest_init(&n, key);
    for (int i = 0; s && i < s->key_count; i++)
        if (!s->keys[i].used) nearest_try(&n, s->keys[i].name);
    return n.name;
}

/* A section that nobody asked for takes the place of a missing one. */
static const char *nearest_section(const struct conf *c, const char *section)
{
    struct nearest n;
    nearest_init(&n, section);
    for (int i = 0; i < c->section_count; i++) nearest_try(&n, c->sections[i].name);
    return n.name;
}

bool conf_need(struct conf *c, const char *section, const char *key, const char **value, struct status *st)
{
    const char *found = conf_get(c, section, key);
    if (found && found[0]) {
        *value = found;
        return true;
    }
    if (found) {
        conf_fail(c, section, key, st, "the value is empty");
        return status_hint(st, "write: %s = VALUE", key);
    }
    if (!conf_find_section(c, view_of(section))) {
        const char *near = nearest_section(c, section);
        conf_fail(c, section, key, st, "the section is missing");
        if (near) return status_hint(st, "line %d: did you mean [%s]?", conf_line(c, near, NULL), section);
        return status_hint(st, "add the lines: [%s] and: %s = VALUE", section, key);
    }
    const char *near = nearest_unused(c, section, key);
    conf_fail(c, section, key, st, "the key is missing");
    if (near) return status_hint(st, "line %d: did you mean \"%s\"?", conf_line(c, section, near), key);
    return status_hint(st, "add the line below [%s]: %s = VALUE", section, key);
}

/* --- typed readers --- */

bool conf_integer(struct conf *c, const char *section, const char *key, int64_t minimum, int64_t maximum,
                  int64_t fallback, int64_t *value, struct status *st)
{
    struct status why = {0};
    const char *text = conf_get(c, section, key);
    *value = fallback;
    return !text || value_integer(text, minimum, maximum, value, &why) || fail_value(c, section, key, &why, st);
}

bool conf_bool(struct conf *c, const char *section, const char *key, bool fallback, bool *value, struct status *st)
{
    struct status why = {0};
    const char *text = conf_get(c, section, key);
    *value = fallback;
    return !text || value_bool(text, value, &why) || fail_value(c, section, key, &why, st);
}

bool conf_duration_ms(struct conf *c, const char *section, const char *key, int64_t fallback, int64_t *value,
                      struct status *st)
{
    struct status why = {0};
    const char *text = conf_get(c, section, key);
    *value = fallback;
    return !text || value_duration_ms(text, value, &why) || fail_value(c, section, key, &why, st);
}

bool conf_share_ppm(struct conf *c, const char *section, const char *key, int64_t fallback, int64_t *value,
                    struct status *st)
{
    struct status why = {0};
    const char *text = conf_get(c, section, key);
    *value = fallback;
    return !text || value_share_ppm(text, value, &why) || fail_value(c, section, key, &why, st);
}

bool conf_choice(struct conf *c, const char *section, const char *key, const char *const words[], int fallback,
                 int *index, struct status *st)
{
    struct status why = {0};
    const char *text = conf_get(c, section, key);
    *index = fallback;
    return !text || value_choice(text, words, index, &why) || fail_value(c, section, key, &why, st);
}

/* --- nothing overlooked --- */

/* A section counts as asked for when it or any of its keys was. */
static bool section_asked(const struct conf_notes *n, const char *section)
{
    for (int i = 0; i < n->count; i++)
        if (strcmp(n->asked[i].section, section) == 0) return true;
    return false;
}

static bool section_used(const struct conf *c, const struct section *s)
{
    for (int i = 0; i < s->key_count; i++)
        if (s->keys[i].used) return true;
    return section_asked(c->notes, s->name);
}

static bool fail_section(const struct conf *c, const struct section *s, struct status *st)
{
    struct nearest n;
    nearest_init(&n, s->name);
    for (int i = 0; i < c->notes->count; i++) nearest_try(&n, c->notes->asked[i].section);
    conf_fail(c, s->name, NULL, st, "there is no section of this name in this kind of file");
    if (n.name) return status_hint(st, "did you mean [%s]?", n.name);
    return status_hint(st, "remove the section, or make it a comment");
}

static bool fail_key(const struct conf *c, const struct section *s, const struct key *k, struct status *st)
{
    const struct conf_notes *notes = c->notes;
    struct nearest n;
    nearest_init(&n, k->name);
    for (int i = 0; i < notes->count; i++)
        if (notes->asked[i].key[0] && strcmp(notes->asked[i].section, s->name) == 0)
            nearest_try(&n, notes->asked[i].key);
    conf_fail(c, s->name, k->name, st, "unknown key");
    if (n.name) return status_hint(st, "did you mean \"%s\"?", n.name);
    return status_hint(st, "remove the line, or make it a comment with ; in front");
}

static bool check_section(const struct conf *c, const struct section *s, struct status *st)
{
    if (!section_used(c, s)) return fail_section(c, s, st);
    for (int k = 0; k < s->key_count; k++)
        if (!s->keys[k].used) return fail_key(c, s, &s->keys[k], st);
    return true;
}

bool conf_check_used(const struct conf *c, const char *section, struct status *st)
{
    const struct section *s = conf_find_section(c, view_of(section));
    return !s || check_section(c, s, st);
}

bool conf_check_all_used(const struct conf *c, struct status *st)
{
    for (int i = 0; i < c->section_count; i++)
        if (!check_section(c, &c->sections[i], st)) return false;
    return true;
}
