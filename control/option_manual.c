/* The options as documents: docs/options.md and a commented crmx.ini, both made from the table. */
#include "base/conf.h"
#include "base/value.h"
#include "control/option.h"

#include <inttypes.h>
#include <stdio.h>

enum { WRAP_COLUMN = 100 };

static const struct {
    const char *name, *doc;
} SECTIONS[] = {
#define SECTION(name, doc) {name, doc},
#define OPTION(id, section, key, type, fallback, minimum, maximum, words, doc)
#include "control/option_table.h"
#undef OPTION
#undef SECTION
};

static const char *const TYPE_NAMES[] = {
    [OPTION_IS_TEXT] = "text", [OPTION_IS_PATH] = "path",         [OPTION_IS_INTEGER] = "number",
    [OPTION_IS_SIZE] = "size", [OPTION_IS_DURATION] = "duration", [OPTION_IS_CHOICE] = "word"};

/* "0 to 64", "embedded, url, none"; empty when anything goes. */
static void add_accepted(struct buf *out, const struct option_entry *e, const char *separator)
{
    char low[24], high[24];
    switch (e->type) {
    case OPTION_IS_CHOICE:
        for (int i = 0; e->words[i]; i++) buf_addf(out, "%s%s", i ? separator : "", e->words[i]);
        break;
    case OPTION_IS_INTEGER:
    case OPTION_IS_SIZE:
    case OPTION_IS_DURATION:
        option_write_bound(e, e->minimum, low);
        option_write_bound(e, e->maximum, high);
        buf_addf(out, "%s to %s", low, high);
        break;
    case OPTION_IS_TEXT:
    case OPTION_IS_PATH: break;
    }
}

void option_write_manual(struct buf *out)
{
    buf_add_text(
        out, "# Options\n\n"
             "Made by `crmx config doc` from `control/option_table.h`; do not edit. In force here: `crmx config show "
             "--origin`.\n\n"
             "Later layers win: built-in < `crmx.ini` < `conf.d/*.ini` (by name) < the unit's file (a section of the "
             "same name) < environment `CRMX_SECTION_KEY` < `--set section.key=value`.\n"
             "Sizes: bytes or with k, m, g, t (powers of 1,024). Durations: with ms, s, m or h. Relative paths start "
             "at the working folder.\n");
    for (size_t s = 0; s < sizeof SECTIONS / sizeof *SECTIONS; s++) {
        buf_addf(out, "\n## [%s]\n\n%s\n\n| key | type | default | accepted | meaning |\n|---|---|---|---|---|\n",
                 SECTIONS[s].name, SECTIONS[s].doc);
        for (int id = 0; id < OPTION_COUNT; id++) {
            const struct option_entry *e = &OPTION_TABLE[id];
            if (strcmp(e->section, SECTIONS[s].name) != 0) continue;
            buf_addf(out, "| `%s` | %s | ", e->key, TYPE_NAMES[e->type]);
            if (e->fallback[0]) buf_addf(out, "`%s`", e->fallback);
            buf_add_text(out, " | ");
            add_accepted(out, e, ", ");
            buf_addf(out, " | %s |\n", e->doc);
        }
    }
}

/* The text as comment lines of at most WRAP_COLUMN columns. */
static void add_comment(struct buf *out, const char *text)
{
    while (*text) {
        size_t n = strlen(text);
        if (n > WRAP_COLUMN) {
            n = WRAP_COLUMN;
            while (n > 0 && text[n] != ' ') n--;
            if (n == 0) n = strcspn(text, " ");
        }
        buf_addf(out, "; %.*s\n", (int)n, text);
        text += n + (text[n] == ' ');
    }
}

/* A value as it has to be written to be read back: in quotes where ; # or blanks at the ends would be lost. */
static void add_value(struct buf *out, const char *value)
{
    bool plain = !strpbrk(value, ";#\"'\\") && view_trim(view_of(value)).length == strlen(value);
    char quote = strchr(value, '"') ? '\'' : '"';
    if (plain)
        buf_add_text(out, value);
    else
        buf_addf(out, "%c%s%c", quote, value, quote);
}

bool option_write_ini(struct buf *out, const char *given_path, struct status *st)
{
    struct conf *given = given_path ? conf_open(given_path, st) : NULL;
    if (given_path && !given) return false;
    buf_add_text(out,
                 "; crmx: options of this working folder. A line without ; in front sets an option; what is in force\n"
                 "; and where it comes from is shown by: crmx config show --origin\n");
    for (size_t s = 0; s < sizeof SECTIONS / sizeof *SECTIONS; s++) {
        buf_add_text(out, "\n");
        add_comment(out, SECTIONS[s].doc);
        buf_addf(out, "[%s]\n", SECTIONS[s].name);
        for (int id = 0; id < OPTION_COUNT; id++) {
            const struct option_entry *e = &OPTION_TABLE[id];
            if (strcmp(e->section, SECTIONS[s].name) != 0) continue;
            const char *value = given ? conf_get(given, e->section, e->key) : NULL;
            buf_add_text(out, "\n");
            add_comment(out, e->doc);
            if (!value) value = e->fallback, buf_add_text(out, ";");
            buf_addf(out, *value ? "%s = " : "%s =", e->key);
            add_value(out, value);
            buf_add_text(out, "\n");
        }
    }
    bool ok = !given || conf_check_all_used(given, st);
    conf_close(given);
    return ok;
}
