/* load: step 110, a committed generation of a unit → PostgreSQL (architecture 6).
 *
 * load_run reads the export files of the generation (fixed width) and makes the database show exactly these rows:
 *
 *     lock unit ► already applied? ► check files and fields ► drop leftovers ► fill detached tables ► PUBLISH ► done
 *
 *     fill: a transaction for each table: make it, COPY binary, index, analyze
 *     PUBLISH: attach the tables (nobody sees them yet); then, in one transaction, set applied_generation, bring the
 *     events of every night the database lacks (etl/load_event.h) and write the history
 *
 *     1. Readers of the views crmx.crm_* see the rows of one generation, all tables of a unit at the same moment, and
 *        are neither waited for nor kept waiting (sql/schema/002_crm.sql).
 *     2. Killed at any point, run again: the same rows. Before PUBLISH commits nothing is visible; after it the same
 *        request is recognised as done. Tables of killed loads are dropped by the next load of the unit.
 *     3. Every byte is checked before its row is sent: a wrong one ends the load with file, record, field, byte offset.
 *     4. One loader per unit at a time (STATUS_BUSY).
 *
 * It is idempotent and the follower of a commit: a failure is "committed, not delivered", the same request is given
 * again. The same call with mode LOAD_REBUILD fills an emptied or restored database from the files (crmx db rebuild).
 */
#ifndef CRMX_ETL_LOAD_H
#define CRMX_ETL_LOAD_H

#include "base/status.h"
#include "etl/database.h"

#include <stdint.h>

enum load_type {
    LOAD_TEXT,   /* blanks at both ends cut */
    LOAD_DIGITS, /* digits only, no sign */
    LOAD_AMOUNT, /* '+' or '-', then digits, `scale` implied decimals */
    LOAD_DATE,   /* YYYYMMDD; zeros: none */
    LOAD_RAW     /* bytes of the source: blanks at the end cut, so that offsets of a source record stay valid */
};

/* A field goes into the column of its name. What is possible:
 *     TEXT, RAW → text; date (as YYYYMMDD); integers (digits); RAW → bytea (the bytes as they are)
 *     DIGITS → integers; numeric (with `scale` implied decimals); text (all digits, leading zeros kept)
 *     AMOUNT → numeric; integers when scale = 0
 *     DATE → date
 * All blank gives NULL (date: zeros, too) where the column allows it, otherwise an error. Fields named `unit` and
 * `business_date` are not stored: they must say what the request says. */
struct load_field {
    const char *name;
    uint32_t offset, length; /* bytes in the record */
    enum load_type type;
    int scale;
};

struct load_file {
    const char *output_name; /* name of the output layout, for messages and history */
    const char *path;
    const char *table;      /* crm_deposit …: a relation of crmx.crm_table. Several files may feed one table */
    const char *encoding;   /* utf-8 | gb18030 */
    uint32_t record_length; /* bytes with line end */
    uint32_t data_length;   /* without; the rest must be LF or CR LF (or nothing) */
    uint64_t records;       /* the file has exactly records * record_length bytes */
    const struct load_field *fields;
    int fields_count;
};

/* A line of the tie-out, for crmx.control_total. */
struct load_total {
    int step;
    const char *name;
    const char *currency; /* "" for none */
    int64_t records;      /* -1: only money */
    bool has_amount;
    int64_t amount; /* with `scale` decimals */
    int scale;
};

/* A night of the unit's line of generations and its events by rule (etl/change.h). */
struct load_night {
    const char *generation;
    int32_t business_date;
    int32_t after;    /* no date behind this one and before business_date is in the line: they were rolled back */
    const char *path; /* changes.tsv; NULL: the generation was made without rules */
};

enum load_mode { LOAD_INITIAL, LOAD_REBUILD /* load again although it is applied */ };

enum {
    LOAD_FILES_MAX = 64,
    LOAD_FIELDS_MAX = 256,
    LOAD_RECORD_MAX = 65536,
    LOAD_CONNECTIONS_MAX = 8,
    LOAD_UNIT_MAX = 16,
    LOAD_NIGHTS_MAX = 4096
};

struct load_request {
    const char *unit; /* id: letters, digits, underscores, at most LOAD_UNIT_MAX */
    const char *unit_name;
    int32_t business_date;  /* base/date.h */
    const char *generation; /* DATE.SEQUENCE.ATTEMPT, e.g. 2026-10-31.001.1 */
    enum load_mode mode;
    const struct load_file *files;
    int files_count;
    const struct load_total *totals; /* may be NULL */
    int totals_count;
    const struct load_night *nights; /* oldest first, the last is `generation`; none: events are left alone */
    int nights_count;
    int32_t events_since;   /* first of a month: events of earlier nights are not kept */
    bool allow_older;       /* go back: an older generation replaces a newer one */
    bool replace_malformed; /* malformed characters and NUL bytes become U+FFFD and are counted, instead of an error */
    int connections;        /* tables filled at the same time; 0: one per processor, at most LOAD_CONNECTIONS_MAX */
};

struct load_result {
    bool already_applied; /* nothing was done; the rest is what the database recorded then */
    uint64_t rows, bytes;
    uint64_t replaced; /* malformed characters */
    int tables;
    uint64_t events;   /* brought by this call … */
    int nights;        /* … of so many nights */
    int loads_dropped; /* killed and replaced loads … */
    int loads_kept;    /* … that a reader uses: the next load tries again */
    int64_t load_number;
    int64_t duration_ms;
};

/* Errors: STATUS_BUSY another loader; STATUS_USAGE a field without column, a wrong request; STATUS_INPUT an older
 * generation; STATUS_CORRUPT wrong bytes in a file; STATUS_IO a file cannot be read; STATUS_DATABASE. */
bool load_run(struct database *db, const struct load_request *r, struct load_result *out, struct status *st);

#endif
