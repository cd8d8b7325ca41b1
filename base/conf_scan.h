/* conf_scan: the inside of conf.c, for conf.c and conf_scan.c only. */
#ifndef CRMX_BASE_CONF_SCAN_H
#define CRMX_BASE_CONF_SCAN_H

#include "base/arena.h"
#include "base/conf.h"

enum { CONF_FILE_MAX = 4 << 20 };

struct key {
    const char *name, *value;
    int line;
    bool used;
};

struct section {
    const char *name;
    int line;
    struct key *keys; /* in the order of the file */
    int key_count, key_capacity;
};

struct conf {
    struct arena arena;
    const char *path;
    struct section *sections; /* CONF_SECTIONS_MAX places, in the order of the file */
    int section_count;
    struct conf_notes *notes; /* what was asked for; also written by the const functions */
};

/* Reads and checks the file at c->path into c->sections. */
bool conf_scan(struct conf *c, struct status *st);
struct section *conf_find_section(const struct conf *c, struct view name);
struct key *conf_find_key(const struct section *section, struct view name); /* NULL section: NULL */

#endif
