/* generate: made-up source files of one unit, as its business systems would push them into the inbox.
 *
 *     generate OUTDIR [--seed N] [--customers N] [--unit UU] [--date YYYY-MM-DD] [--random]
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
 */
#include "base/date.h"
#include "samples/systems.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int usage(const char *complaint, const char *what)
{
    if (complaint) fprintf(stderr, "generate: %s%s\n", complaint, what);
    fprintf(stderr, "usage: generate OUTDIR [--seed N] [--customers N] [--unit UU] [--date YYYY-MM-DD] [--random]\n");
    return 16;
}

static bool read_number(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *end == 0 && end != text && *text != '-';
}

int main(int argc, char **argv)
{
    struct sample s = {.seed = 1, .persons = 300, .unit = "11", .business_date = date_from_civil(2026, 10, 31)};
    bool random = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--random") == 0) {
            random = true;
        } else if (argv[i][0] != '-' && !s.folder) {
            s.folder = argv[i];
        } else if (strcmp(argv[i], "--seed") == 0 && read_number(value, &s.seed)) {
            i++;
        } else if (strcmp(argv[i], "--customers") == 0 && read_number(value, &s.persons) && s.persons <= 50000000) {
            i++;
        } else if (strcmp(argv[i], "--unit") == 0 && strlen(value) == 2) {
            s.unit = argv[++i];
        } else if (strcmp(argv[i], "--date") == 0 &&
                   date_parse((struct view){value, strlen(value)}, &s.business_date)) {
            i++;
        } else {
            return usage("cannot understand ", argv[i]);
        }
    }
    if (!s.folder) return usage(NULL, NULL);
    if (mkdir(s.folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "generate: could not make folder \"%s\": %s\n", s.folder, strerror(errno));
        return 16;
    }
    s.companies = s.persons / 8 + (s.persons > 0);
    sample_mix_default(&s.mix, s.persons);
    if (random) sample_mix_random(&s);
    systems_write_retail(&s);
    systems_write_card(&s);
    systems_write_loan(&s);
    systems_write_fund(&s);
    systems_write_corporate_deposit(&s);
    systems_write_corporate_loan(&s);
    systems_write_market(&s);
    return 0;
}
