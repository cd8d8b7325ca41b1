#include "tests/bench/permute.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct plan *p;
    const char *folder;
    FILE *out;
};

static void open_config(struct writer *w, const char *kind, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%s", w->folder, kind, name);
    w->out = fopen(path, "w");
    if (!w->out) {
        fprintf(stderr, "permute: could not write \"%s\": %s\n", path, strerror(errno));
        exit(16);
    }
}

static void close_config(struct writer *w)
{
    if (ferror(w->out) || fclose(w->out) != 0) {
        fprintf(stderr, "permute: could not write the configuration: %s\n", strerror(errno));
        exit(16);
    }
}

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(w->out, format, args);
    va_end(args);
}

/* --- layouts --- */

static void put_field(struct writer *w, const struct file *file, const struct field *f)
{
    static const char *const kinds[] = {"text", "date", "amount", "digits", "code", "currency"};
    static const char *const formats[] = {"yyyymmdd", "yyyy-mm-dd", "yyyyddd"};
    static const char *const signs[] = {"leading", "trailing", "overpunch"};
    put(w, "%s = %d %d %s", f->name, f->to, f->width, kinds[f->kind]);
    if (f->required) put(w, " required");
    if (f->kind == KIND_DATE) put(w, " format=%s", formats[f->format]);
    if (f->kind == KIND_AMOUNT) put(w, " scale=2 sign=%s", signs[f->sign]);
    if (f->kind == KIND_CODE) put(w, " values=%s,%s", w->p->fixed, w->p->demand);
    if (strcmp(f->name, "maturity") == 0 && strcmp(file->system, "retail") == 0) put(w, " when=kind:%s", w->p->fixed);
    if (f->checked) put(w, " reason=%s", f->reason);
    if (f->hot) put(w, " keep=hot");
    put(w, "\n");
}

static void write_layout(struct writer *w, const struct file *f)
{
    char name[64];
    snprintf(name, sizeof name, "%s.ini", f->layout);
    open_config(w, "layouts", name);
    put(w, "; %s. Written by tests/bench/permute, seed %llu.\n\n[layout]\n", f->title, (unsigned long long)w->p->seed);
    put(w,
        "name = %s\nclass = %s\nsystem = %s\nfiles = %s\nrecord_length = %d\nlength_reason = %s\nreject_limit = "
        "100%%\n\n[fields]\n",
        f->layout, f->customers ? "customer" : "account", f->system, f->name, f->length, f->length_reason);
    for (int i = 0; i < f->fields_count; i++) put_field(w, f, &f->field[f->check_order[i]]);
    close_config(w);
}

static void write_rates(struct writer *w)
{
    open_config(w, "layouts", "rates.ini");
    put(w, "[layout]\nname = rates\nclass = rate\nfiles = RATES\nrecord_length = %d\n\n[fields]\n",
        6 + w->p->rate_width);
    put(w, "currency = 0 3 text required\nper_unit = 3 3 digits\nrate = 6 %d amount scale=%d sign=none\n",
        w->p->rate_width, w->p->rate_scale);
    close_config(w);
}

/* --- measures and formula --- */

enum { MEASURES_MAX = 20 };
struct measure {
    const char *type;
    char name[16];
};

static const struct {
    const char *system;
    bool currency;
    const char *amounts[4];
    const char *months, *number;
} TABLES[4] = {{"retail", true, {"balance"}, "term", NULL},
               {"card", true, {"balance", "overdraft", "limit"}, NULL, NULL},
               {"loan", true, {"balance", "overdue_balance"}, "term", "overdue_periods"},
               {"fund", false, {"balance"}, NULL, NULL}};

