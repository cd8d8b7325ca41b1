/* identity: when are two ID numbers the same person or company? (domain 7; docs/formats.md, "Identity profile")
 *
 * A profile maps ID types to classes with a rule each, and says how numbers are normalised and what a different name
 * means. Everything here is a pure function of one record; grouping is done by etl/integrate.
 *
 * Rules: resident (GB 11643: 15 digits become 18, the check digit is verified), organisation (GB 11714; also out of the
 * credit code GB 32100 and the old tax number), permit (travel permits: the reissue suffix is no identity), plain.
 *
 * Not verified: the check characters of organisation and credit codes. A mistyped one finds another company only if the
 * organisation code inside is another company's, and then joins it only under the same name (name_rule = apart).
 */
#ifndef CRMX_ETL_IDENTITY_H
#define CRMX_ETL_IDENTITY_H

#include "base/arena.h"
#include "base/charset.h"
#include "base/status.h"

#include <stdint.h>

/* Bytes of a normalised number: what follows does not count. 64 bytes of GB18030 are at most 96 of UTF-8. */
enum { IDENTITY_TYPES_MAX = 64, IDENTITY_NUMBER_MAX = 96, IDENTITY_PLACEHOLDERS_MAX = 64 };

/* The form of the numbers and so of the keys in an identity directory, as the version of a generation says it:
 *   1  bytes of the source's charset, at most 64; the rules of organisations and permits took any bytes
 *   2  UTF-8, at most IDENTITY_NUMBER_MAX; they take plain characters */
enum { IDENTITY_FORM = 2, IDENTITY_NUMBER_MAX_1 = 64 };

enum identity_rule { IDENTITY_PLAIN, IDENTITY_RESIDENT, IDENTITY_ORGANISATION, IDENTITY_PERMIT };

struct identity_type {
    const char *type; /* as in the source, trimmed */
    size_t type_length;
    const char *class; /* types of one class share their numbers */
    enum identity_rule rule;
    bool century_19; /* 15 digits: always 19, also for the sequences 996-999 */
};

struct identity_profile {
    bool names_apart; /* same ID, different name: kept apart and listed */
    bool separators;  /* blanks, hyphens, dots, slashes, underscores, brackets inside vanish */
    bool fold_full;   /* full-width → half-width */
    int hold_above;   /* 0: never */
    struct identity_type types[IDENTITY_TYPES_MAX];
    int types_count;
    const char *placeholders[IDENTITY_PLACEHOLDERS_MAX];
    int placeholders_count;
};

bool identity_load(const char *path, struct arena *arena, struct identity_profile **out, struct status *st);

enum identity_strength {
    IDENTITY_EXACT,  /* the key is the number itself: equal keys are equal numbers */
    IDENTITY_HASHED, /* equal keys must be verified with identity_number */
    IDENTITY_WEAK,   /* resident number with a wrong check digit: merges only if name and birth agree */
    IDENTITY_NEVER   /* placeholder or empty: never merges */
};

struct identity_key {
    uint64_t key; /* top bit set unless EXACT or WEAK (then the 17 digits) */
    enum identity_strength strength;
};

/* Normalised number into number[IDENTITY_NUMBER_MAX], its length as result: 18 digits for a resident ID, the 9
 * characters of an organisation, else the folded text. UTF-8 whatever the charset of id_no, but malformed bytes stay as
 * they are. *class is the class name or the type itself. */
size_t identity_number(const struct identity_profile *p, enum charset charset, struct view id_type, struct view id_no,
                       char *number, struct view *class, struct identity_key *key, bool corporate);
/* Only the key; fast for valid resident IDs. */
struct identity_key identity_key_of(const struct identity_profile *p, enum charset charset, struct view id_type,
                                    struct view id_no, bool corporate);

/* The key of a normalised number that is no resident's. */
uint64_t identity_hashed_key(struct view class, struct view number, bool corporate);

/* May the number, as the source has it, be another one now than in form 1? Then a directory of that form may have it
 * under another key. Not so for plain digits, letters and separators, at most 64 of them. */
bool identity_may_be_renewed(struct view id_no);

/* Names: folded to one form (UTF-8, half-width, upper case, without blanks and middle dots), and its hash. */
void identity_fold_name(struct charset_converter *to_utf8, enum charset charset, struct view name, struct buf *out);
uint32_t identity_name_hash(struct view folded);
/* Same name, counting characters that a system could not represent (?, U+FFFD, private use, 〓) as any one character. */
bool identity_same_name(struct view folded_a, struct view folded_b);

/* GB 11643 check character of 17 digits. */
char identity_check_character(const char digits[17]);

#endif
