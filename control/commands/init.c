/* crmx init: a working folder out of the template (config/template). */
#include "base/conf.h"
#include "base/os.h"
#include "control/command.h"

#include <stdio.h>
#include <string.h>

/* Folders a working folder has even when the template, which git keeps, cannot hold them empty. */
static const char *const FOLDERS[] = {"conf.d", "deliver", "inbox", "lists", "state"};

struct copy {
    struct command_call *call;
    const char *from, *to;
    int files;
    bool ok;
};

/* --- the template --- */

/* Where it lies for a program in build/MODE, in the source tree's root, and installed. */
static const char *find_template(struct command_call *call)
{
    static const char *const PLACES[] = {"../../config/template", "../config/template", "config/template",
                                         "../share/crmx/template"};
    const char *named = getenv("CRMX_TEMPLATE");
    char program[OS_PATH_MAX];
    os_program_folder(program);
    for (size_t i = 0; !named && i < sizeof PLACES / sizeof *PLACES; i++) {
        const char *path = arena_printf(&call->arena, "%s/%s", program, PLACES[i]);
        if (os_exists(path)) return path;
    }
    if (!named && os_exists("/usr/share/crmx/template")) return "/usr/share/crmx/template";
    if (named && os_exists(named)) return named;
    if (named)
        status_fail(&call->status, STATUS_ENVIRONMENT, "there is no template folder \"%s\" (CRMX_TEMPLATE)", named);
    else
        status_fail(&call->status, STATUS_ENVIRONMENT, "could not find the template folder near \"%s\"", program);
    status_hint(&call->status, "name it: CRMX_TEMPLATE=/path/to/config/template crmx init DIR");
    return NULL;
}

static bool copy_tree(struct copy *c, const char *below);

struct level {
    struct copy *copy;
    const char *below; /* "" or "units/" */
};

static bool copy_entry(void *context, const char *name)
{
    struct level *l = context;
    struct copy *c = l->copy;
    struct arena *a = &c->call->arena;
    struct os_file_identity id;
    const char *path = arena_printf(a, "%s%s", l->below, name), *from = arena_printf(a, "%s/%s", c->from, path);
    const char *to = arena_printf(a, "%s/%s", c->to, path);
    if (name[0] == '.') return true; /* .gitkeep, an editor's swap file */
    c->ok = os_identify(from, &id, &c->call->status);
    if (!c->ok) return false;
    if (id.is_folder)
        c->ok = os_make_folder(to, &c->call->status) && copy_tree(c, arena_printf(a, "%s/", path));
    else if (strcmp(path, "crmx.ini") != 0) /* written from the table of options below */
        c->ok = os_copy(from, to, &c->call->status), c->files++;
    return c->ok;
}

static bool copy_tree(struct copy *c, const char *below)
{
    struct level l = {c, below};
    const char *from = arena_printf(&c->call->arena, "%s/%s", c->from, below);
    return os_list(from, copy_entry, &l, &c->call->status) && c->ok;
}

/* --- what the template does not hold --- */

/* crmx.ini with every option explained; what the template's own crmx.ini sets is set. */
static bool write_ini(struct copy *c)
{
    struct arena *a = &c->call->arena;
    const char *given = arena_printf(a, "%s/crmx.ini", c->from), *to = arena_printf(a, "%s/crmx.ini", c->to);
    struct buf text;
    buf_init(&text, 1 << 20);
    bool ok = option_write_ini(&text, os_exists(given) ? given : NULL, &c->call->status) &&
              os_replace_file(to, buf_view(&text), &c->call->status);
    buf_release(&text);
    c->files++;
    return ok;
}

/* The inbox named by a unit's file, so that the business systems have somewhere to push to. */
static bool make_inbox(void *context, const char *name)
{
    struct copy *c = context;
    struct arena *a = &c->call->arena;
    size_t length = strlen(name);
    if (length < 5 || strcmp(name + length - 4, ".ini") != 0) return true;
    struct conf *unit = conf_open(arena_printf(a, "%s/units/%s", c->to, name), &c->call->status);
    const char *inbox = unit ? conf_get(unit, "unit", "inbox") : NULL;
    c->ok = unit != NULL;
    if (c->ok && inbox && inbox[0] && inbox[0] != '/')
        c->ok = os_make_folder(arena_printf(a, "%s/%s", c->to, inbox), &c->call->status);
    conf_close(unit);
    return c->ok;
}