/* One condition about the accounts of a table. pinned: only accounts in CNY are left. */
static void put_condition(struct writer *w, struct draw *d, int table, bool *pinned)
{
    static const char *const currencies[] = {"USD", "HKD", "EUR", "JPY", "GBP", "CHF", "KRW"};
    uint64_t what = draw_below(d, 8);
    if (what < 3 && TABLES[table].currency) {
        *pinned = what == 0;
        if (what == 0)
            put(w, "currency = 'CNY'");
        else if (what == 1)
            put(w, "currency <> 'CNY'");
        else
            put(w, "currency in ('CNY', '%s', '%s')", currencies[draw_below(d, 3)], currencies[3 + draw_below(d, 4)]);
    } else if (what < 5 && table == 0) {
        put(w, "kind = '%s'", draw_below(d, 2) ? w->p->demand : w->p->fixed);
    } else if (what == 5 && TABLES[table].months) {
        put(w, "term >= %d", (int)draw_below(d, 40));
    } else if (what == 6 && table != 3) {
        put(w, "opened < date '%d-%02d-%02d'", 1992 + (int)draw_below(d, 16), 1 + (int)draw_below(d, 12),
            1 + (int)draw_below(d, 28));
    } else {
        put(w, "balance > %d.%02d", (int)draw_below(d, 20000), (int)draw_below(d, 100));
    }
}

/* A money expression of a table: converted, unless all accounts are in the base currency. */
static void put_money(struct writer *w, struct draw *d, int table, bool pinned)
{
    int count = 0;
    while (count < 4 && TABLES[table].amounts[count]) count++;
    const char *amount = TABLES[table].amounts[draw_below(d, (uint64_t)count)];
    bool bare = !TABLES[table].currency || (pinned && draw_below(d, 2));
    put(w, bare ? "%s" : "cny(%s)", amount);
}

static void put_measure(struct writer *w, struct draw *d, int no, struct measure *m)
{
    int table = (int)draw_below(d, 4);
    uint64_t what = draw_below(d, 10);
    bool pinned = false, condition = draw_below(d, 4) != 0;
    const char *aggregate = what == 9 ? "avg" : what == 8 ? (draw_below(d, 2) ? "max" : "min") : "sum";
    m->type = "money";
    if (what == 7)
        m->type = "number", aggregate = "count";
    else if (what == 6 && TABLES[table].months)
        m->type = "months";
    else if (what == 5 && TABLES[table].number)
        m->type = "number";
    snprintf(m->name, sizeof m->name, "m%d", no);
    put(w, "measure 指标%d as %s %s = %s(%s", no, m->name, m->type, aggregate,
        what == 7 && draw_below(d, 3) == 0 ? (condition = false, "accounts") : TABLES[table].system);
    if (condition) {
        put(w, " where ");
        put_condition(w, d, table, &pinned);
        if (draw_below(d, 2)) {
            bool both = pinned, either = false;
            put(w, " and ");
            put_condition(w, d, table, &either);
            pinned = both || either;
        }
    }
    if (what == 7)
        put(w, ");\n");
    else if (strcmp(m->type, "months") == 0)
        put(w, ", %s);\n", TABLES[table].months);
    else if (strcmp(m->type, "number") == 0)
        put(w, ", %s);\n", TABLES[table].number);
    else {
        put(w, ", ");
        put_money(w, d, table, pinned);
        if (TABLES[table].months && draw_below(d, 4) == 0) put(w, " * %s", TABLES[table].months);
        put(w, ");\n");
    }
}

/* One term of the score. */
static void put_term(struct writer *w, struct draw *d, const struct measure *m, const struct measure *other)
{
    int whole = 1 + (int)draw_below(d, 3), tenth = (int)draw_below(d, 10);
    bool money = strcmp(m->type, "money") == 0, other_money = strcmp(other->type, "money") == 0;
    put(w, "\n      %s ", draw_below(d, 4) ? "+" : "-");
    switch (draw_below(d, 6)) {
    case 0: put(w, "%s / 系数(%d.%d)", m->name, whole, tenth); break;
    case 1:
        put(w, "case when %s > %d then (%s / %s) * %d.%d else 0 end", other->name, other_money ? 100 : 0, m->name,
            other->name, whole, tenth);
        break;
    case 2:
        if (money && other_money)
            put(w, "max(%s, %s)", m->name, other->name);
        else
            put(w, "%s * %s / 10", m->name, other->name);
        break;
    case 3: put(w, "min(%s, %d)", m->name, money ? 100000 : 12); break;
    case 4: put(w, "abs(%s) * %d", m->name, money ? whole : 100); break;
    default: put(w, "%s * 系数(%d.%d)", m->name, whole, tenth); break;
    }
}

