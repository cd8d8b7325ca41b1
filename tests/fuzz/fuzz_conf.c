/* Any bytes as a configuration file: it is refused with a message, or read so that a second writing of what was read
 * gives the same sections, keys and values again. That both readers (the scanner and iniparser) agree is checked by
 * conf_open. */
#include "base/buf.h"
#include "base/conf.h"
#include "base/os.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

/* Opens the bytes as a file without touching the disk. */
static struct conf *open_bytes(const void *bytes, size_t length, struct status *st)
{
    char path[64];
    int fd = os_open_memory("fuzz", st);
    ensure(fd >= 0 && os_write(fd, "fuzz", bytes, length, st));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct conf *c = conf_open(path, st);
    os_close(fd);
    return c;
}

static void write_again(struct conf *c, struct buf *out)
{
    const char *section, *key;
    for (int s = 0; (section = conf_section(c, s)); s++) {
        buf_addf(out, "[%s]\n", section);
        for (int k = 0; (key = conf_key(c, section, k)); k++) {
            const char *value = conf_get(c, section, key);
            ensure(value && conf_line(c, section, key) > 0);
            char quote = strchr(value, '"') ? '\'' : '"';
            buf_addf(out, "%s = %c%s%c\n", key, quote, value, quote);
        }
    }
}

static void assert_same(struct conf *a, struct conf *b)
{
    const char *section, *key;
    for (int s = 0; (section = conf_section(a, s)); s++) {
        ensure(conf_section(b, s) && strcmp(section, conf_section(b, s)) == 0);
        for (int k = 0; (key = conf_key(a, section, k)); k++) {
            ensure(conf_key(b, section, k) && strcmp(key, conf_key(b, section, k)) == 0);
            ensure(strcmp(conf_get(a, section, key), conf_get(b, section, key)) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct status st = {0};
    struct conf *c = open_bytes(bytes, length, &st);
    ensure((c == NULL) == (st.code != STATUS_OK));
    /* Only what the scanner knows may be refused: this one means that iniparser saw something else. */
    if (st.code == STATUS_CORRUPT) status_print(&st);
    ensure(st.code != STATUS_CORRUPT);
    if (!c) return 0;
    struct buf text;
    buf_init(&text, 1 << 20);
    write_again(c, &text);
    if (!strstr(text.bytes ? text.bytes : "", "'\"") && !buf_full(&text)) {
        struct conf *again = open_bytes(text.bytes, text.length, &st);
        /* Quotes of both kinds in one value, or a line that only quoting made too long, cannot be written. */
        if (again) assert_same(c, again);
        conf_close(again);
    }
    buf_release(&text);
    conf_close(c);
    return 0;
}
