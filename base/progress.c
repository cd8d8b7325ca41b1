#include "base/progress.h"

#include "base/os.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const uint64_t SECOND_NS = 1000000000u;
static const uint64_t REDRAW_NS = 100000000u;       /* ten times a second: smooth, and cheap over a slow line */
static const uint64_t PLAIN_LINE_NS = 10000000000u; /* ten seconds */

enum { LABEL_MAX = 48, AMOUNT_MAX = 80, NUMBERS_MAX = 5 * AMOUNT_MAX, BAR_MAX = 40 };

struct progress {
    char label[LABEL_MAX], unit[LABEL_MAX];
    uint64_t total, start_ns;
    uint64_t (*now_ns)(void);
    int fd, width;
    bool terminal;
    _Atomic uint64_t done;
    _Atomic uint64_t due_ns; /* when the next line may be written; the thread that moves it on writes it */
};

struct progress *progress_new(const struct progress_options *o)
{
    if (o->quiet) return NULL;
    struct progress *p = calloc(1, sizeof *p);
    ensure(p);
    snprintf(p->label, sizeof p->label, "%s", o->label);
    snprintf(p->unit, sizeof p->unit, "%s", o->unit);
    p->total = o->total;
    p->fd = o->fd ? o->fd : STDERR_FILENO;
    p->now_ns = o->now_ns ? o->now_ns : os_monotonic_ns;
    p->terminal = o->terminal || isatty(p->fd);
    struct winsize w;
    p->width = o->width ? o->width : ioctl(p->fd, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
    p->start_ns = p->now_ns();
    atomic_store(&p->due_ns, p->start_ns + (p->terminal ? REDRAW_NS : PLAIN_LINE_NS));
    return p;
}

static bool counts_bytes(const struct progress *p)
{
    return strcmp(p->unit, "bytes") == 0;
}

/* "709 MB", "2.20 M records"; three digits are what an eye takes in. An empty unit leaves the name out. */
static void write_amount(char out[AMOUNT_MAX], double amount, bool bytes, const char *unit)
{
    static const char *const BYTES[] = {" B", " kB", " MB", " GB", " TB"};
    static const char *const THINGS[] = {"", " k", " M", " G", " T"};
    int i = 0;
    while (amount >= 999.5 && i < 4) amount /= 1000, i++;
    int decimals = i == 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
    snprintf(out, AMOUNT_MAX, "%.*f%s%s%s", decimals, amount, bytes ? BYTES[i] : THINGS[i], !bytes && *unit ? " " : "",
             bytes ? "" : unit);
}

static void write_time_left(char out[AMOUNT_MAX], double seconds)
{
    unsigned s = seconds < 359999 ? (unsigned)(seconds + 0.5) : 359999;
    snprintf(out, AMOUNT_MAX, "  %u:%02u:%02u left", s / 3600, s / 60 % 60, s % 60);
}

static void write_numbers(char out[NUMBERS_MAX], const struct progress *p, uint64_t done, uint64_t elapsed_ns)
{
    char amount[AMOUNT_MAX], total[AMOUNT_MAX], rate[AMOUNT_MAX], left[AMOUNT_MAX] = "";
    bool bytes = counts_bytes(p);
    double per_second = elapsed_ns ? (double)done * (double)SECOND_NS / (double)elapsed_ns : 0;
    write_amount(rate, per_second, bytes, "");
    write_amount(amount, (double)done, bytes, p->total ? "" : p->unit);
    if (!p->total) {
        snprintf(out, NUMBERS_MAX, "%s  %s/s", amount, rate);
        return;
    }
    write_amount(total, (double)p->total, bytes, p->unit);
    if (done && done < p->total && per_second > 0) write_time_left(left, (double)(p->total - done) / per_second);
    double share = done >= p->total ? 1 : (double)done / (double)p->total;
    snprintf(out, NUMBERS_MAX, "%3u %%  %s of %s  %s/s%s", (unsigned)(share * 100), amount, total, rate, left);
}

static void draw(struct progress *p, uint64_t now)
{
    char numbers[NUMBERS_MAX], bar[BAR_MAX + 4] = "", line[NUMBERS_MAX + LABEL_MAX + BAR_MAX + 16];
    uint64_t done = atomic_load(&p->done);
    write_numbers(numbers, p, done, now - p->start_ns);
    /* The last column stays free: writing there wraps the line on some terminals. */
    int room = p->width - 1 - (int)strlen(p->label) - 2 - (int)strlen(numbers) - 4;
    if (room > BAR_MAX - 1) room = BAR_MAX - 1;
    if (p->terminal && p->total && room >= 5) {
        int full = done >= p->total ? room : (int)((double)done / (double)p->total * room);
        bar[0] = '[';
        memset(bar + 1, '#', (size_t)full);
        memset(bar + 1 + full, '-', (size_t)(room - full));
        memcpy(bar + 1 + room, "]  ", 4);
    }
    int n = snprintf(line, sizeof line, "%s%s  %s%s", p->terminal ? "\r" : "", p->label, bar, numbers);
    if (p->terminal && n > p->width) n = p->width; /* "\r" takes no column */
    if (n < 0 || (size_t)n + 4 > sizeof line) return;
    memcpy(line + n, p->terminal ? "\033[K" : "\n", 4 - 2 * !p->terminal);
    n += p->terminal ? 3 : 1;
    (void)!write(p->fd, line, (size_t)n);
}

void progress_add(struct progress *p, uint64_t done)
{
    if (!p) return;
    atomic_fetch_add_explicit(&p->done, done, memory_order_relaxed);
    uint64_t now = p->now_ns(), due = atomic_load_explicit(&p->due_ns, memory_order_relaxed);
    if (now < due) return;
    if (atomic_compare_exchange_strong(&p->due_ns, &due, now + (p->terminal ? REDRAW_NS : PLAIN_LINE_NS))) draw(p, now);
}

void progress_finish(struct progress *p)
{
    if (p && p->terminal) (void)!write(p->fd, "\r\033[K", 4);
    free(p);
}