static int write_formula(struct writer *w, struct measure measures[MEASURES_MAX])
{
    struct draw d = draw_start(w->p->seed, 2, 2);
    static const char *const roundings[] = {"half_up", "half_away", "half_even"};
    int count = 6 + (int)draw_below(&d, MEASURES_MAX - 5);
    open_config(w, "formulas", "bench.formula");
    put(w, "# Written by tests/bench/permute, seed %llu.\n\nunit yuan;\nrounding %s;\nthreshold %llu.%02d;\n\n",
        (unsigned long long)w->p->seed, roundings[draw_below(&d, 3)],
        (unsigned long long)(20000 + draw_below(&d, 2000000)), (int)draw_below(&d, 100));
    for (int i = 0; i < count; i++) put_measure(w, &d, i, &measures[i]);
    put(w, "\nscore = %s", measures[draw_below(&d, (uint64_t)count)].name);
    for (int i = 0; i < count; i++) put_term(w, &d, &measures[i], &measures[draw_below(&d, (uint64_t)count)]);
    put(w,
        ";\n\nresult tier code = case when score >= 5000000 then 'TOP' when score >= %d then 'MID' else 'LOW' end;\n",
        100000 + (int)draw_below(&d, 1000000));
    close_config(w);
    return count;
}

/* Does the line hold the word, not as a part of another? */
static bool has_word(const char *line, const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    size_t n = strlen(word);
    for (const char *at = strstr(line, word); at; at = strstr(at + 1, word))
        if (!strchr(letters, at[n]) && (at == line || !strchr(letters, at[-1]))) return true;
    return false;
}

/* Account fields are kept hot where a measure reads them, as in the job: what is carried along unread costs time, too.
 * */
static void find_hot_fields(struct writer *w)
{
    char path[4096], line[1024], table[32];
    snprintf(path, sizeof path, "%s/formulas/bench.formula", w->folder);
    FILE *formula = fopen(path, "r");
    while (formula && fgets(line, sizeof line, formula))
        for (int i = 0; i < FILES; i++) {
            struct file *f = &w->p->file[i];
            snprintf(table, sizeof table, "(%s", f->system);
            if (f->customers || !strstr(line, table)) continue;
            for (int k = 0; k < f->fields_count; k++)
                if (has_word(line, f->field[k].name) || (f->field[k].kind == KIND_CURRENCY && strstr(line, "cny(")))
                    f->field[k].hot = true;
        }
    if (formula) fclose(formula);
}

/* --- outputs --- */

struct column {
    char line[96];
};

static void put_shuffled(struct writer *w, struct draw *d, struct column *columns, int count)
{
    for (int i = count - 1; i > 0; i--) {
        int k = (int)draw_below(d, (uint64_t)i + 1);
        struct column t = columns[i];
        columns[i] = columns[k];
        columns[k] = t;
    }
    for (int i = 0; i < count; i++) put(w, "%s\n", columns[i].line);
    close_config(w);
}

static void start_output(struct writer *w, const char *name, const char *file, const char *rows, const char *layout)
{
    char path[64];
    snprintf(path, sizeof path, "%s.ini", name);
    open_config(w, "outputs", path);
    put(w, "[output]\nname = %s\nfile = %s\nrows = %s\n", name, file, rows);
    if (layout) put(w, "layouts = %s\n", layout);
    put(w, "\n[fields]\n");
}

#define COLUMN(...) snprintf(columns[count++].line, sizeof columns[0].line, __VA_ARGS__)

