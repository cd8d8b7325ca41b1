#include "tests/bench/permute.h"

#include <stdio.h>
#include <string.h>

const char *const SYSTEMS[4] = {"retail", "card", "loan", "fund"};

/* The bench job's records (its specification, 0-based offsets). */
#define F(n, o, w, k, r, c, m)                                                                                         \
    {                                                                                                                  \
        .name = #n, .from = o, .width_from = w, .kind = k, .required = r, .checked = c, .width_more = m                \
    }
#define CUSTOMER(f_name, f_system, f_title)                                                                            \
    {                                                                                                                  \
        .name = f_name, .layout = f_system "_customer", .system = f_system, .title = f_title ": customers",            \
        .customers = true, .length_from = 231, .fields_count = 13, .field = {                                          \
            F(source_no, 0, 12, KIND_TEXT, true, true, 4),                                                             \
            F(id_type, 12, 2, KIND_TEXT, true, true, 2),                                                               \
            F(id_no, 14, 20, KIND_TEXT, true, true, 6),                                                                \
            F(name, 34, 40, KIND_TEXT, false, false, 20),                                                              \
            F(sex, 74, 1, KIND_TEXT, false, false, 1),                                                                 \
            F(birth, 75, 8, KIND_DATE, false, true, 0),                                                                \
            F(phone, 83, 16, KIND_TEXT, false, false, 4),                                                              \
            F(mobile, 99, 16, KIND_TEXT, false, false, 4),                                                             \
            F(address, 115, 80, KIND_TEXT, false, false, 20),                                                          \
            F(zip, 195, 6, KIND_TEXT, false, false, 2),                                                                \
            F(branch, 201, 6, KIND_TEXT, false, false, 2),                                                             \
            F(opened, 207, 8, KIND_DATE, false, true, 0),                                                              \
            F(changed, 215, 8, KIND_DATE, false, true, 0),                                                             \
        }                                                                                                              \
    }

static const struct file JOB[FILES] = {
    CUSTOMER("RTLCUST", "retail", "Retail"),
    CUSTOMER("CRDCUST", "card", "Credit card"),
    CUSTOMER("LONCUST", "loan", "Personal loan"),
    CUSTOMER("FNDCUST", "fund", "Open-end fund"),
    {.name = "RTLACCT",
     .layout = "retail_account",
     .system = "retail",
     .title = "Retail: accounts",
     .length_from = 119,
     .fields_count = 11,
     .field = {F(account, 0, 22, KIND_TEXT, true, true, 4), F(source_no, 22, 12, KIND_TEXT, true, true, 4),
               F(kind, 34, 1, KIND_CODE, false, true, 0), F(currency, 35, 3, KIND_CURRENCY, false, true, 0),
               F(balance, 38, 17, KIND_AMOUNT, false, true, 0), F(term, 55, 3, KIND_DIGITS, false, true, 0),
               F(opened, 58, 8, KIND_DATE, false, true, 0), F(maturity, 66, 8, KIND_DATE, false, true, 0),
               F(rate, 74, 9, KIND_DIGITS, false, true, 0), F(branch, 83, 6, KIND_TEXT, false, false, 2),
               F(status, 89, 1, KIND_TEXT, false, false, 1)}},
    {.name = "CRDACCT",
     .layout = "card_account",
     .system = "card",
     .title = "Credit card: accounts",
     .length_from = 119,
     .fields_count = 9,
     .field = {F(account, 0, 22, KIND_TEXT, true, true, 4), F(source_no, 22, 12, KIND_TEXT, true, true, 4),
               F(currency, 34, 3, KIND_CURRENCY, false, true, 0), F(balance, 37, 17, KIND_AMOUNT, false, true, 0),
               F(overdraft, 54, 17, KIND_AMOUNT, false, true, 0), F(limit, 71, 17, KIND_AMOUNT, false, true, 0),
               F(opened, 88, 8, KIND_DATE, false, true, 0), F(branch, 96, 6, KIND_TEXT, false, false, 2),
               F(status, 102, 1, KIND_TEXT, false, false, 1)}},
    {.name = "LONACCT",
     .layout = "loan_account",
     .system = "loan",
     .title = "Personal loan: accounts",
     .length_from = 119,
     .fields_count = 11,
     .field = {F(account, 0, 22, KIND_TEXT, true, true, 4), F(source_no, 22, 12, KIND_TEXT, true, true, 4),
               F(currency, 34, 3, KIND_CURRENCY, false, true, 0), F(balance, 37, 17, KIND_AMOUNT, false, true, 0),
               F(term, 54, 3, KIND_DIGITS, false, true, 0), F(overdue_balance, 57, 17, KIND_AMOUNT, false, true, 0),
               F(overdue_periods, 74, 3, KIND_DIGITS, false, true, 0), F(opened, 77, 8, KIND_DATE, false, true, 0),
               F(maturity, 85, 8, KIND_DATE, false, true, 0), F(branch, 93, 6, KIND_TEXT, false, false, 2),
               F(status, 99, 1, KIND_TEXT, false, false, 1)}},
    {.name = "FNDACCT",
     .layout = "fund_account",
     .system = "fund",
     .title = "Open-end fund: accounts",
     .length_from = 119,
     .fields_count = 8,
     .field = {F(account, 0, 22, KIND_TEXT, true, true, 4), F(source_no, 22, 12, KIND_TEXT, true, true, 4),
               F(fund, 34, 6, KIND_TEXT, false, false, 2), F(shares, 40, 17, KIND_AMOUNT, false, true, 0),
               F(nav, 57, 9, KIND_DIGITS, false, true, 0), F(balance, 66, 17, KIND_AMOUNT, false, true, 0),
               F(branch, 83, 6, KIND_TEXT, false, false, 2), F(status, 89, 1, KIND_TEXT, false, false, 1)}},
};

