#include "etl/load_request.h"

#include "base/date.h"
#include "etl/copy_binary.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool fail_request(struct status *st, const char *output, const char *what)
{
    status_fail(st, STATUS_USAGE, "cannot load%s%s: %s", output ? " output " : "", output ? output : "", what);
    return status_hint(st, "look at the unit's outputs: crmx config show");
}

/* DATE.SEQUENCE.ATTEMPT → three numbers. */
static bool parse_generation(const char *text, int32_t *date, long *sequence, long *attempt)
{
    char *end;
    if (strlen(text) < 14 || strlen(text) > 40 || !date_parse((struct view){text, 10}, date) || text[10] != '.')
        return false;
    if (!isdigit((unsigned char)text[11])) return false;
    *sequence = strtol(text + 11, &end, 10);
    if (*end != '.' || !isdigit((unsigned char)end[1])) return false;
    *attempt = strtol(end + 1, &end, 10);
    return *end == 0;
}

int load_compare_generations(const char *a, const char *b)
{
    int32_t date[2] = {0};
    long sequence[2] = {0}, attempt[2] = {0};
    ensure(parse_generation(a, &date[0], &sequence[0], &attempt[0]) &&
           parse_generation(b, &date[1], &sequence[1], &attempt[1]));
    if (date[0] != date[1]) return date[0] < date[1] ? -1 : 1;
    if (sequence[0] != sequence[1]) return sequence[0] < sequence[1] ? -1 : 1;
    return attempt[0] < attempt[1] ? -1 : attempt[0] > attempt[1];
}

static bool check_field(const struct load_file *f, const struct load_field *field, struct status *st)
{
    char what[200];
    bool fits = field->length > 0 && field->offset < f->data_length && field->length <= f->data_length - field->offset;
    bool is_number = field->type == LOAD_DIGITS || field->type == LOAD_AMOUNT;
    if (!field->name || !field->name[0] || strlen(field->name) > 63)
        return fail_request(st, f->output_name, "a field has no name, or one of more than 63 bytes");
    if (!fits)
        snprintf(what, sizeof what, "field %s (offset %u, length %u) does not lie in the record of %u bytes",
                 field->name, field->offset, field->length, f->data_length);
    else if (is_number && field->length > (field->type == LOAD_AMOUNT ? 20 : 19))
        snprintf(what, sizeof what, "field %s has %u bytes; numbers of at most 19 digits can be loaded", field->name,
                 field->length);
    else if (is_number && (field->scale < 0 || field->scale > COPY_SCALE_MAX))
        snprintf(what, sizeof what, "field %s has scale %d; 0 to %d can be loaded", field->name, field->scale,
                 COPY_SCALE_MAX);
    else if (field->type == LOAD_AMOUNT && field->length < 2)
        snprintf(what, sizeof what, "field %s of type amount has no room for a sign and a digit", field->name);
    else if (field->type == LOAD_DATE && field->length != 8)
        snprintf(what, sizeof what, "field %s of type date has %u bytes instead of 8 (YYYYMMDD)", field->name,
                 field->length);
    else
        return true;
    return fail_request(st, f->output_name, what);
}

static bool check_file(const struct load_file *f, struct status *st)
{
    uint32_t line_end = f->record_length - f->data_length;
    if (!f->output_name || !f->path || !f->table || !f->encoding)
        return fail_request(st, f->output_name, "its name, path, table or encoding is missing");
    if (f->data_length == 0 || f->data_length > f->record_length || f->record_length > LOAD_RECORD_MAX || line_end > 2)
        return fail_request(st, f->output_name, "the record length is wrong (1 to 65,536 bytes with at most CR LF)");
    if (f->records > UINT64_MAX / LOAD_RECORD_MAX)
        return fail_request(st, f->output_name, "the number of records is wrong");
    if (f->fields_count < 1 || f->fields_count > LOAD_FIELDS_MAX)
        return fail_request(st, f->output_name, "it has no fields, or more than 256");
    for (int i = 0; i < f->fields_count; i++) {
        if (!check_field(f, &f->fields[i], st)) return false;
        for (int j = 0; j < i; j++)
            if (strcmp(f->fields[i].name, f->fields[j].name) == 0)
                return fail_request(st, f->output_name, "two fields have the same name");
    }
    return true;
}

static bool check_nights(const struct load_request *r, struct status *st)
{
    if (r->nights_count > LOAD_NIGHTS_MAX) return fail_request(st, NULL, "there are more than 4,096 nights");
    for (int i = 1; i < r->nights_count; i++)
        if (r->nights[i].business_date <= r->nights[i - 1].business_date)
            return fail_request(st, NULL, "the nights are not in the order of their dates");
    if (r->nights_count && strcmp(r->nights[r->nights_count - 1].generation, r->generation) != 0)
        return fail_request(st, NULL, "the last night is not the generation");
    return true;
}

bool load_check_request(const struct load_request *r, struct status *st)
{
    int32_t date;
    long sequence, attempt;
    size_t unit_length = r->unit ? strlen(r->unit) : 0;
    if (unit_length == 0 || unit_length > LOAD_UNIT_MAX)
        return fail_request(st, NULL, "a unit id has 1 to 16 characters");
    for (size_t i = 0; i < unit_length; i++)
        if (!isalnum((unsigned char)r->unit[i]) && r->unit[i] != '_')
            return fail_request(st, NULL, "a unit id has letters, digits and underscores only");
    if (!r->generation || !parse_generation(r->generation, &date, &sequence, &attempt))
        return fail_request(st, NULL, "a generation is named DATE.SEQUENCE.ATTEMPT, such as 2026-10-31.001.1");
    if (date != r->business_date) return fail_request(st, NULL, "the generation's date is not the business date");
    if (r->files_count < 1 || r->files_count > LOAD_FILES_MAX)
        return fail_request(st, NULL, "there are no files, or more than 64");
    for (int i = 0; i < r->files_count; i++)
        if (!check_file(&r->files[i], st)) return false;
    return check_nights(r, st);
}
