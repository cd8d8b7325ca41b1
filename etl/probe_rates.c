#include "etl/probe_rates.h"

#include "etl/arrive.h"
#include "etl/generation.h"
#include "etl/run.h"
#include "etl/unpack.h"

#include <stdio.h>
#include <string.h>

/* Codes in use, ISO 4217 as of 2024; the units of precious metals included, banks keep accounts in them. */
static const char CODES[] = "CNY USD EUR JPY HKD GBP AUD CAD CHF SGD KRW THB MYR RUB NZD SEK DKK NOK MOP TWD PHP IDR "
                            "INR VND ZAR BRL MXN TRY AED "
                            "SAR KWD BHD OMR JOD QAR ILS PLN HUF CZK RON BGN ISK UAH KZT UZS TJS KGS TMT MNT LAK KHR "
                            "MMK BND PKR BDT LKR NPR AFN "
                            "IRR IQD SYP LBP YER EGP MAD TND DZD LYD SDG ETB KES TZS UGX RWF NGN GHS XOF XAF XPF CDF "
                            "AOA ZMW BWP NAD MUR MGA SCR "
                            "MZN MWK GMD GNF SLE LRD CVE STN ERN DJF SOS KMF BIF SZL LSL SSP ARS CLP COP PEN UYU PYG "
                            "BOB VES CRC GTQ HNL NIO PAB "
                            "DOP HTG JMD TTD BBD BSD BZD KYD XCD GYD SRD AWG ANG BMD CUP FJD PGK SBD TOP VUV WST ALL "
                            "AMD AZN BAM BYN GEL MDL MKD "
                            "RSD GIP FKP SHP BTN MVR KPW XAU XAG XPT XPD";

static void take_codes(const struct unit *unit, struct probe_rates *out)
{
    struct rates *r = &out->rates;
    struct view rest = view_of(CODES);
    *r = (struct rates){.count = 1, .rate = {1000000}, .per_unit = {1}};
    memcpy(r->code[0], unit ? unit->base_currency : "CNY", 4);
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        if (memcmp(word.bytes, r->code[0], 3) == 0) continue;
        ensure(r->count < DECODE_CURRENCIES_MAX);
        memcpy(r->code[r->count], word.bytes, 3);
        r->rate[r->count] = 1000000;
        r->per_unit[r->count++] = 1;
    }
    out->from = "ISO 4217 codes";
    out->any_code = true;
}

enum { RATES, NAVS, INTEREST, FILES };

struct found_file { /* the first of its class; path NULL: there is none */
    const char *name, *path;
    int layout;
};

struct search {
    const struct unit *unit;
    struct arena *arena;
    struct found_file found[FILES];
};

static bool note_rates(void *context, int layout, const char *name, const char *path)
{
    static const enum layout_class CLASSES[FILES] = {LAYOUT_RATE, LAYOUT_NAV, LAYOUT_INTEREST};
    struct search *s = context;
    for (int i = 0; i < FILES; i++) {
        struct found_file *f = &s->found[i];
        if (s->unit->layouts[layout]->class != CLASSES[i] || f->path) continue;
        *f = (struct found_file){arena_dup(s->arena, view_of(name)), arena_dup(s->arena, view_of(path)), layout};
    }
    return true;
}

/* A gzip file goes into memory: rate files are small. */
static bool unpack(struct found_file *f, int *memory, struct arena *arena, struct status *st)
{
    unsigned char magic[2] = {0};
    struct os_file_identity id;
    int fd = os_open_read(f->path, st);
    bool ok =
        fd >= 0 && os_identify_fd(fd, f->path, &id, st) && (id.size < 2 || os_read_at(fd, f->path, magic, 2, 0, st));
    os_close(fd);
    if (!ok || magic[0] != 0x1f || magic[1] != 0x8b) return ok;
    *memory = os_open_memory("crmx-rates", st);
    const char *to = arena_printf(arena, "/proc/self/fd/%d", *memory);
    ok = *memory >= 0 && unpack_gzip(f->path, to, st);
    f->path = to;
    return ok;
}