/* Three to eight letters: a reason code nobody has seen. */
static void draw_reason(struct draw *d, char reason[9])
{
    size_t length = 3 + draw_below(d, 6);
    for (size_t i = 0; i < length; i++) reason[i] = (char)('A' + draw_below(d, 26));
    reason[length] = 0;
}

static void shuffle(struct draw *d, int *order, int count)
{
    for (int i = 0; i < count; i++) order[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int k = (int)draw_below(d, (uint64_t)i + 1), t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
}

static void draw_field(struct draw *d, struct field *f)
{
    static const int date_widths[] = {8, 10, 7};
    switch (f->kind) {
    case KIND_TEXT:
        f->width = f->width_from + (int)draw_below(d, (uint64_t)f->width_more + 1);
        f->right = f->required && draw_below(d, 3) == 0;
        break;
    case KIND_DATE:
        f->format = (int)draw_below(d, 3);
        f->width = date_widths[f->format];
        break;
    case KIND_AMOUNT: /* 13 to 18 digits: every amount of the job has fewer */
        f->sign = (int)draw_below(d, 3);
        f->width = 13 + (int)draw_below(d, 6) + (f->sign != SIGN_OVERPUNCH);
        break;
    case KIND_DIGITS: f->width = f->width_from + (int)draw_below(d, 4); break;
    case KIND_CODE: f->width = 1 + (int)draw_below(d, 3); break;
    case KIND_CURRENCY: f->width = 3; break;
    }
    draw_reason(d, f->reason);
}

/* Fields in a new order, with gaps that nobody reads. */
static void draw_file(struct draw *d, struct file *f)
{
    int places[FIELDS_MAX], offset = (int)draw_below(d, 6);
    for (int i = 0; i < f->fields_count; i++) draw_field(d, &f->field[i]);
    /* Several fields may share a reason. */
    if (draw_below(d, 2)) memcpy(f->field[1].reason, f->field[0].reason, sizeof f->field[0].reason);
    shuffle(d, places, f->fields_count);
    for (int i = 0; i < f->fields_count; i++) {
        f->field[places[i]].to = offset;
        offset += f->field[places[i]].width + (draw_below(d, 3) == 0 ? (int)draw_below(d, 5) : 0);
    }
    f->length = offset + (int)draw_below(d, 9);
    draw_reason(d, f->length_reason);
    shuffle(d, f->check_order, f->fields_count);
    /* A field whose check depends on another one comes after it. */
    int kind = -1, maturity = -1;
    for (int i = 0; i < f->fields_count; i++) {
        const char *name = f->field[f->check_order[i]].name;
        if (strcmp(name, "kind") == 0) kind = i;
        if (strcmp(name, "maturity") == 0) maturity = i;
    }
    if (kind > maturity && maturity >= 0) {
        int t = f->check_order[kind];
        f->check_order[kind] = f->check_order[maturity];
        f->check_order[maturity] = t;
    }
}

void plan_draw(struct plan *p, uint64_t seed)
{
    struct draw d = draw_start(seed, 1, 1);
    memset(p, 0, sizeof *p);
    p->seed = seed;
    for (int i = 0; i < FILES; i++) {
        p->file[i] = JOB[i];
        draw_file(&d, &p->file[i]);
    }
    int width = 1;
    for (int i = 0; i < p->file[4].fields_count; i++)
        if (p->file[4].field[i].kind == KIND_CODE) width = p->file[4].field[i].width;
    for (int i = 0; i < width; i++) {
        p->demand[i] = (char)('A' + draw_below(&d, 12));
        p->fixed[i] = (char)('N' + draw_below(&d, 12));
    }
    p->blank_maturity = draw_below(&d, 2);
    shuffle(&d, p->systems, 4);
    for (int i = 0; i < 4; i++) p->letters[i] = (char)('A' + 6 * i + (int)draw_below(&d, 6));
    p->rate_scale = 4 + (int)draw_below(&d, 3);
    p->rate_width = 10 + (int)draw_below(&d, 5);
    for (int i = 0; i < CURRENCIES_MAX; i++) p->quoted_per_100[i] = draw_below(&d, 2);
}
