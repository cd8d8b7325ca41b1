#include "etl/load_plan.h"

#include "base/os.h"
#include "etl/copy_binary.h"
#include "etl/database_query.h"

#include <string.h>

/* --- columns --- */

/* Types of pg_type.dat, fixed for ever. */
enum {
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_DATE = 1082,
    OID_NUMERIC = 1700
};

static const uint64_t POWER_OF_TEN_MAX = 10000000000000000000u; /* 10^19 */

static uint64_t power_of_ten(int n)
{
    uint64_t p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

/* The largest magnitude at the field's scale that numeric(precision, scale) holds; false when its decimals do not fit.
 */
static bool numeric_limit(int typmod, int field_scale, uint64_t *limit)
{
    *limit = UINT64_MAX;
    if (typmod < 4) return true; /* numeric without precision */
    int precision = (typmod - 4) >> 16 & 0xffff, scale = (typmod - 4) & 0x7ff;
    if (field_scale > scale) return false;
    int digits = precision - scale + field_scale;
    if (digits < 19) *limit = power_of_ten(digits) - 1;
    if (digits == 19) *limit = POWER_OF_TEN_MAX - 1;
    return true;
}

static bool choose_integer(long oid, struct load_step *s)
{
    s->conversion = oid == OID_INT8 ? CONVERT_INT64 : oid == OID_INT4 ? CONVERT_INT32 : CONVERT_INT16;
    s->magnitude_max = oid == OID_INT8 ? INT64_MAX : oid == OID_INT4 ? INT32_MAX : INT16_MAX;
    return s->field->scale == 0;
}

/* How a field gets into a column; false: it does not (the table in load.h). */
static bool choose_conversion(long oid, int typmod, struct load_step *s)
{
    enum load_type type = s->field->type;
    bool is_bytes = type == LOAD_TEXT || type == LOAD_RAW;
    switch (oid) {
    case OID_TEXT:
        s->conversion = type == LOAD_TEXT ? CONVERT_TEXT : type == LOAD_RAW ? CONVERT_RAW_TEXT : CONVERT_DIGITS_TEXT;
        return is_bytes || type == LOAD_DIGITS;
    case OID_BYTEA: s->conversion = CONVERT_BYTES; return type == LOAD_RAW;
    case OID_DATE: s->conversion = CONVERT_DATE; return type == LOAD_DATE || (is_bytes && s->field->length == 8);
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
        if (is_bytes && s->field->length > 19) return false;
        return type != LOAD_DATE && choose_integer(oid, s);
    case OID_NUMERIC:
        s->conversion = CONVERT_NUMERIC;
        return (type == LOAD_DIGITS || type == LOAD_AMOUNT) &&
               numeric_limit(typmod, s->field->scale, &s->magnitude_max);
    default: return false;
    }
}

static const char *const TYPE_NAMES[] = {"text", "digits", "amount", "date", "raw"};

enum { COLUMN_NAME, COLUMN_OID, COLUMN_TYPMOD, COLUMN_NOT_NULL, COLUMN_HAS_DEFAULT, COLUMN_TYPE };

static int find_column(const PGresult *columns, const char *name)
{
    for (int i = 0; i < PQntuples(columns); i++)
        if (strcmp(PQgetvalue(columns, i, COLUMN_NAME), name) == 0) return i;
    return -1;
}

static bool fail_column(const struct load_file *f, const char *name, const PGresult *columns, struct status *st)
{
    struct buf list;
    buf_init(&list, 600);
    for (int i = 0; i < PQntuples(columns); i++)
        buf_addf(&list, "%s%s", i ? " " : "", PQgetvalue(columns, i, COLUMN_NAME));
    status_fail(st, STATUS_USAGE, "output %s: field %s has no column in table %s; it has: %s", f->output_name, name,
                f->table, list.bytes ? list.bytes : "");
    buf_release(&list);
    return status_hint(st,
                       "rename the field in outputs/%s.ini, or add a column: "
                       "crmx db psql --command \"SELECT crmx.add_column('%s', '%s', 'text')\"",
                       f->output_name, f->table, name);
}

static bool plan_step(const struct load_file *f, const struct load_field *field, const PGresult *columns,
                      struct arena *a, struct load_step *s, struct status *st)
{
    *s = (struct load_step){.field = field, .is_signed = field->type == LOAD_AMOUNT, .column_type = ""};
    if (strcmp(field->name, "unit") == 0 || strcmp(field->name, "business_date") == 0) {
        s->conversion = field->name[0] == 'u' ? CHECK_UNIT : CHECK_DATE;
        return true;
    }
    int i = find_column(columns, field->name);
    if (i < 0) return fail_column(f, field->name, columns, st);
    s->nullable = PQgetvalue(columns, i, COLUMN_NOT_NULL)[0] == 'f';
    s->column_type = arena_dup(a, view_of(PQgetvalue(columns, i, COLUMN_TYPE)));
    if (choose_conversion(atol(PQgetvalue(columns, i, COLUMN_OID)), atoi(PQgetvalue(columns, i, COLUMN_TYPMOD)), s))
        return true;
    status_fail(st, STATUS_USAGE,
                "output %s: field %s (%s, %u bytes, scale %d) does not fit its column %s.%s of type %s", f->output_name,
                field->name, TYPE_NAMES[field->type], field->length, field->scale, f->table, field->name,
                s->column_type);
    return status_hint(st, "change type, length or scale of the field in outputs/%s.ini", f->output_name);
}

static bool check_required(const struct load_file *f, const PGresult *columns, struct status *st)
{
    for (int i = 0; i < PQntuples(columns); i++) {
        bool required =
            PQgetvalue(columns, i, COLUMN_NOT_NULL)[0] == 't' && PQgetvalue(columns, i, COLUMN_HAS_DEFAULT)[0] == 'f';
        bool fed = false;
        for (int j = 0; j < f->fields_count; j++)
            fed |= strcmp(f->fields[j].name, PQgetvalue(columns, i, COLUMN_NAME)) == 0;
        if (!required || fed) continue;
        status_fail(st, STATUS_USAGE, "output %s: table %s needs a field %s", f->output_name, f->table,
                    PQgetvalue(columns, i, COLUMN_NAME));
        return status_hint(st, "add the field to outputs/%s.ini, e.g.: number = 10 digits number", f->output_name);
    }
    return true;
}

/* --- the plan of a file --- */

static uint32_t step_room(const struct load_step *s)
{
    switch (s->conversion) {
    case CONVERT_TEXT:
    case CONVERT_RAW_TEXT:
    case CONVERT_BYTES:
    case CONVERT_DIGITS_TEXT: return 4 + 3 * s->field->length;
    case CHECK_UNIT:
    case CHECK_DATE: return 0;
    default: return COPY_FIELD_MAX;
    }
}

static void add_identifier(struct buf *text, const char *name)
{
    buf_add_text(text, "\"");
    for (; *name; name++) buf_addf(text, *name == '"' ? "\"%c" : "%c", *name);
    buf_add_text(text, "\"");
}

/* FREEZE: nobody can have seen a table that is made in the same transaction, so its rows need no later vacuum. */
static void write_copy_statement(struct load_file_plan *p, const char *leaf, struct arena *a)
{
    struct buf text;
    buf_init(&text, 64 * 1024);
    buf_add_text(&text, "COPY crmx_store.");
    add_identifier(&text, leaf);
    const char *separator = " (";
    for (int i = 0; i < p->steps_count; i++) {
        if (step_room(&p->steps[i]) == 0) continue;
        buf_add_text(&text, separator);
        add_identifier(&text, p->steps[i].field->name);
        separator = ", ";
    }
    buf_add_text(&text, ") FROM STDIN (FORMAT binary, FREEZE)");
    p->copy_statement = arena_dup(a, buf_view(&text));
    buf_release(&text);
}

static bool plan_file(const struct load_file *f, const PGresult *columns, const char *leaf, struct arena *a,
                      struct load_file_plan *p, struct status *st)
{
    struct load_step *steps = arena_array(a, struct load_step, f->fields_count);
    *p = (struct load_file_plan){.file = f, .steps = steps, .steps_count = f->fields_count, .row_max = COPY_ROW_LENGTH};
    for (int i = 0; i < f->fields_count; i++) {
        if (!plan_step(f, &f->fields[i], columns, a, &steps[i], st)) return false;
        uint32_t room = step_room(&steps[i]);
        p->row_max += room;
        p->columns_count += room > 0;
    }
    if (!check_required(f, columns, st)) return false;
    write_copy_statement(p, leaf, a);
    return true;
}

static bool check_size(const struct load_file *f, struct status *st)
{
    struct os_file_identity id;
    if (!os_identify(f->path, &id, st)) return status_while(st, "looking at output %s", f->output_name);
    uint64_t expected = f->records * f->record_length;
    if (id.size == expected) return true;
    status_fail(st, STATUS_CORRUPT, "\"%s\" has %llu bytes; %llu records of %u bytes are %llu", f->path,
                (unsigned long long)id.size, (unsigned long long)f->records, f->record_length,
                (unsigned long long)expected);
    return status_hint(
        st, "the generation is damaged: check it with crmx generation verify, then make it anew with crmx run");
}

/* --- the plan of all tables --- */

static struct load_table_plan *find_table(struct load_plan *plan, const char *table)
{
    for (int i = 0; i < plan->tables_count; i++)
        if (strcmp(plan->tables[i].table, table) == 0) return &plan->tables[i];
    return NULL;
}

static bool fail_table(PGconn *c, const struct load_file *f, struct status *st)
{
    struct buf list;
    buf_init(&list, 600);
    PGresult *r = database_query(c, "load_tables", NULL, 0, st);
    for (int i = 0; r && i < PQntuples(r); i++) buf_addf(&list, "%s%s", i ? " " : "", PQgetvalue(r, i, 0));
    PQclear(r);
    if (r)
        status_fail(st, STATUS_USAGE, "output %s: there is no table \"%s\"; there are: %s", f->output_name, f->table,
                    list.bytes ? list.bytes : "");
    buf_release(&list);
    return status_hint(st, "correct table = in outputs/%s.ini, or leave it out: then the output is not loaded",
                       f->output_name);
}

static bool plan_one(PGconn *c, const struct load_request *r, const struct load_file *f, struct arena *a,
                     struct load_plan *plan, struct status *st)
{
    struct load_table_plan *t = find_table(plan, f->table);
    if (!t) {
        t = &plan->tables[plan->tables_count++];
        *t =
            (struct load_table_plan){.table = f->table, .files = arena_array(a, struct load_file_plan, r->files_count)};
        t->leaf = arena_printf(a, "%s_%s_%s", f->table, r->unit, plan->load_number);
    }
    const char *const values[] = {f->table};
    PGresult *columns = database_query(c, "load_columns", values, 1, st);
    if (!columns) return false;
    bool ok = PQntuples(columns) > 0 || fail_table(c, f, st);
    ok = ok && plan_file(f, columns, t->leaf, a, &t->files[t->files_count++], st) && check_size(f, st);
    PQclear(columns);
    t->rows += f->records;
    t->bytes += f->records * f->record_length;
    plan->rows += f->records;
    plan->bytes += f->records * f->record_length;
    return ok;
}

static int by_size(const void *a, const void *b)
{
    const struct load_table_plan *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return strcmp(x->table, y->table);
}

bool load_plan_make(PGconn *c, const struct load_request *r, struct arena *a, struct load_plan *out, struct status *st)
{
    *out = (struct load_plan){.tables = arena_array(a, struct load_table_plan, r->files_count)};
    PGresult *number = database_query(c, "load_number", NULL, 0, st);
    if (!number) return false;
    snprintf(out->load_number, sizeof out->load_number, "%s", PQgetvalue(number, 0, 0));
    PQclear(number);
    for (int i = 0; i < r->files_count; i++)
        if (!plan_one(c, r, &r->files[i], a, out, st)) return false;
    qsort(out->tables, (size_t)out->tables_count, sizeof *out->tables, by_size);
    return true;
}
