#include "samples/source_file.h"

#include "base/date.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static _Noreturn void fail(const struct source_file *f, const char *what)
{
    fprintf(stderr, "generate: could not %s \"%s\"\n", what, f->path);
    perror("generate");
    exit(16);
}

static void write_bytes(struct source_file *f, const void *bytes, size_t count)
{
    bool ok =
        f->gzip ? gzwrite(f->gzip, bytes, (unsigned)count) == (int)count : fwrite(bytes, 1, count, f->plain) == count;
    if (!ok) fail(f, "write");
    f->bytes += count;
}

static void write_line(struct source_file *f, const void *bytes, size_t count)
{
    write_bytes(f, bytes, count);
    switch (f->shape->line_end) {
    case LINE_LF: write_bytes(f, "\n", 1); break;
    case LINE_CRLF: write_bytes(f, "\r\n", 2); break;
    case LINE_MIXED: f->records % 3 ? write_bytes(f, "\n", 1) : write_bytes(f, "\r\n", 2); break;
    case LINE_NONE: break;
    }
}

static void write_mark(struct source_file *f, const char *text)
{
    struct record r;
    record_start(&r, f->shape->record_length, false);
    record_text(&r, 0, r.length, text);
    write_line(f, r.bytes, r.length);
}

void source_file_open(struct source_file *f, const struct sample *s, const struct file_shape *shape, const char *piece)
{
    char day[40], header[64];
    int year, month, date;
    *f = (struct source_file){.sample = s, .shape = shape};
    f->draw = draw_start(s->seed, 3000,
                         (uint64_t)shape->record_length * 1000 + (uint64_t)(unsigned char)shape->name[3] * 7 +
                             (uint64_t)(piece ? atoi(piece) : 0));
    date_to_civil(s->business_date, &year, &month, &date);
    snprintf(day, sizeof day, "%04d%02d%02d", year, month, date);
    snprintf(f->path, sizeof f->path, "%s/%s%s%s.%s%s", s->folder, shape->name, piece ? "." : "", piece ? piece : "",
             day, shape->gzip ? ".gz" : "");
    if (shape->gzip)
        f->gzip = gzopen(f->path, "wb6");
    else
        f->plain = fopen(f->path, "wb");
    if (!f->gzip && !f->plain) fail(f, "create");
    snprintf(header, sizeof header, "HDR%.8s%.2s", day, s->unit);
    if (shape->header) write_mark(f, header);
}

static void put(struct source_file *f, const void *bytes, size_t count, int64_t amount)
{
    write_line(f, bytes, count);
    f->records++;
    f->sum += amount;
}

static void put_spoiled(struct source_file *f, const struct record *r, int64_t amount, const struct spoil *spoil)
{
    struct record bad = *r;
    if (spoil->blank)
        memset(bad.bytes + spoil->offset, ' ', (size_t)spoil->blank);
    else
        memcpy(bad.bytes + spoil->offset, spoil->bytes, strlen(spoil->bytes));
    put(f, bad.bytes, bad.length, spoil->loses_sum ? 0 : amount);
}

/* A record of another length: cut, or with two bytes too many. Fixed blocks have no such records. */
static void put_length(struct source_file *f, const struct record *r)
{
    size_t length = f->records % 2 ? r->length + 2 : 1 + (size_t)draw_below(&f->draw, r->length - 1);
    put(f, r->bytes, length, 0);
}

/* Overlapping city files and re-sent records: the same once more, or changed. */
static void put_again(struct source_file *f, const struct record *r, int64_t amount)
{
    struct record again = *r;
    if (f->shape->changes_at && draw_below(&f->draw, 2))
        again.bytes[f->shape->changes_at] = (unsigned char)f->shape->changes_to;
    put(f, again.bytes, again.length, amount);
}

static size_t spoil_count(const struct file_shape *shape)
{
    size_t count = 0;
    while (shape->spoils && shape->spoils[count].reason) count++;
    return count;
}

/* A day in the future is only in the future of some dates. */
static bool is_usable(const struct source_file *f, const struct spoil *spoil)
{
    return !f->sample->any_date || !spoil->bytes || spoil->bytes[0] != '2';
}

void source_file_put(struct source_file *f, const struct record *r, int64_t amount)
{
    size_t kinds = spoil_count(f->shape), lengths = f->shape->line_end != LINE_NONE;
    if (kinds && draw_chance(&f->draw, f->sample->mix.dirt)) {
        size_t kind = draw_below(&f->draw, kinds + lengths);
        if (kind == kinds)
            put_length(f, r);
        else
            put_spoiled(f, r, amount, &f->shape->spoils[kind]);
        return;
    }
    put(f, r->bytes, r->length, amount);
    if (f->shape->spoils && draw_chance(&f->draw, f->sample->mix.repeated)) put_again(f, r, amount);
    if (!kinds || !f->sample->mix.every_reason) return;
    while (f->spoiled < kinds && !is_usable(f, &f->shape->spoils[f->spoiled])) f->spoiled++;
    if (f->spoiled == kinds + lengths) return;
    if (f->spoiled == kinds)
        put_length(f, r);
    else
        put_spoiled(f, r, amount, &f->shape->spoils[f->spoiled]);
    f->spoiled++;
}

static void write_companion(const struct source_file *f, const char *suffix, const char *text)
{
    char path[4200];
    snprintf(path, sizeof path, "%s%s", f->path, suffix);
    FILE *out = fopen(path, "wb");
    if (!out || fputs(text, out) < 0 || fclose(out) != 0) fail(f, "write the companion of");
}

void source_file_close(struct source_file *f)
{
    char text[128];
    if (f->shape->complete == COMPLETE_TRAILER) {
        int used = snprintf(text, sizeof text, "TRL%010llu", (unsigned long long)f->records);
        if (f->shape->sum_width)
            snprintf(text + used, sizeof text - (size_t)used, "%c%0*lld", f->sum < 0 ? '-' : '+',
                     (int)f->shape->sum_width - 1, llabs((long long)f->sum));
        write_mark(f, text);
    }
    bool ok = f->gzip ? gzclose(f->gzip) == Z_OK : fclose(f->plain) == 0;
    if (!ok) fail(f, "finish");
    if (f->shape->complete == COMPLETE_CTL) {
        snprintf(text, sizeof text, "records=%llu\nbytes=%llu\n", (unsigned long long)f->records,
                 (unsigned long long)f->bytes);
        write_companion(f, ".ctl", text);
    }
    if (f->shape->complete == COMPLETE_OK) write_companion(f, ".ok", "");
}
