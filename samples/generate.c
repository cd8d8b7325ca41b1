/* generate: made-up source files of one unit, as its business systems would push them into the inbox.
 *
 *     generate OUTDIR [--seed N] [--customers N] [--unit UU] [--date YYYY-MM-DD] [--random]
 *     generate OUTDIR --from YYYY-MM-DD --days N [--seed N] [--customers N] [--unit UU] [--changed-accounts PERCENT]
 *                     [--events LIST] [--breaks N] [--unload-at YYYY-MM-DD]…
 *
 * The first form writes one night's full unload, the second a bank that lives on for N days (samples/year.h): the
 * unload of the first date, then what the systems send on each following one.
 *
 * The files fit the layouts of config/template. The same arguments give the same bytes. All people and companies are
 * invented; ID numbers are computed (samples/identity.h) and belong to whom they belong by accident.
 *
 * What is in them, besides ordinary customers:
 *   dirty records          every reject reason of every layout, records too short and too long        (source_file.h,
 * spoils) the same customer      in several systems, twice in one system; with 15 and 18 digits, separators, small x,
 * full-width digits, another document of the class, a reissued permit; companies by credit code, organisation code, old
 * tax number not the same           same ID with another name, 15-digit twins, bad check digits, placeholders, one
 * number on thirty people, a person and his business, sequences 996-999 (born in the 1800s) the same name          with
 * blanks, full width, other case, other middle dots, a rare character that an old system wrote as ? accounts joint
 * owners with halves, thirds and a blank share, agents and guardians, no owner, unknown owner, negative balances,
 * closed and frozen ones, foreign currency quoted per 1 and per 100, JPY and KRW without decimals, KWD with three files
 * several city branches, header and trailer, gzip, CRLF, mixed line ends, fixed blocks, GB18030 with four-byte
 * characters, .ctl and .ok exclusion list         for ever, until next year, until today, expired; dirty
 *
 * --random draws small units of every mixture for the differential test: empty files, one record, everybody on one ID,
 * all dirty.
 *
 * --events: names separated by commas (default: all; "none" for rates and ordinary activity alone; -NAME: all but it).
 * --breaks: so many accounts a day whose transactions do not lead from balance to balance. --unload-at: the full unload
 * of that date too (of the last one always).
 */
#include "base/date.h"
#include "samples/systems.h"
#include "samples/year.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int usage(const char *complaint, const char *what)
{
    if (complaint) fprintf(stderr, "generate: %s%s\n", complaint, what);
    fprintf(stderr, "usage: generate OUTDIR [--seed N] [--customers N] [--unit UU] [--date YYYY-MM-DD] [--random]\n"
                    "       generate OUTDIR --from YYYY-MM-DD --days N [--seed N] [--customers N] [--unit UU]\n"
                    "                [--changed-accounts PERCENT] [--events LIST] [--breaks N] [--unload-at DATE]…\n");
    return 16;
}

static bool read_number(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *end == 0 && end != text && *text != '-';
}

static bool read_date(const char *text, int32_t *date)
{
    return date_parse((struct view){text, strlen(text)}, date);
}

/* "5%" or "0.5%" → millionths. */
static bool read_percent(const char *text, uint32_t *ppm)
{
    char *end;
    double percent = strtod(text, &end);
    *ppm = (uint32_t)(percent * 10000 + 0.5);
    return end != text && percent >= 0 && percent <= 100 && (*end == 0 || strcmp(end, "%") == 0);
}

/* "merge,part": only these; "-dirty_file,-redo_file": all but these. */
static bool read_events(const char *list, bool events[EVENT_COUNT])
{
    memset(events, *list == '-', EVENT_COUNT * sizeof *events);
    events[EVENT_ACCOUNT_ACTIVE] = true;
    if (strcmp(list, "none") == 0) return true;
    while (*list) {
        bool wanted = *list != '-';
        list += !wanted;
        size_t n = strcspn(list, ",");
        int event = 0;
        while (YEAR_EVENT_NAMES[event] &&
               (strlen(YEAR_EVENT_NAMES[event]) != n || strncmp(YEAR_EVENT_NAMES[event], list, n) != 0))
            event++;
        if (!YEAR_EVENT_NAMES[event]) return false;
        events[event] = wanted;
        list += n + (list[n] == ',');
    }
    return true;
}

