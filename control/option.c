#include "control/option.h"

#include "base/arena.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/os.h"
#include "base/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const DATABASE_MODE_WORDS[] = {"embedded", "url", "none", NULL};

const struct option_entry OPTION_TABLE[OPTION_COUNT] = {
#define SECTION(name, doc)
#define OPTION(id, section, key, type, fallback, minimum, maximum, words, doc)                                         \
    {section, key, OPTION_IS_##type, fallback, minimum, maximum, words, doc},
#include "control/option_table.h"
#undef OPTION
#undef SECTION
};

enum layer { LAYER_BUILT_IN, LAYER_FILE, LAYER_FOLDER, LAYER_UNIT, LAYER_ENVIRONMENT, LAYER_COMMAND_LINE };

struct options {
    struct arena arena;
    const char *work; /* NULL: none */
    struct {
        const char *text, *origin;
        const char *path; /* type path: the text with the working folder in front */
        enum layer layer;
        int64_t number; /* all types but text and path */
    } values[OPTION_COUNT];
};

/* --- values --- */

/* "2g" for 2147483648: bounds are said the way they are written. */
const char *option_write_bound(const struct option_entry *e, int64_t bound, char text[24])
{
    if (e->type == OPTION_IS_SIZE)
        value_size_format((uint64_t)bound, text);
    else if (e->type == OPTION_IS_DURATION && bound % 3600000 == 0 && bound)
        snprintf(text, 24, "%" PRId64 "h", bound / 3600000);
    else if (e->type == OPTION_IS_DURATION && bound % 1000 == 0)
        snprintf(text, 24, "%" PRId64 "s", bound / 1000);
    else if (e->type == OPTION_IS_DURATION)
        snprintf(text, 24, "%" PRId64 "ms", bound);
    else
        snprintf(text, 24, "%" PRId64, bound);
    return text;
}

static bool check_bounds(const struct option_entry *e, const char *text, int64_t number, struct status *st)
{
    char low[24], high[24];
    if (number >= e->minimum && number <= e->maximum) return true;
    return status_fail(st, STATUS_USAGE, "%.80s is outside %s to %s", text, option_write_bound(e, e->minimum, low),
                       option_write_bound(e, e->maximum, high));
}

static bool read_value(const struct option_entry *e, const char *text, int64_t *number, struct status *st)
{
    int index;
    uint64_t size;
    switch (e->type) {
    case OPTION_IS_TEXT:
    case OPTION_IS_PATH: return true;
    case OPTION_IS_INTEGER: return value_integer(text, e->minimum, e->maximum, number, st);
    case OPTION_IS_SIZE:
        if (!value_size(text, &size, st)) return false;
        *number = size > INT64_MAX ? INT64_MAX : (int64_t)size;
        return check_bounds(e, text, *number, st);
    case OPTION_IS_DURATION: return value_duration_ms(text, number, st) && check_bounds(e, text, *number, st);
    case OPTION_IS_CHOICE:
        if (!value_choice(text, e->words, &index, st)) return false;
        *number = index;
        return true;
    }
    ensure(!"an option type without a reader");
    return false;
}

static const char *option_name(struct options *o, enum option id)
{
    return arena_printf(&o->arena, "%s.%s", OPTION_TABLE[id].section, OPTION_TABLE[id].key);
}

/* Checks the value also where a later layer covers it; origin must live as long as the options. */
static bool apply(struct options *o, enum option id, const char *text, enum layer layer, const char *origin,
                  struct status *st)
{
    struct status why = {0};
    int64_t number = 0;
    if (!read_value(&OPTION_TABLE[id], text, &number, &why)) {
        status_fail(st, STATUS_USAGE, "%s: %s: %s", origin, option_name(o, id), why.message);
        return status_hint(st, "%s", why.hint[0] ? why.hint : "see: crmx help config; docs/options.md");
    }
    if (layer < o->values[id].layer) return true;
    o->values[id].text = arena_dup(&o->arena, view_of(text));
    o->values[id].origin = origin;
    o->values[id].layer = layer;
    o->values[id].number = number;
    if (OPTION_TABLE[id].type == OPTION_IS_PATH) {
        bool as_is = !o->work || text[0] == 0 || text[0] == '/';
        o->values[id].path = as_is ? o->values[id].text : arena_printf(&o->arena, "%s/%s", o->work, text);
    }
    return true;
}

/* --- layers --- */

static bool has_section(const char *section)
{
    for (int id = 0; id < OPTION_COUNT; id++)
        if (strcmp(OPTION_TABLE[id].section, section) == 0) return true;
    return false;
}

static bool apply_section(struct options *o, struct conf *c, const char *section, enum layer layer, const char *shown,
                          struct status *st)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_entry *e = &OPTION_TABLE[id];
        if (strcmp(e->section, section) != 0) continue;
        const char *text = conf_get(c, e->section, e->key);
        if (!text) continue;
        const char *origin = arena_printf(&o->arena, "%s:%d", shown, conf_line(c, e->section, e->key));
        if (!apply(o, id, text, layer, origin, st)) return false;
    }
    return true;
}

