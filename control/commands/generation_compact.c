/* crmx generation compact: packs the archived records that are still in force, for the next night to start from. */
#include "control/show_unit.h"
#include "etl/compact.h"

#include <inttypes.h>
#include <stdio.h>

static void print_json(const struct compact_result *c)
{
    printf("{\"generation\":\"%s\",\"already\":%s,\"packed_files\":%" PRIu64 ",\"packed_records\":%" PRIu64
           ",\"files\":%" PRIu64 ",\"records\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"files_before\":%" PRIu64
           ",\"records_before\":%" PRIu64 ",\"bytes_before\":%" PRIu64 ",\"equations\":%d}\n",
           c->generation, c->already ? "true" : "false", c->packed_files, c->packed_records, c->after.files,
           c->after.records, c->after.bytes, c->before.files, c->before.records, c->before.bytes, c->equations);
}

static void print_counts(const struct compact_result *c)
{
    printf("archived inputs: %" PRIu64 " files, %" PRIu64 " records, %" PRIu64 " bytes; were %" PRIu64 ", %" PRIu64
           ", %" PRIu64 "\n",
           c->after.files, c->after.records, c->after.bytes, c->before.files, c->before.records, c->before.bytes);
}

static int run(struct command_call *call)
{
    struct compact_result c;
    const char *unit = show_unit(call, &call->status);
    if (!unit) return command_failed(call);
    struct compact_request r = {
        .work = call->work,
        .unit = unit,
        .live_share = (int)command_integer(call, "share", option_integer(call->options, OPTION_ARCHIVE_LIVE_SHARE)),
        .threads = (int)option_integer(call->options, OPTION_RUN_THREADS),
        .memory_max = option_size(call->options, OPTION_RUN_MEMORY_MAX)};
    if (!compact_unit(&r, &c, &call->status)) return command_failed(call);
    if (call->json) {
        print_json(&c);
    } else if (c.already) {
        printf("generation %s was packed before; the next night starts from it\n", c.generation);
        print_counts(&c);
    } else if (!c.packed_files) {
        printf("generation %s: no archived file has fewer than %d %% of its records in force; nothing was done\n",
               c.generation, r.live_share);
    } else {
        printf("generation %s: %" PRIu64 " files packed, %" PRIu64 " records of them are in force; balanced: %d "
               "equations; the next night starts from it\n",
               c.generation, c.packed_files, c.packed_records, c.equations);
        print_counts(&c);
    }
    return 0;
}

const struct command command_generation_compact = {
    .name = "generation compact",
    .summary = "packs the archived records that are still in force, for the next night to start from",
    .description =
        "Archived input files of which few records are in force cost disk and record ids. Their live records go into "
        "packed files, beside the current generation, which stays as it is; the next night builds upon the packed "
        "form. Nothing is loaded or delivered again. Killed at any moment, the same command begins again.",
    .options =
        (const struct command_value[]){SHOW_UNIT,
                                       {.name = "share",
                                        .type = COMMAND_INTEGER,
                                        .minimum = 1,
                                        .maximum = 100,
                                        .doc = "pack files with fewer percent of their records in force (default: "
                                               "archive.live_share; 100: all that hold a dead one)"},
                                       {0}},
    .examples = "crmx generation compact --unit 11\ncrmx generation compact --unit 11 --share 100",
    .run = run,
};
