/* option: the settings of a working folder, from all layers, checked, each with its origin.
 *
 * Layers, later ones win:
 *     built-in < WORK/crmx.ini < WORK/conf.d/NAME.ini (byte order) < unit file (section of the same name)
 *              < environment CRMX_SECTION_KEY < command line --set section.key=value
 * A name that is not in the table (control/option_table.h), a value that its type refuses: an error with place and
 * nearest name, also in a layer that another one covers. So the readers below cannot fail: the enum makes a misspelling
 * a compile error, the value was checked.
 *
 *     struct options *o = options_open(&(struct options_sources){.work = work, …}, &st);
 *     options_add_unit(o, "work/units/11.ini", &st);      any time later, once
 *     option_integer(o, OPTION_RUN_THREADS) …             texts live until options_free
 */
#ifndef CRMX_CONTROL_OPTION_H
#define CRMX_CONTROL_OPTION_H

#include "base/buf.h"
#include "base/status.h"

#include <stdint.h>

enum option {
#define SECTION(name, doc)
#define OPTION(id, section, key, type, fallback, minimum, maximum, words, doc) OPTION_##id,
#include "control/option_table.h"
#undef OPTION
#undef SECTION
    OPTION_COUNT
};

enum option_type {
    OPTION_IS_TEXT,
    OPTION_IS_PATH,
    OPTION_IS_INTEGER,
    OPTION_IS_SIZE,
    OPTION_IS_DURATION,
    OPTION_IS_CHOICE
};

struct option_entry {
    const char *section, *key;
    enum option_type type;
    const char *fallback;
    int64_t minimum, maximum;
    const char *const *words;
    const char *doc;
};
extern const struct option_entry OPTION_TABLE[OPTION_COUNT];
extern const char *const DATABASE_MODE_WORDS[]; /* in the order of enum database_mode */

struct options;

struct options_sources {
    const char *work;        /* working folder; NULL: no files (a command that needs none) */
    const char *const *sets; /* "section.key=value" */
    int sets_count;
};

struct options *options_open(const struct options_sources *sources, struct status *st);
void options_free(struct options *o);
/* The sections of a unit file that have the name of an option section; all other sections are left alone. */
bool options_add_unit(struct options *o, const char *path, struct status *st);

/* The type must be the one of the table (a bug otherwise). Empty texts are "", never NULL. */
const char *option_text(const struct options *o, enum option id);
const char *option_path(const struct options *o, enum option id); /* with the working folder in front; "" stays "" */
int64_t option_integer(const struct options *o, enum option id);
uint64_t option_size(const struct options *o, enum option id);
int64_t option_duration_ms(const struct options *o, enum option id);
int option_choice(const struct options *o, enum option id); /* index into the words */

/* For config show: the value as written (a password in it as ***) and where it comes from ("crmx.ini:12", "built-in").
 */
const char *option_shown(struct options *o, enum option id);
const char *option_origin(const struct options *o, enum option id);

/* A bound of the table as it would be written: "64m", "24h". Returns text. */
const char *option_write_bound(const struct option_entry *e, int64_t bound, char text[24]);
/* docs/options.md and a crmx.ini with every option as a comment; options that a file of `given` sets are written as
 * set. */
void option_write_manual(struct buf *out);
bool option_write_ini(struct buf *out, const char *given_path, struct status *st); /* given_path NULL: none */

#endif