/* shown: the path as messages and config show print it. */
static bool apply_file(struct options *o, const char *path, const char *shown, enum layer layer, struct status *st)
{
    struct conf *c = conf_open(path, st);
    if (!c) return false;
    bool ok = true;
    for (int id = 0; ok && id < OPTION_COUNT; id++)
        if (id == 0 || strcmp(OPTION_TABLE[id].section, OPTION_TABLE[id - 1].section) != 0)
            ok = apply_section(o, c, OPTION_TABLE[id].section, layer, shown, st);
    ok = ok && conf_check_all_used(c, st);
    conf_close(c);
    return ok;
}

struct folder_scan {
    struct options *options;
    struct status *status;
    bool ok;
};

static bool apply_folder_file(void *context, const char *name)
{
    struct folder_scan *s = context;
    size_t length = strlen(name);
    if (name[0] == '.' || length < 5 || strcmp(name + length - 4, ".ini") != 0) return true;
    const char *shown = arena_printf(&s->options->arena, "conf.d/%s", name);
    const char *path = arena_printf(&s->options->arena, "%s/%s", s->options->work, shown);
    s->ok = apply_file(s->options, path, shown, LAYER_FOLDER, s->status);
    return s->ok;
}

static bool apply_work(struct options *o, struct status *st)
{
    const char *file = arena_printf(&o->arena, "%s/crmx.ini", o->work);
    if (!os_exists(file)) {
        status_fail(st, STATUS_USAGE, "\"%s\" is no working folder: it has no crmx.ini", o->work);
        return status_hint(st, "go there (cd), name it (--work DIR or CRMX_HOME), or make one: crmx init DIR");
    }
    if (!apply_file(o, file, "crmx.ini", LAYER_FILE, st)) return false;
    const char *folder = arena_printf(&o->arena, "%s/conf.d", o->work);
    struct folder_scan s = {.options = o, .status = st, .ok = true};
    if (os_exists(folder) && !os_list(folder, apply_folder_file, &s, st)) return false;
    return s.ok;
}

/* CRMX_RUN_THREADS for run.threads. */
static const char *environment_name(struct options *o, enum option id)
{
    char *name = arena_printf(&o->arena, "CRMX_%s_%s", OPTION_TABLE[id].section, OPTION_TABLE[id].key);
    for (char *p = name; *p; p++) *p = (char)toupper((unsigned char)*p);
    return name;
}

/* A variable that begins like an option of ours and is none was misspelt: silence would run the night with the default.
 */
static bool check_environment(struct options *o, struct status *st)
{
    for (char **entry = environ; entry && *entry; entry++) {
        size_t length = strcspn(*entry, "=");
        const char *name = arena_dup(&o->arena, (struct view){*entry, length});
        struct nearest n;
        bool ours = false, known = false;
        nearest_init(&n, name);
        for (int id = 0; id < OPTION_COUNT; id++) {
            const char *option = environment_name(o, id);
            size_t prefix = strlen("CRMX_") + strlen(OPTION_TABLE[id].section) + 1;
            ours = ours || strncmp(name, option, prefix) == 0;
            known = known || strcmp(name, option) == 0;
            nearest_try(&n, option);
        }
        if (!ours || known) continue;
        status_fail(st, STATUS_USAGE, "environment variable %s: there is no such option", name);
        if (n.name) return status_hint(st, "did you mean %s?", n.name);
        return status_hint(st, "unset %s; the options are listed by: crmx config show", name);
    }
    return true;
}

static bool apply_environment(struct options *o, struct status *st)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        const char *name = environment_name(o, id), *text = getenv(name);
        const char *origin = arena_printf(&o->arena, "environment %s", name);
        if (text && !apply(o, id, text, LAYER_ENVIRONMENT, origin, st)) return false;
    }
    return check_environment(o, st);
}

static bool apply_set(struct options *o, const char *set, struct status *st)
{
    const char *equals = strchr(set, '=');
    if (!equals) {
        status_fail(st, STATUS_USAGE, "--set %s: no \"=\"", set);
        return status_hint(st, "write: --set section.key=value, for example --set run.threads=2");
    }
    const char *wanted = arena_dup(&o->arena, (struct view){set, (size_t)(equals - set)});
    struct nearest n;
    nearest_init(&n, wanted);
    for (int id = 0; id < OPTION_COUNT; id++) {
        const char *name = option_name(o, id);
        if (strcmp(name, wanted) == 0) return apply(o, id, equals + 1, LAYER_COMMAND_LINE, "--set", st);
        nearest_try(&n, name);
    }
    status_fail(st, STATUS_USAGE, "--set %s: there is no option \"%s\"", set, wanted);
    if (n.name) return status_hint(st, "did you mean --set %s%s?", n.name, equals);
    return status_hint(st, "the options are listed by: crmx config show");
}