static bool fill(struct copy *c)
{
    struct status *st = &c->call->status;
    if (!copy_tree(c, "")) return status_while(st, "copying the template \"%s\"", c->from);
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++)
        if (!os_make_folder(arena_printf(&c->call->arena, "%s/%s", c->to, FOLDERS[i]), st)) return false;
    const char *units = arena_printf(&c->call->arena, "%s/units", c->to);
    if (os_exists(units) && !(os_list(units, make_inbox, c, st) && c->ok)) return false;
    /* Last: a folder without crmx.ini is no working folder, so an init that was cut short is not taken for one. */
    return write_ini(c);
}

static bool note_entry(void *context, const char *name)
{
    const char **first = context;
    static char kept[256];
    snprintf(kept, sizeof kept, "%s", name);
    *first = kept;
    return false;
}

static bool check_empty(struct command_call *call, const char *folder)
{
    const char *first = NULL;
    if (!os_list(folder, note_entry, &first, &call->status)) return false;
    if (!first) return true;
    status_fail(&call->status, STATUS_USAGE,
                "could not make a working folder in \"%s\": it is not empty (\"%s\" is there)", folder, first);
    if (os_exists(arena_printf(&call->arena, "%s/crmx.ini", folder)))
        return status_hint(&call->status, "it is a working folder already: crmx config show --work %s", folder);
    return status_hint(&call->status, "name a new folder: crmx init %s/crmx", folder);
}

static void print_json(const struct copy *c)
{
    struct buf line;
    buf_init(&line, 1 << 16);
    buf_add_text(&line, "{\"work\": ");
    buf_add_json(&line, view_of(c->to));
    buf_addf(&line, ", \"files\": %d}\n", c->files);
    fputs(line.bytes, stdout);
    buf_release(&line);
}

/* Only commands that exist are named. */
static void print_next(const struct copy *c)
{
    static const struct {
        const char *command, *line;
    } STEPS[] = {
        {"config show", "crmx config show --origin        the options in force"},
        {"layout check", "crmx layout check                whether layouts, unit and formulas fit together"},
        {"run initial", "crmx run initial -u 11 -d DATE   the first load, once the files are in inbox/11"},
        {"run daily", "crmx run daily -u 11 -d DATE     every night after that"},
    };
    printf("made the working folder \"%s\" (%d files)\n\nnext:\n", c->to, c->files);
    if (strcmp(c->to, ".") != 0) printf("  cd %s\n", c->to);
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        if (command_find(c->call->commands, STEPS[i].command)) printf("  %s\n", STEPS[i].line);
    printf("  crmx help                        all commands\n");
}

static int run(struct command_call *call)
{
    struct copy c = {.call = call, .to = command_text(call, "dir", call->work), .ok = true};
    if (!os_make_folder(c.to, &call->status) || !check_empty(call, c.to)) return command_failed(call);
    c.from = find_template(call);
    if (!c.from) return command_failed(call);
    if (!fill(&c)) {
        status_hint(&call->status, "empty the folder \"%s\" and give the same command again", c.to);
        return command_failed(call);
    }
    if (call->json)
        print_json(&c);
    else if (!call->quiet)
        print_next(&c);
    return 0;
}

const struct command command_init = {
    .name = "init",
    .summary = "make a working folder: configuration, inbox, state",
    .description =
        "Copies the template (layouts, outputs, unit, identity rules, formulas) and writes crmx.ini with every "
        "option explained. The folder must be new or empty. The template is found beside the program, or by "
        "CRMX_TEMPLATE.",
    .arguments =
        (const struct command_value[]){{.name = "dir",
                                        .type = COMMAND_TEXT,
                                        .doc = "the folder to make (default: --work, CRMX_HOME, the current one)"},
                                       {0}},
    .examples = "crmx init /srv/crmx",
    .needs = COMMAND_NEEDS_NOTHING,
    .run = run,
};