static void write_outputs(struct writer *w, const struct measure *measures, int measures_count)
{
    struct draw d = draw_start(w->p->seed, 3, 3);
    struct column columns[64];
    static const char *const texts[] = {"name 40",    "sex 1", "phone 16", "mobile 16",
                                        "address 80", "zip 6", "branch 6", "source_no 12"};
    static const char *const files[] = {"CRMRTL", "CRMCRD", "CRMLON", "CRMFND"};
    int count = 0, width, longest = 0;
    char name[32], layout[32];
    start_output(w, "crm_customer", "CRMCUST", "customer", NULL);
    COLUMN("number = 12 digits number");
    COLUMN("id_type = 4 text id_type");
    COLUMN("id_key = 20 text id_key");
    COLUMN("system = 1 text system");
    COLUMN("score = 19 amount score scale=2");
    COLUMN("tier = %d text result.tier", 3 + (int)draw_below(&d, 5)); /* a code is never cut */
    COLUMN("birth = 8 date field.birth");
    COLUMN("opened = 8 date field.opened");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sscanf(texts[i], "%31s %d", name, &width);
        COLUMN("%s = %d text field.%s", name, width + (int)draw_below(&d, 8) - (i == 4 ? 7 : 0), name);
    }
    for (int i = 0; i < measures_count; i++)
        COLUMN("%s = 19 amount measure.%s scale=%d", measures[i].name, measures[i].name,
               strcmp(measures[i].type, "money") == 0 ? 2 : (int)draw_below(&d, 3));
    put_shuffled(w, &d, columns, count);

    count = 0;
    start_output(w, "crm_contact", "CRMCONT", "others", NULL);
    COLUMN("number = 11 digits number");
    COLUMN("system = 1 text system");
    COLUMN("source_no = 16 raw field.source_no");
    COLUMN("phone = 16 text field.phone");
    COLUMN("changed = 8 date field.changed");
    for (int i = 0; i < FILES; i++)
        if (w->p->file[i].customers && w->p->file[i].length > longest) longest = w->p->file[i].length;
    COLUMN("record = %d raw record", longest);
    put_shuffled(w, &d, columns, count);

    for (int s = 0; s < 4; s++) {
        count = 0;
        snprintf(name, sizeof name, "crm_%s", SYSTEMS[s]);
        snprintf(layout, sizeof layout, "%s_account", SYSTEMS[s]);
        start_output(w, name, files[s], "account", layout);
        COLUMN("number = 10 digits number");
        COLUMN("account = 22 text field.account");
        COLUMN("balance = 19 amount field.balance scale=%d", 1 + (int)draw_below(&d, 3));
        COLUMN("term = 6 digits field.term");
        COLUMN("opened = 8 date field.opened");
        COLUMN("record = %d raw record", w->p->file[4 + s].length);
        put_shuffled(w, &d, columns, count);
    }
}

/* --- unit and identity --- */

static void write_unit(struct writer *w)
{
    struct draw d = draw_start(w->p->seed, 4, 4);
    open_config(w, "units", "44.ini");
    put(w,
        "[unit]\nid = 44\nname = 广东\nnumber_prefix = %d\nbase_currency = CNY\ninbox = inbox/44\ntake = "
        "link\nidentity = bench\nlayouts =",
        draw_below(&d, 2) ? 0 : 44);
    for (int i = 0; i < FILES; i++) put(w, " %s", w->p->file[(i * 3) % FILES].layout);
    put(w,
        " rates\noutputs = crm_customer crm_contact crm_retail crm_card crm_loan crm_fund\nformula.personal = "
        "bench\ntie_break = %s\n\n[systems]\n",
        draw_below(&d, 2) ? "changed position" : "changed source_no");
    for (int i = 0; i < 4; i++) put(w, "%s = %c\n", SYSTEMS[w->p->systems[i]], w->p->letters[i]);
    put(w, "\n[gates]\norphans = off\n");
    close_config(w);
    open_config(w, "identity", "bench.ini");
    put(w,
        "[profile]\nname_rule = %s\nhold_above = %d\nseparators = %s\nfold = %s\n\n[id_type 01]\nclass = "
        "resident\nrule = resident\ncentury = %s\n",
        draw_below(&d, 2) ? "ignore" : "apart", draw_below(&d, 2) ? 0 : 3, draw_below(&d, 2) ? "yes" : "no",
        draw_below(&d, 2) ? "full" : "ascii", draw_below(&d, 2) ? "19" : "sequence");
    close_config(w);
    open_config(w, ".", "crmx.ini");
    put(w, "[database]\nmode = none\n");
    close_config(w);
}

void plan_write_config(struct plan *p, const char *folder)
{
    struct writer w = {.p = p, .folder = folder};
    struct measure measures[MEASURES_MAX];
    int count = write_formula(&w, measures);
    find_hot_fields(&w);
    for (int i = 0; i < FILES; i++) write_layout(&w, &p->file[i]);
    write_rates(&w);
    write_outputs(&w, measures, count);
    write_unit(&w);
}
