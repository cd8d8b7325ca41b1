#include "etl/detail_shape.h"

#include <stdio.h>
#include <string.h>

/* The next word of ledger: an amount's name, *sign from the minus before it. False at the end. */
static bool next_part(struct view *rest, char name[LAYOUT_NAME_MAX + 2], int *sign)
{
    struct view word = view_word(rest);
    if (!word.length) return false;
    *sign = word.bytes[0] == '-' ? -1 : 1;
    size_t skip = word.bytes[0] == '-' || word.bytes[0] == '+';
    snprintf(name, LAYOUT_NAME_MAX + 2, "%.*s", (int)(word.length - skip), word.bytes + skip);
    return true;
}

static struct view ledger_text(const struct layout *log)
{
    return view_of(log->ledger ? log->ledger : "balance");
}

static bool check_ledger(const struct layout *log, const struct layout *account, int *scale, struct status *st)
{
    struct view rest = ledger_text(log);
    char name[LAYOUT_NAME_MAX + 2];
    int sign, count = 0;
    for (; next_part(&rest, name, &sign); count++) {
        int field = layout_find(account, name);
        if (count == DETAIL_LEDGER_MAX || field < 0 || account->fields[field].type != LAYOUT_AMOUNT) {
            status_fail(st, STATUS_USAGE, "layout %s: the ledger balance is \"%s\", but %s %s", log->name,
                        ledger_text(log).bytes,
                        count == DETAIL_LEDGER_MAX ? "it has more than 4 parts at"
                                                   : "there is no such amount in the account layout:",
                        name);
            return status_hint(st, "name amounts of %s in layouts/%s.ini: ledger = balance -overdraft", account->name,
                               log->name);
        }
        if (account->fields[field].computed) {
            status_fail(st, STATUS_USAGE,
                        "layout %s: the ledger balance is \"%s\", but %s of %s is computed: no movement leads to it",
                        log->name, ledger_text(log).bytes, name, account->name);
            return status_hint(st, "movements of funds are shares: ledger = %s in layouts/%s.ini",
                               account->fields[account->fields[field].shares_field].name, log->name);
        }
        if (account->fields[field].scale > *scale) *scale = account->fields[field].scale;
    }
    return true;
}

/* Movements find their account by its whole key. */
static bool check_key(const struct layout *log, const struct layout *account, struct status *st)
{
    for (int i = 0; i < LAYOUT_ACCOUNT_KEY_PARTS; i++) {
        enum layout_role part = LAYOUT_ACCOUNT_KEY[i];
        bool own = log->role_field[part] >= 0, wanted = account->role_field[part] >= 0;
        if (own == wanted) continue;
        status_fail(st, STATUS_USAGE, "layout %s %s the field %s, which %s the account key of %s", log->name,
                    own ? "has" : "lacks", LAYOUT_ROLE_NAMES[part], own ? "is not part of" : "is part of",
                    account->name);
        return status_hint(st, "correct layouts/%s.ini: a movement names its account as %s does", log->name,
                           account->name);
    }
    return true;
}

static void add_column(struct detail_shape *s, int field, uint16_t offset, struct decode_column *out)
{
    if (field < 0 || s->layout->fields[field].type == LAYOUT_TEXT) return;
    *out = (struct decode_column){.field = field, .offset = offset};
    decode_column_shape(&s->layout->fields[field], out);
    s->columns[s->columns_count++] = *out;
}

bool detail_shape(const struct layout *log, const struct layout *account, struct detail_shape *out, struct status *st)
{
    const int *role = log->role_field;
    *out = (struct detail_shape){.layout = log, .text_field = layout_find(log, "text"), .amount_times = 1};
    int scale = out->scale = log->fields[role[ROLE_AMOUNT]].scale;
    if (!check_ledger(log, account, &out->scale, st) || !check_key(log, account, st)) return false;
    for (; scale < out->scale; scale++) out->amount_times *= 10;
    add_column(out, role[ROLE_POSTED], 8, &out->posted);
    add_column(out, role[ROLE_AMOUNT], 16, &out->amount);
    add_column(out, role[ROLE_SEQUENCE], 24, &out->sequence);
    add_column(out, layout_find(log, "time"), 32, &out->time);
    add_column(out, layout_find(log, "reversal_of"), 40, &out->reversal_of);
    add_column(out, role[ROLE_CURRENCY], 48, &out->currency);
    return true;
}

void detail_ledger_of(const struct detail_shape *s, const struct layout *account, struct detail_ledger *out)
{
    struct view rest = ledger_text(s->layout);
    char name[LAYOUT_NAME_MAX + 2];
    int sign;
    *out = (struct detail_ledger){.count = 0};
    while (out->count < DETAIL_LEDGER_MAX && next_part(&rest, name, &sign)) {
        int field = layout_find(account, name);
        if (field < 0 || account->fields[field].type != LAYOUT_AMOUNT) continue;
        int64_t times = sign;
        for (int scale = account->fields[field].scale; scale < s->scale; scale++) times *= 10;
        out->field[out->count] = field;
        out->times[out->count++] = times;
    }
}

int64_t detail_ledger_value(const struct detail_ledger *l, const struct decoder *d, const unsigned char *record)
{
    int64_t sum = 0;
    for (int i = 0; i < l->count; i++) sum += l->times[i] * decode_value(d, l->field[i], record);
    return sum;
}
