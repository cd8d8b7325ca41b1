#include "samples/population.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

enum { STREAM_MEMBER = 1000, STREAM_PARTNER = 1100 };

void sample_mix_default(struct sample_mix *mix, uint64_t persons)
{
    *mix = (struct sample_mix){
        .member = {800000, 300000, 120000, 200000, 850000, 400000},
        .second_record = 80000,
        .number_variant = 250000,
        .name_variant = 60000,
        .other_name = 12000,
        .placeholder = 8000,
        .bad_check = 12000,
        .twin = 10000,
        .elder = 6000,
        .foreign_document = 60000,
        .foreign_currency = 90000,
        .negative = 8000,
        .joint = 60000,
        .ownerless = 8000,
        .excluded = 15000,
        .repeated = 3000,
        .dirt = 2000,
        .every_reason = true,
        .shared_identity = persons >= 200 ? 30 : 0,
        .accounts_max = 4,
        .branches = persons >= 100000 ? 16 : 3,
    };
}

/* Rare, usual or everywhere: the edges are where the bugs live. */
static uint32_t random_share(struct draw *d)
{
    switch (draw_below(d, 5)) {
    case 0: return 0;
    case 1: return (uint32_t)draw_below(d, 20000);
    case 2: return (uint32_t)draw_below(d, 1000000);
    case 3: return 1000000;
    default: return (uint32_t)draw_below(d, 200000);
    }
}

void sample_mix_random(struct sample *s)
{
    struct draw d = draw_start(s->seed, 1, 0);
    struct sample_mix *m = &s->mix;
    static const uint64_t sizes[] = {0, 1, 2, 3, 10, 30, 80, 200};
    s->persons = sizes[draw_below(&d, 8)];
    s->companies = sizes[draw_below(&d, 6)];
    uint32_t *shares[] = {&m->second_record,    &m->number_variant,   &m->name_variant, &m->other_name,
                          &m->placeholder,      &m->bad_check,        &m->twin,         &m->elder,
                          &m->foreign_document, &m->foreign_currency, &m->negative,     &m->joint,
                          &m->ownerless,        &m->excluded,         &m->thousandths,  &m->repeated};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) *shares[i] = random_share(&d);
    for (int i = 0; i < SYSTEM_COUNT; i++) m->member[i] = random_share(&d);
    m->dirt = random_share(&d) / 4;
    m->every_reason = draw_below(&d, 2) == 0;
    m->any_separator = true;
    m->one_identity = draw_below(&d, 8) == 0;
    m->shared_identity = draw_below(&d, 4) == 0 ? (int)draw_below(&d, 40) : 0;
    m->accounts_max = (int)draw_below(&d, 8);
    m->branches = 1 + (int)draw_below(&d, 5);
    m->empty = draw_below(&d, 4) == 0 ? (uint32_t)draw_below(&d, 64) : 0;
    printf("random unit: seed %llu, %llu persons, %llu companies, dirt %u ppm%s, empty systems 0x%x\n",
           (unsigned long long)s->seed, (unsigned long long)s->persons, (unsigned long long)s->companies, m->dirt,
           m->one_identity ? ", one identity" : "", m->empty);
}

struct draw holder_draw(const struct sample *s, const struct holder *h, uint32_t stream)
{
    uint64_t who = h->index * 4 + (uint64_t)h->copy * 2 + h->company;
    return draw_start(s->seed, (uint64_t)stream * 16 + h->system, who);
}

static bool is_member(const struct sample *s, const struct holder *h)
{
    struct draw d = draw_start(s->seed, STREAM_MEMBER + h->system, h->index * 2 + h->company);
    uint32_t share = s->mix.member[h->system];
    /* Persons bank with the corporate systems never, companies with retail and fund now and then. */
    if (h->company && h->system < CORPORATE_DEPOSIT) share = h->system == RETAIL || h->system == FUND ? share / 8 : 0;
    if (!h->company && h->system >= CORPORATE_DEPOSIT) return false;
    if (!draw_chance(&d, share)) return false;
    return h->copy == 0 || draw_chance(&d, s->mix.second_record);
}

/* Steps through 0 .. count-1 in a mixed order: a stride that shares no factor with count. */
static uint64_t stride_of(uint64_t count)
{
    uint64_t stride = count / 3 * 2 + 1;
    for (;; stride++) {
        uint64_t a = stride, b = count;
        while (b) {
            uint64_t t = a % b;
            a = b;
            b = t;
        }
        if (a == 1) return stride;
    }
}

void population_each(const struct sample *s, enum sample_system system,
                     void (*visit)(void *context, const struct holder *holder), void *context)
{
    if (s->mix.empty >> system & 1) return;
    for (int company = 0; company < 2; company++) {
        uint64_t count = company ? s->companies : s->persons;
        if (count == 0) continue;
        uint64_t stride = stride_of(count), place = s->seed % count;
        for (uint64_t i = 0; i < count; i++, place = (place + stride) % count)
            for (int copy = 0; copy < 2; copy++) {
                struct holder h = {.system = system, .company = company, .index = place, .copy = copy};
                if (is_member(s, &h)) visit(context, &h);
            }
    }
}

static void write_source_no(enum sample_system system, uint64_t serial, char out[32])
{
    /* Spread over the number range, so that neighbours in a file are not neighbours in the sort order. */
    if (system == LOAN)
        snprintf(out, 32, "7%09llu", (unsigned long long)(serial * 7919 % 1000000000));
    else if (system == CARD)
        snprintf(out, 32, "622000%010llu", (unsigned long long)(serial * 7919 % 10000000000));
    else
        snprintf(out, 32, "%d%011llu", (int)system + 1, (unsigned long long)(serial * 7919 % 100000000000));
}

/* Serials of customers are 0 to 3 modulo 5; 4 is nobody. */
void holder_source_no(const struct holder *h, char out[32])
{
    write_source_no(h->system, h->index * 5 + (uint64_t)h->copy * 2 + h->company, out);
}

void population_nobody(enum sample_system system, uint64_t serial, char out[32])
{
    write_source_no(system, serial * 5 + 4, out);
}

int holder_branch(const struct sample *s, const struct holder *h)
{
    struct draw d = holder_draw(s, h, 1);
    return (int)draw_below(&d, (uint64_t)s->mix.branches);
}

bool holder_partner(const struct sample *s, const struct holder *h, uint64_t choice, struct holder *out)
{
    uint64_t count = h->company ? s->companies : s->persons;
    struct draw d = draw_start(s->seed, STREAM_PARTNER, choice);
    for (int attempt = 0; attempt < 20 && count > 1; attempt++) {
        *out = (struct holder){.system = h->system, .company = h->company, .index = draw_below(&d, count)};
        if (out->index != h->index && is_member(s, out)) return true;
    }
    return false;
}
