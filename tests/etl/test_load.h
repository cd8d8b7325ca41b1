/* A small generation for the tests of the load: customers, two files of deposits, contacts. What its rows hold follows
 * from unit and sequence number, so two generations differ in every row and in their number of rows. */
#ifndef CRMX_TESTS_ETL_TEST_LOAD_H
#define CRMX_TESTS_ETL_TEST_LOAD_H

#include "base/date.h"
#include "etl/load.h"
#include "tests/etl/test_database.h"

enum {
    SAMPLE_FILES = 4,
    SAMPLE_CUSTOMERS = 300,
    SAMPLE_CUSTOMER_LENGTH = 76,
    SAMPLE_DEPOSIT_LENGTH = 56,
    SAMPLE_CONTACT_LENGTH = 30
};

struct sample {
    char generation[32], unit[17];
    char paths[SAMPLE_FILES][256];
    struct load_file files[SAMPLE_FILES];
    char event_paths[2][256], first_night[32];
    struct load_night nights[2];
    struct load_request request;
    int customers, deposits;
};

static const struct load_field SAMPLE_CUSTOMER[] = {{"number", 0, 10, LOAD_DIGITS, 0}, {"unit", 10, 4, LOAD_TEXT, 0},
                                                    {"name", 14, 20, LOAD_TEXT, 0},    {"birth", 34, 8, LOAD_DATE, 0},
                                                    {"score", 42, 18, LOAD_AMOUNT, 2}, {"id_key", 60, 16, LOAD_RAW, 0}};
static const struct load_field SAMPLE_DEPOSIT[] = {{"number", 0, 10, LOAD_DIGITS, 0},
                                                   {"account", 10, 16, LOAD_TEXT, 0},
                                                   {"currency", 26, 3, LOAD_TEXT, 0},
                                                   {"balance", 29, 19, LOAD_AMOUNT, 3},
                                                   {"maturity", 48, 8, LOAD_DATE, 0}};
static const struct load_field SAMPLE_CONTACT[] = {
    {"number", 0, 10, LOAD_DIGITS, 0}, {"mobile", 10, 12, LOAD_TEXT, 0}, {"changed", 22, 8, LOAD_RAW, 0}};

__attribute__((unused)) static struct load_file sample_file(const char *output, const char *path, const char *table,
                                                            uint32_t data_length, uint64_t records,
                                                            const struct load_field *fields, int fields_count)
{
    return (struct load_file){.output_name = output,
                              .path = path,
                              .table = table,
                              .encoding = "utf-8",
                              .record_length = data_length + 1,
                              .data_length = data_length,
                              .records = records,
                              .fields = fields,
                              .fields_count = fields_count};
}

__attribute__((unused)) static void sample_fill(struct sample *s, const char *unit, int sequence, bool write)
{
    struct buf text[SAMPLE_FILES];
    for (int i = 0; i < SAMPLE_FILES; i++) buf_init(&text[i], 1 << 20);
    s->customers = SAMPLE_CUSTOMERS + sequence % 7;
    s->deposits = 0;
    snprintf(s->unit, sizeof s->unit, "%s", unit);
    snprintf(s->generation, sizeof s->generation, "2026-10-31.%03d.1", sequence);
    for (int i = 0; i < s->customers; i++) {
        long long number = 1100000001ll + i;
        /* %-20s counts bytes: 王 has three */
        buf_addf(&text[0], "%010lld%-4s%-20s%08d%c%017d%-16s\n", number, unit, i % 3 ? "王小明" : "Smith",
                 i % 5 ? 19700101 + i % 28 : 0, i % 2 ? '+' : '-', i * 1000 + sequence, i % 4 ? "1101" : "");
        for (int k = 0; k < i % 4; k++) {
            buf_addf(&text[k % 2 ? 1 : 2], "%010lld%-16d%s+%018d%08d\n", number, i * 10 + k, i % 2 ? "CNY" : "KWD",
                     i * 7 + k + sequence, k ? 20300228 : 0);
            s->deposits++;
        }
        if (i % 10 == 0) buf_addf(&text[3], "%010lld139%09d%08d\n", number, i + sequence, 20260101);
    }
    static const char *const names[] = {"customer", "deposit", "deposit_more", "contact"};
    for (int i = 0; i < SAMPLE_FILES; i++) {
        snprintf(s->paths[i], sizeof s->paths[i], "%s/%s-%d-%s", test_folder, unit, sequence, names[i]);
        if (write) test_write(s->paths[i], buf_view(&text[i]));
    }
    s->files[0] = sample_file("customer", s->paths[0], "crm_customer", SAMPLE_CUSTOMER_LENGTH, (uint64_t)s->customers,
                              SAMPLE_CUSTOMER, COUNT_OF(SAMPLE_CUSTOMER));
    for (int i = 1; i <= 2; i++)
        s->files[i] =
            sample_file(names[i], s->paths[i], "crm_deposit", SAMPLE_DEPOSIT_LENGTH,
                        text[i].length / (SAMPLE_DEPOSIT_LENGTH + 1), SAMPLE_DEPOSIT, COUNT_OF(SAMPLE_DEPOSIT));
    s->files[3] = sample_file("contact", s->paths[3], "crm_contact", SAMPLE_CONTACT_LENGTH,
                              text[3].length / (SAMPLE_CONTACT_LENGTH + 1), SAMPLE_CONTACT, COUNT_OF(SAMPLE_CONTACT));
    s->request = (struct load_request){.unit = s->unit,
                                       .unit_name = "北京",
                                       .generation = s->generation,
                                       .business_date = date_from_civil(2026, 10, 31),
                                       .files = s->files,
                                       .files_count = SAMPLE_FILES,
                                       .connections = 2};
    for (int i = 0; i < SAMPLE_FILES; i++) buf_release(&text[i]);
}

