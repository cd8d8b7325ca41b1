/* crmx population dump, list: the population as text, without and with what depends on how it came about. */
#include "control/show_generation.h"
#include "etl/dump.h"

#include <stdio.h>

static int print(struct command_call *call, bool canonical)
{
    struct show_population *p = arena_new(&call->arena, struct show_population);
    struct buf text;
    buf_init(&text, INT32_MAX);
    bool ok = show_population_open(p, call, true, canonical ? "population dump" : NULL, &call->status);
    if (ok && canonical)
        ok = dump_population(p->g, &p->cards, command_flag(call, "unmask"), &text, &call->status);
    else if (ok)
        ok = dump_numbers(p->g, &p->cards, &text, &call->status);
    if (ok && buf_full(&text)) {
        status_fail(&call->status, STATUS_USAGE, "the population is too large for one dump");
        ok = status_hint(&call->status, "look at one customer: crmx customer show --number N");
    }
    if (ok) fwrite(text.bytes, 1, text.length, stdout);
    buf_release(&text);
    show_population_close(p);
    return ok ? 0 : command_failed(call);
}

static int run_dump(struct command_call *call)
{
    return print(call, true);
}

static int run_list(struct command_call *call)
{
    return print(call, false);
}

const struct command command_population_list = {
    .name = "population list",
    .summary = "every customer record in force with the integrated number of its customer",
    .description =
        "Tab-separated: number, type, system, source number, primary record or contact, threshold result, CRM "
        "customer since. In the order of the numbers.",
    .options = (const struct command_value[]){SHOW_UNIT, SHOW_DATE, {0}},
    .examples = "crmx population list --unit 11 --date 2026-10-31",
    .run = run_list,
};

const struct command command_population_dump = {
    .name = "population dump",
    .summary = "every customer with records, accounts, measures and score as text, keyed by identity",
    .description =
        "The canonical form of a population: one block a customer, in byte order. Integrated numbers, primary records, "
        "entry dates and files are left out, so that two populations can be compared whatever way they came about: a "
        "full load of a date must give the same bytes as an earlier load with every day since applied to it. Values of "
        "class C2 are shown as hashes unless --unmask is given.",
    .options =
        (const struct command_value[]){
            {.name = "canonical", .type = COMMAND_FLAG, .doc = "this form (there is no other yet)"},
            SHOW_UNIT,
            SHOW_DATE,
            SHOW_UNMASK,
            {0}},
    .examples = "crmx population dump --canonical --unit 11 | sha256sum\n"
                "diff <(crmx population dump --work A) <(crmx population dump --work B)",
    .run = run_dump,
};