/* What no single value shows. */
static bool check_together(struct options *o, struct status *st)
{
    bool by_url = strcmp(o->values[OPTION_DATABASE_MODE].text, "url") == 0;
    bool has_url = o->values[OPTION_DATABASE_URL].text[0] != 0;
    if (by_url == has_url) return true;
    if (by_url) {
        status_fail(st, STATUS_USAGE, "%s: database.mode = url, but database.url is empty",
                    o->values[OPTION_DATABASE_MODE].origin);
        return status_hint(st, "write below [database]: url = postgresql://USER@HOST/NAME");
    }
    if (o->values[OPTION_DATABASE_MODE].layer > LAYER_BUILT_IN) return true; /* somebody chose: url is kept for later */
    status_fail(st, STATUS_USAGE, "%s: database.url is set, but database.mode is embedded",
                o->values[OPTION_DATABASE_URL].origin);
    return status_hint(st, "write below [database]: mode = url");
}

struct options *options_open(const struct options_sources *sources, struct status *st)
{
    struct options *o = calloc(1, sizeof *o);
    ensure(o);
    arena_init(&o->arena, "options");
    if (sources->work) o->work = arena_dup(&o->arena, view_of(sources->work));
    bool ok = true;
    for (int id = 0; id < OPTION_COUNT; id++)
        ensure(apply(o, id, OPTION_TABLE[id].fallback, LAYER_BUILT_IN, "built-in", st));
    if (o->work) ok = apply_work(o, st);
    ok = ok && apply_environment(o, st);
    for (int i = 0; ok && i < sources->sets_count; i++) ok = apply_set(o, sources->sets[i], st);
    if (ok && check_together(o, st)) return o;
    options_free(o);
    return NULL;
}

void options_free(struct options *o)
{
    if (!o) return;
    arena_release(&o->arena);
    free(o);
}

bool options_add_unit(struct options *o, const char *path, struct status *st)
{
    const char *name = strrchr(path, '/'), *section;
    const char *shown = arena_printf(&o->arena, "units/%s", name ? name + 1 : path);
    struct conf *c = conf_open(path, st);
    bool ok = c != NULL;
    for (int i = 0; ok && (section = conf_section(c, i)); i++)
        ok = !has_section(section) ||
             (apply_section(o, c, section, LAYER_UNIT, shown, st) && conf_check_used(c, section, st));
    conf_close(c);
    return ok && check_together(o, st);
}

/* --- readers --- */

static int64_t number_of(const struct options *o, enum option id, enum option_type type)
{
    ensure(id < OPTION_COUNT && OPTION_TABLE[id].type == type);
    return o->values[id].number;
}

const char *option_text(const struct options *o, enum option id)
{
    ensure(id < OPTION_COUNT && OPTION_TABLE[id].type == OPTION_IS_TEXT);
    return o->values[id].text;
}

const char *option_path(const struct options *o, enum option id)
{
    ensure(id < OPTION_COUNT && OPTION_TABLE[id].type == OPTION_IS_PATH);
    return o->values[id].path;
}

const char *option_origin(const struct options *o, enum option id)
{
    return o->values[id].origin;
}

/* Hides PASSWORD in scheme://USER:PASSWORD@HOST and in password=PASSWORD. */
const char *option_shown(struct options *o, enum option id)
{
    const char *text = o->values[id].text;
    const char *scheme = strstr(text, "://"), *at = scheme ? strchr(scheme, '@') : NULL;
    const char *colon = at ? memchr(scheme + 3, ':', (size_t)(at - scheme - 3)) : NULL;
    if (colon) return arena_printf(&o->arena, "%.*s***%s", (int)(colon + 1 - text), text, at);
    const char *key = strstr(text, "password=");
    if (!key) return text;
    key += strlen("password=");
    return arena_printf(&o->arena, "%.*s***%s", (int)(key - text), text, key + strcspn(key, " &"));
}

int64_t option_integer(const struct options *o, enum option id)
{
    return number_of(o, id, OPTION_IS_INTEGER);
}

uint64_t option_size(const struct options *o, enum option id)
{
    return (uint64_t)number_of(o, id, OPTION_IS_SIZE);
}

int64_t option_duration_ms(const struct options *o, enum option id)
{
    return number_of(o, id, OPTION_IS_DURATION);
}

int option_choice(const struct options *o, enum option id)
{
    return (int)number_of(o, id, OPTION_IS_CHOICE);
}
