/* permute SEED DATA OUTDIR: OUTDIR becomes a working folder with the data of the bench job in DATA, rewritten, and a
 * configuration that fits (tests/bench/permute.h). One thread, about 0.5 GB/s. */
#include "tests/bench/permute.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static _Noreturn void fail(const char *what, const char *path)
{
    fprintf(stderr, "permute: could not %s \"%s\": %s\n", what, path, strerror(errno));
    exit(16);
}

static bool is_digits(const char *p, int n)
{
    for (int i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9') return false;
    return true;
}

static void put_text(const struct field *f, const char *from, char *to)
{
    int start = 0, end = f->width_from;
    if (!f->required) {
        memcpy(to, from, (size_t)f->width_from);
        return;
    }
    while (end > 0 && from[end - 1] == ' ') end--;
    while (start < end && from[start] == ' ') start++;
    memcpy(to + (f->right ? f->width - (end - start) : 0), from + start, (size_t)(end - start));
}

/* Bytes that were no digits stay somewhere among the digits: a bad value stays bad. */
static void put_number(const char *from, int count_from, char *to, int count)
{
    memset(to, '0', (size_t)count);
    if (is_digits(from, count_from)) {
        int copied = count < count_from ? count : count_from;
        memcpy(to + count - copied, from + count_from - copied, (size_t)copied);
        return;
    }
    for (int i = 0; i < count_from; i++)
        if (from[i] < '0' || from[i] > '9') to[i % count] = from[i];
}

static void put_amount(const struct field *f, const char *from, char *to)
{
    bool negative = from[0] == '-';
    int digits = f->width - (f->sign != SIGN_OVERPUNCH);
    char *first = to + (f->sign == SIGN_LEADING);
    put_number(from + 1, f->width_from - 1, first, digits);
    if (f->sign == SIGN_LEADING) to[0] = from[0];
    if (f->sign == SIGN_TRAILING) to[f->width - 1] = from[0];
    if (f->sign == SIGN_OVERPUNCH) {
        char *last = to + f->width - 1;
        if (*last >= '0' && *last <= '9') *last = (negative ? "}JKLMNOPQR" : "{ABCDEFGHI")[*last - '0'];
    }
}

static int day_of_year(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1] + (month == 2 && leap)) return 0;
    return before[month - 1] + day + (leap && month > 2);
}

static int number(const char *p, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) v = v * 10 + (p[i] - '0');
    return v;
}

static void put_date(const struct plan *p, const struct field *f, const char *from, char *to)
{
    if (memcmp(from, "00000000", 8) == 0) { /* no date */
        memset(to, p->blank_maturity ? ' ' : '0', (size_t)f->width);
        return;
    }
    switch (f->format) {
    case FORMAT_COMPACT: memcpy(to, from, 8); break;
    case FORMAT_DASHES:
        memcpy(to, from, 4);
        memcpy(to + 5, from + 4, 2);
        memcpy(to + 8, from + 6, 2);
        to[4] = to[7] = '-';
        break;
    default: {
        bool good = is_digits(from, 8);
        int day = good ? day_of_year(number(from, 4), number(from + 4, 2), number(from + 6, 2)) : 0;
        memcpy(to, from, 4);
        memcpy(to + 4, "400", 3); /* no such day */
        if (day) to[4] = (char)('0' + day / 100), to[5] = (char)('0' + day / 10 % 10), to[6] = (char)('0' + day % 10);
        break;
    }
    }
}

static void put_record(const struct plan *p, const struct file *f, const char *from, char *to)
{
    memset(to, ' ', (size_t)f->length);
    for (int i = 0; i < f->fields_count; i++) {
        const struct field *x = &f->field[i];
        const char *source = from + x->from;
        char *target = to + x->to;
        switch (x->kind) {
        case KIND_TEXT: put_text(x, source, target); break;
        case KIND_DATE: put_date(p, x, source, target); break;
        case KIND_AMOUNT: put_amount(x, source, target); break;
        case KIND_DIGITS: put_number(source, x->width_from, target, x->width); break;
        case KIND_CODE: memcpy(target, *source == 'D' ? p->demand : p->fixed, (size_t)x->width); break;
        case KIND_CURRENCY: memcpy(target, source, 3); break;
        }
    }
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) fail("read", path);
    setvbuf(f, NULL, _IOFBF, 1 << 20);
    return f;
}

static FILE *open_out(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/inbox/44/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f) fail("write", path);
    setvbuf(f, NULL, _IOFBF, 1 << 20);
    return f;
}

static void close_out(FILE *f, const char *name)
{
    if (ferror(f) || fclose(f) != 0) fail("write", name);
}

static void rewrite(const struct plan *p, const struct file *f, const char *data, const char *out)
{
    FILE *in = open_in(data, f->name), *to = open_out(out, f->name);
    char *line = NULL, record[1024];
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, in)) > 0) {
        if (line[length - 1] == '\n') length--;
        if (length == f->length_from) {
            put_record(p, f, line, record);
            length = f->length;
        } else { /* too short before, and of a wrong length again */
            if (length == f->length) length--;
            memcpy(record, line, (size_t)length < sizeof record ? (size_t)length : sizeof record - 1);
        }
        record[length] = '\n';
        fwrite(record, 1, (size_t)length + 1, to);
    }
    free(line);
    fclose(in);
    close_out(to, f->name);
}

/* Rates with another number of decimals, some of them for 100 units. */
static void rewrite_rates(const struct plan *p, const char *data, const char *out)
{
    FILE *in = open_in(data, "RATES"), *to = open_out(out, "RATES");
    char currency[4];
    long long rate;
    for (int i = 0; fscanf(in, "%3c%9lld ", currency, &rate) == 2; i++) {
        bool per_100 = p->quoted_per_100[i % CURRENCIES_MAX] && memcmp(currency, "CNY", 3) != 0;
        for (int s = 6; s > p->rate_scale; s--) rate /= 10;
        fprintf(to, "%.3s%03d%0*lld\n", currency, per_100 ? 100 : 1, p->rate_width, per_100 ? rate * 100 + i : rate);
    }
    fclose(in);
    close_out(to, "RATES");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: permute SEED DATA OUTDIR\n");
        return 16;
    }
    struct plan plan;
    char path[4096];
    plan_draw(&plan, strtoull(argv[1], NULL, 10));
    static const char *const folders[] = {"",         "/inbox",   "/inbox/44", "/units",
                                          "/layouts", "/outputs", "/identity", "/formulas"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s%s", argv[3], folders[i]);
        if (mkdir(path, 0777) != 0 && errno != EEXIST) fail("make folder", path);
    }
    plan_write_config(&plan, argv[3]);
    for (int i = 0; i < FILES; i++) rewrite(&plan, &plan.file[i], argv[2], argv[3]);
    rewrite_rates(&plan, argv[2], argv[3]);
    return 0;
}