enum { UNLOADS_MAX = 1000 };

struct command_line {
    struct year_options year;
    int32_t unload_at[UNLOADS_MAX];
    bool random, lives;
};

/* One option with its value; 0: not understood, else how many words it took. */
static int read_option(struct command_line *l, const char *name, const char *value)
{
    struct sample *s = &l->year.sample;
    uint64_t number;
    if (strcmp(name, "--random") == 0) return l->random = true;
    if (name[0] != '-' && !s->folder) return s->folder = name, 1;
    if (strcmp(name, "--seed") == 0) return read_number(value, &s->seed) ? 2 : 0;
    if (strcmp(name, "--customers") == 0) return read_number(value, &s->persons) && s->persons <= 50000000 ? 2 : 0;
    if (strcmp(name, "--unit") == 0 && strlen(value) == 2) return s->unit = value, 2;
    if (strcmp(name, "--date") == 0) return read_date(value, &s->business_date) ? 2 : 0;
    if (strcmp(name, "--from") == 0) return l->lives = true, read_date(value, &s->business_date) ? 2 : 0;
    if (strcmp(name, "--days") == 0)
        return read_number(value, &number) && number <= 10000 ? l->year.days = (int)number, 2 : 0;
    if (strcmp(name, "--breaks") == 0)
        return read_number(value, &number) && number <= 100000 ? l->year.breaks = (int)number, 2 : 0;
    if (strcmp(name, "--changed-accounts") == 0) return read_percent(value, &l->year.changed_ppm) ? 2 : 0;
    if (strcmp(name, "--events") == 0) return read_events(value, l->year.events) ? 2 : 0;
    if (strcmp(name, "--unload-at") == 0 && l->year.unload_count < UNLOADS_MAX)
        return read_date(value, &l->unload_at[l->year.unload_count++]) ? 2 : 0;
    return 0;
}

static void write_night(struct command_line *l)
{
    struct sample *s = &l->year.sample;
    if (l->random) sample_mix_random(s);
    systems_write_retail(s);
    systems_write_card(s);
    systems_write_loan(s);
    systems_write_fund(s);
    systems_write_corporate_deposit(s);
    systems_write_corporate_loan(s);
    systems_write_market(s);
}

static bool is_unload_day(const struct year *y)
{
    for (int i = 0; i < y->options->unload_count; i++)
        if (y->options->unload_at[i] == y->date) return true;
    return y->date == y->last || y->date == y->options->sample.business_date;
}

static void write_year(struct command_line *l)
{
    struct year y;
    l->year.unload_at = l->unload_at;
    l->year.sample.any_date = true;
    year_open(&y, &l->year);
    year_unload(&y);
    for (int day = 0; day < l->year.days; day++) {
        year_live(&y);
        if (is_unload_day(&y)) year_unload(&y);
    }
    for (int event = 0; event < EVENT_COUNT; event++)
        printf("%-18s %llu\n", YEAR_EVENT_NAMES[event], (unsigned long long)y.count[event]);
    year_close(&y);
}

int main(int argc, char **argv)
{
    static struct command_line l = {
        .year = {.sample = {.seed = 1, .persons = 300, .unit = "11"}, .days = 1, .changed_ppm = 50000}};
    l.year.sample.business_date = date_from_civil(2026, 10, 31);
    memset(l.year.events, true, sizeof l.year.events);
    for (int i = 1, used; i < argc; i += used) {
        used = read_option(&l, argv[i], i + 1 < argc ? argv[i + 1] : "");
        if (!used) return usage("cannot understand ", argv[i]);
    }
    struct sample *s = &l.year.sample;
    if (!s->folder) return usage(NULL, NULL);
    if (mkdir(s->folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "generate: could not make folder \"%s\": %s\n", s->folder, strerror(errno));
        return 16;
    }
    s->companies = s->persons / 8 + (s->persons > 0);
    sample_mix_default(&s->mix, s->persons);
    if (l.lives)
        write_year(&l);
    else
        write_night(&l);
    return 0;
}