__attribute__((unused)) static void sample_make(struct sample *s, const char *unit, int sequence)
{
    sample_fill(s, unit, sequence, true);
}

/* Two nights of events: the one before, the same for every sequence, and the sample's own. */
__attribute__((unused)) static void sample_add_nights(struct sample *s, int sequence, bool write)
{
    int32_t date = date_from_civil(2026, 10, 31);
    snprintf(s->first_night, sizeof s->first_night, "2026-10-30.001.1");
    for (int n = 0; n < 2; n++) {
        struct buf text;
        buf_init(&text, 1 << 20);
        buf_add_text(&text, "number\trule\told\tnew\n");
        for (int i = 0; i < 40 + n * sequence; i++)
            buf_addf(&text, "%010lld\t%s\t%d.00\t%s\n", 1100000001ll + i, i % 2 ? "large_deposit" : "等级变动",
                     n * sequence,
                     i % 2   ? "-12.34"
                     : i % 4 ? "A"
                             : "");
        snprintf(s->event_paths[n], sizeof s->event_paths[n], "%s/%s-%d-events-%d", test_folder, s->unit, sequence, n);
        if (write) test_write(s->event_paths[n], buf_view(&text));
        s->nights[n] = (struct load_night){.generation = n ? s->generation : s->first_night,
                                           .business_date = date - 1 + n,
                                           .after = date - 2 + n,
                                           .path = s->event_paths[n]};
        buf_release(&text);
    }
    s->request.nights = s->nights;
    s->request.nights_count = 2;
    s->request.events_since = date_from_civil(2025, 10, 1);
}

/* Everything readers see of a unit, as one digest (with the generation's name; equal rows = equal digest). */
__attribute__((unused)) static const char *sample_digest(PGconn *c, const char *unit)
{
    char sql[2048];
    snprintf(
        sql, sizeof sql,
        "SELECT md5(string_agg(part, '/' ORDER BY part)) FROM ("
        "SELECT 'customer' || coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM crmx.crm_customer t "
        "WHERE unit = '%1$s' UNION ALL "
        "SELECT 'deposit' || coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM crmx.crm_deposit t "
        "WHERE unit = '%1$s' UNION ALL "
        "SELECT 'contact' || coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM crmx.crm_contact t "
        "WHERE unit = '%1$s' UNION ALL "
        "SELECT 'event' || coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM crmx.crm_event t "
        "WHERE unit = '%1$s' UNION ALL "
        "SELECT 'day' || coalesce(string_agg(business_date || generation || events, '|' ORDER BY business_date), '') "
        "FROM crmx.event_day WHERE unit = '%1$s' UNION ALL "
        "SELECT 'applied' || coalesce(string_agg(generation || business_date, '|'), '') FROM "
        "crmx.applied_generation WHERE unit = '%1$s') AS p(part)",
        unit);
    return test_value(c, sql);
}

/* Tables that hold rows of a unit: those of the applied load, of the one before, and leftovers. */
__attribute__((unused)) static int sample_leaves(PGconn *c, const char *unit)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_class WHERE relnamespace = 'crmx_store'::regnamespace AND relkind = 'r' AND "
             "relname ~ '^crm_.*_%s_[0-9]+$'",
             unit);
    return atoi(test_value(c, sql));
}

#endif