static bool from_inbox(const char *work, const struct unit *unit, int32_t business_date, struct arena *arena,
                       struct probe_rates *out, bool *found, struct status *st)
{
    struct search s = {.unit = unit, .arena = arena};
    const char *inbox = unit->inbox[0] == '/' ? unit->inbox : arena_printf(arena, "%s/%s", work, unit->inbox);
    struct arrive_request r = {.unit = unit, .business_date = business_date, .inbox = inbox, .folder = inbox};
    if (!arrive_look(&r, note_rates, &s, st)) return false;
    struct input_set inputs;
    struct reference reference = {0};
    int memory[FILES] = {-1, -1, -1};
    *found = s.found[RATES].path != NULL;
    bool ok = true;
    input_set_init(&inputs, arena);
    for (int i = 0; ok && i < FILES; i++)
        ok = !s.found[i].path || (unpack(&s.found[i], &memory[i], arena, st) &&
                                  input_add(&inputs, s.found[i].name, s.found[i].path, unit->layouts[s.found[i].layout],
                                            s.found[i].layout, st));
    ok = ok && reference_load(unit, &inputs, business_date, arena, &reference, st);
    input_set_release(&inputs);
    for (int i = 0; i < FILES; i++) os_close(memory[i]);
    if (!ok) return status_while(st, "reading the rates and net asset values in \"%s\"", inbox);
    if (*found) {
        out->rates = reference.rates;
        out->from = s.found[RATES].name;
    }
    out->rates.navs = s.found[NAVS].path ? reference.quotes[QUOTE_NAV] : NULL;
    out->rates.interest = s.found[INTEREST].path ? reference.quotes[QUOTE_INTEREST] : NULL;
    return true;
}

static const struct quotes *copy_quotes(const struct quotes *from, struct arena *arena)
{
    struct quotes *to = arena_new(arena, struct quotes);
    if (!from->count) return NULL;
    *to = (struct quotes){arena_array(arena, struct quote, from->count), from->count, from->count};
    memcpy(to->list, from->list, (size_t)from->count * sizeof *to->list);
    for (int i = 0; i < to->count; i++) to->list[i].from = arena_dup(arena, view_of(from->list[i].from));
    return to;
}

static bool from_generation(const char *work, const struct unit *unit, struct arena *arena, struct probe_rates *out,
                            bool *found, struct status *st)
{
    char folder[OS_PATH_MAX];
    struct generation_current current;
    struct generation *g;
    run_unit_folder(work, unit->id, folder);
    if (!generation_current_read(folder, &current, found, st) || !*found) return st->code == STATUS_OK;
    if (!generation_open(folder, NULL, &g, st)) return false;
    /* what the inbox has of the others is newer */
    const struct quotes *navs = out->rates.navs, *interest = out->rates.interest;
    out->rates = g->reference.rates;
    out->rates.navs = navs ? navs : copy_quotes(g->reference.quotes[QUOTE_NAV], arena);
    out->rates.interest = interest ? interest : copy_quotes(g->reference.quotes[QUOTE_INTEREST], arena);
    out->from = arena_printf(arena, "generation %s", g->id);
    generation_close(g);
    return true;
}

bool probe_rates_find(const char *work, const struct unit *unit, int32_t business_date, struct arena *arena,
                      struct probe_rates *out, struct status *st)
{
    bool found = false;
    *out = (struct probe_rates){0};
    if (unit && !from_inbox(work, unit, business_date, arena, out, &found, st)) return false;
    if (unit && !found && !from_generation(work, unit, arena, out, &found, st)) return false;
    const struct quotes *navs = out->rates.navs, *interest = out->rates.interest;
    if (!found) take_codes(unit, out);
    out->rates.navs = navs;
    out->rates.interest = interest;
    out->rates.any_fund = !navs;
    return true;
}
