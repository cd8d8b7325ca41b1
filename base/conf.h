/* conf: one INI file, checked before it is believed.
 *
 * iniparser does the reading; before it, an own check of every line refuses what iniparser would silently spoil (a line
 * of more than 1,000 bytes, a repeated key or section, a key outside a section, an unquoted value cut at ; or #).
 * Values are strings; the typed readers convert strictly (whole value, unit, range) and say file, line, section and
 * key.
 *
 * Life: conf_open → conf_get/_text/_integer/… → conf_check_all_used (finds keys nobody asked for: misspellings) →
 * conf_close. Views and strings live until conf_close. Section and key names are lower case (ASCII); values keep their
 * bytes.
 */
#ifndef CRMX_BASE_CONF_H
#define CRMX_BASE_CONF_H

#include "base/status.h"
#include "base/view.h"

#include <stdint.h>

struct conf;

enum { CONF_LINE_MAX = 1000, CONF_SECTIONS_MAX = 256, CONF_KEYS_MAX = 1024 /* per section */ };

struct conf *conf_open(const char *path, struct status *st);
void conf_close(struct conf *c);
const char *conf_path(const struct conf *c);

/* Sections and keys in the order of the file; index from 0; NULL past the end. Reading a key by index marks it used. */
const char *conf_section(const struct conf *c, int index);
bool conf_has_section(const struct conf *c, const char *section);
const char *conf_key(const struct conf *c, const char *section, int index);
/* Line number of a key (of the section when key is NULL); 0 when there is none. */
int conf_line(const struct conf *c, const char *section, const char *key);

/* The value, or NULL. Marks the key used. */
const char *conf_get(struct conf *c, const char *section, const char *key);
/* Required value: a missing key fills the status. */
bool conf_need(struct conf *c, const char *section, const char *key, const char **value, struct status *st);
/* Typed, with a default for a missing key. bool: yes/no/true/false/on/off. duration: 500ms, 30s, 5m, 2h →
 * milliseconds. share: 0.01% or 0.0001 → parts per million, rounded up. */
bool conf_integer(struct conf *c, const char *section, const char *key, int64_t minimum, int64_t maximum,
                  int64_t fallback, int64_t *value, struct status *st);
bool conf_bool(struct conf *c, const char *section, const char *key, bool fallback, bool *value, struct status *st);
bool conf_duration_ms(struct conf *c, const char *section, const char *key, int64_t fallback, int64_t *value,
                      struct status *st);
bool conf_share_ppm(struct conf *c, const char *section, const char *key, int64_t fallback, int64_t *value,
                    struct status *st);
/* One of the words of a NULL-ended list; *index is its place. The error lists the words and suggests the nearest. */
bool conf_choice(struct conf *c, const char *section, const char *key, const char *const words[], int fallback,
                 int *index, struct status *st);

/* "FILE:LINE: [section] key: " in front of a message. Always false. */
bool conf_fail(const struct conf *c, const char *section, const char *key, struct status *st, const char *format, ...)
    __attribute__((format(printf, 5, 6), cold));
/* Fails on the first key that nobody read, suggesting the nearest key that was asked for in that section. */
bool conf_check_all_used(const struct conf *c, struct status *st);
/* The same for one section: a file that several readers share (a unit file holds options, too). */
bool conf_check_used(const struct conf *c, const char *section, struct status *st);

#endif
