/* population: the made-up people and companies behind the records, and how each system sees them.
 *
 * A person is the same in every system, but no two systems wrote him down alike: population_present() gives the ID
 * number, name and birth date as one record of one system has them, with the variants the identity rules (domain
 * section 7) must see through and the differences they must not.
 *
 * Everything is a function of the seed (samples/draw.h).
 */
#ifndef CRMX_SAMPLES_POPULATION_H
#define CRMX_SAMPLES_POPULATION_H

#include "samples/draw.h"

#include <stdbool.h>
#include <stdint.h>

/* Systems in the template's order of priority. */
enum sample_system { RETAIL, CARD, LOAN, FUND, CORPORATE_DEPOSIT, CORPORATE_LOAN, SYSTEM_COUNT };

/* How often what happens, in parts per million. sample_mix_default() is the demo; sample_mix_random() draws a unit for
 * the differential test, where everything may be rare, usual or everywhere. */
struct sample_mix {
    uint32_t member[SYSTEM_COUNT]; /* persons (companies for the corporate systems) known to a system */
    uint32_t second_record;        /* known twice to the same system */
    uint32_t number_variant; /* 15 digits, separators, lower case, full width, another document of the class, reissue */
    uint32_t name_variant;   /* blanks, width, case, middle dot, unwritable character: the same name */
    uint32_t other_name;     /* same ID, different name */
    uint32_t placeholder, bad_check, twin, elder, foreign_document; /* kinds of persons */
    uint32_t foreign_currency, negative, joint, ownerless, excluded, thousandths;
    uint32_t repeated;   /* a record sent twice, the second time now and then changed */
    uint32_t dirt;       /* records spoiled at random */
    bool every_reason;   /* besides, each reject reason at least once in each file */
    bool any_separator;  /* of those that a number may have; else some of them only */
    bool one_identity;   /* everybody has the same ID number */
    int shared_identity; /* so many persons carry the number of one bank clerk (above hold_above) */
    int accounts_max;    /* a customer record has 0 to accounts_max accounts */
    int branches;        /* city branches of retail */
    uint32_t empty;      /* bit per system: its files have no records */
};

struct sample {
    uint64_t seed;
    uint64_t persons, companies;
    const char *unit;
    int32_t business_date;
    struct sample_mix mix;
    const char *folder;
    bool any_date; /* files of any date: spoils that are wrong only around the default date are left out */
};

void sample_mix_default(struct sample_mix *mix, uint64_t persons);
/* Draws a mix and changes persons and companies too; prints what it drew. */
void sample_mix_random(struct sample *s);

/* One customer record of one system: who, and which of his records there. */
struct holder {
    enum sample_system system;
    bool company;
    uint64_t index; /* of the person or company */
    int copy;       /* 0, or 1 for the second record */
};

/* Calls visit for every holder of the system, in an order that is not that of the persons. */
void population_each(const struct sample *s, enum sample_system system,
                     void (*visit)(void *context, const struct holder *holder), void *context);
/* A draw for one question (stream) about one holder. */
struct draw holder_draw(const struct sample *s, const struct holder *h, uint32_t stream);
/* Unique in its system. Width: RETAIL, FUND, CORPORATE_* 12, CARD 16, LOAN 10. */
void holder_source_no(const struct holder *h, char out[32]);
/* A source number of that shape which nobody has. */
void population_nobody(enum sample_system system, uint64_t serial, char out[32]);
/* City branch of retail, 0 .. mix.branches-1. */
int holder_branch(const struct sample *s, const struct holder *h);
/* Some other holder of the same system; false when there is none. */
bool holder_partner(const struct sample *s, const struct holder *h, uint64_t choice, struct holder *out);

/* What a record says about its customer. */
struct presentation {
    char type[3];       /* ID type of identity/bank.ini */
    char number[128];   /* UTF-8 */
    char name[128];     /* UTF-8 */
    char customer_type; /* P or C */
    char sex;           /* M, F or blank */
    int32_t birth;      /* or date of establishment; DATE_NONE: not recorded */
    int32_t opened, changed;
    char phone[17], mobile[17], address[128], zip[16], branch[24];
};

/* Another valid number of a resident, which no person has: serial < 10^8. */
void population_fresh_number(uint64_t serial, char number[128]);
void population_present(const struct sample *s, const struct holder *h, struct presentation *out);

#endif
