#include "base/conf_scan.h"

#include "base/os.h"

#include <iniparser/iniparser.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

/* Two readers, one result: the scanner below knows sections, keys, lines and refuses what iniparser 4.1 spoils without
 * a word; it hands iniparser a copy of the file without comments, and the values are the ones iniparser gives back.
 * Where the two disagree the file is refused (it would be a trap that the scanner does not know yet). The copy is a
 * memory file, so both see the same bytes even when somebody saves the file meanwhile.
 *
 * What iniparser does with a file that was not checked: a repeated key or section is merged, the last value wins; "Key"
 * and "key" are the same; [section] with a comment behind it is an error, or a key when the comment holds "="; a
 * comment that ends in a backslash swallows the next line; text after a closing quote is dropped; a missing closing
 * quote is ignored.
 */

struct scan {
    struct conf *conf;
    struct section *section; /* the one the current line is in */
    struct buf copy;         /* the same lines for iniparser */
    int line;
};

static bool fail_line(const struct scan *s, struct status *st, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
static bool fail_line(const struct scan *s, struct status *st, const char *format, ...)
{
    char message[STATUS_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return status_fail(st, STATUS_USAGE, "%s:%d: %s", s->conf->path, s->line, message);
}

/* Names go through iniparser as "section:key" in lower case; what would not come back the same is refused. */
static bool check_name(const struct scan *s, const char *what, struct view name, const char *refused, struct status *st)
{
    if (name.length == 0) return fail_line(s, st, "the %s has no name", what);
    for (size_t i = 0; i < name.length; i++) {
        char c = name.bytes[i];
        if (c >= 'A' && c <= 'Z') {
            fail_line(s, st, "%s \"%.*s\": names are written in lower case", what, VIEW_PRINT(name));
            return status_hint(st, "write \"%c\" instead of \"%c\"", c | 0x20, c);
        }
        if ((unsigned char)c < ' ' || strchr(refused, c))
            return fail_line(s, st, "%s \"%.*s\": the character \"%c\" cannot be part of a name", what,
                             VIEW_PRINT(name), (unsigned char)c < ' ' ? '?' : c);
    }
    return true;
}

static bool is_comment(struct view text)
{
    return text.length == 0 || text.bytes[0] == ';' || text.bytes[0] == '#';
}

static bool scan_section(struct scan *s, struct view line, struct status *st)
{
    const char *close = memchr(line.bytes, ']', line.length);
    if (!close) return fail_line(s, st, "section \"%.*s\" has no closing \"]\"", VIEW_PRINT(line));
    struct view name = view_trim((struct view){line.bytes + 1, (size_t)(close - line.bytes) - 1});
    struct view rest = view_trim((struct view){close + 1, line.length - (size_t)(close - line.bytes) - 1});
    if (!is_comment(rest))
        return fail_line(s, st, "text \"%.*s\" behind section [%.*s]", VIEW_PRINT(rest), VIEW_PRINT(name));
    if (!check_name(s, "section", name, "[]:=;#\"'\t", st)) return false;
    const struct section *other = conf_find_section(s->conf, name);
    if (other) {
        fail_line(s, st, "section [%.*s] is there a second time, first in line %d", VIEW_PRINT(name), other->line);
        return status_hint(st, "move its keys to line %d and remove the second heading", other->line);
    }
    if (s->conf->section_count == CONF_SECTIONS_MAX)
        return fail_line(s, st, "more than %d sections", CONF_SECTIONS_MAX);
    s->section = &s->conf->sections[s->conf->section_count++];
    *s->section = (struct section){.name = arena_dup(&s->conf->arena, name), .line = s->line};
    buf_addf(&s->copy, "[%s]", s->section->name);
    return true;
}

/* A value in quotes: *value is what stands between them, *written includes them. */
static bool scan_quoted(const struct scan *s, struct view text, struct view *value, struct view *written,
                        struct status *st)
{
    const char *close = memchr(text.bytes + 1, text.bytes[0], text.length - 1);
    if (!close) return fail_line(s, st, "the value %.*s has no closing quote", VIEW_PRINT(text));
    size_t length = (size_t)(close - text.bytes) + 1;
    struct view rest = view_trim((struct view){close + 1, text.length - length});
    if (!is_comment(rest)) {
        fail_line(s, st, "text \"%.*s\" behind the closing quote", VIEW_PRINT(rest));
        return status_hint(st, "put the whole value in quotes; a quote of the same kind cannot be inside");
    }
    *written = (struct view){text.bytes, length};
    *value = (struct view){text.bytes + 1, length - 2};
    return true;
}

/* A bare value ends at ; or # behind a blank (a comment, docs/formats.md). Without the blank it may be part of a
 * password or a pattern: iniparser would cut it silently, so it has to be said. */
static bool scan_bare(const struct scan *s, struct view text, struct view *value, struct status *st)
{
    size_t end = 0;
    while (end < text.length && text.bytes[end] != ';' && text.bytes[end] != '#') end++;
    if (end < text.length && end > 0 && text.bytes[end - 1] != ' ' && text.bytes[end - 1] != '\t') {
        fail_line(s, st, "the value is cut at \"%c\" without a blank before it", text.bytes[end]);
        return status_hint(st, "put the value in \"quotes\" if \"%c\" belongs to it, or a blank before the comment",
                           text.bytes[end]);
    }
    *value = view_trim((struct view){text.bytes, end});
    const char *quote = end < text.length ? memchr(value->bytes, '"', value->length) : NULL;
    if (quote) {
        fail_line(s, st, "the value is cut at \"%c\" although it holds a quote", text.bytes[end]);
        return status_hint(st, "put the whole value in 'quotes'");
    }
    return true;
}

static bool add_key(struct scan *s, struct view name, struct view value, struct status *st)
{
    struct section *section = s->section;
    if (section->key_count == CONF_KEYS_MAX)
        return fail_line(s, st, "more than %d keys in section [%s]", CONF_KEYS_MAX, section->name);
    if (section->key_count == section->key_capacity) {
        int capacity = section->key_capacity ? section->key_capacity * 2 : 16;
        struct key *keys = arena_array(&s->conf->arena, struct key, capacity);
        if (section->key_count) memcpy(keys, section->keys, sizeof *keys * (size_t)section->key_count);
        section->keys = keys;
        section->key_capacity = capacity;
    }
    section->keys[section->key_count++] = (struct key){
        .name = arena_dup(&s->conf->arena, name), .value = arena_dup(&s->conf->arena, value), .line = s->line};
    return true;
}

static bool scan_key(struct scan *s, struct view line, struct status *st)
{
    const char *equals = memchr(line.bytes, '=', line.length);
    if (!equals) {
        fail_line(s, st, "\"%.*s\" is neither [section] nor key = value", VIEW_PRINT(line));
        return status_hint(st, "a comment begins with ; or #, a long value cannot go on in the next line");
    }
    struct view name = view_trim((struct view){line.bytes, (size_t)(equals - line.bytes)});
    struct view text = view_trim((struct view){equals + 1, line.length - (size_t)(equals - line.bytes) - 1});
    if (!check_name(s, "key", name, "[]:;#\"' \t", st)) return false;
    if (!s->section) return fail_line(s, st, "key \"%.*s\" stands before the first [section]", VIEW_PRINT(name));
    const struct key *other = conf_find_key(s->section, name);
    if (other) {
        fail_line(s, st, "key \"%s\" is there a second time in [%s], first in line %d", other->name, s->section->name,
                  other->line);
        return status_hint(st, "remove one of the two lines");
    }
    struct view value, written = {0};
    if (text.length && (text.bytes[0] == '"' || text.bytes[0] == '\'')) {
        if (!scan_quoted(s, text, &value, &written, st)) return false;
    } else {
        if (!scan_bare(s, text, &value, st)) return false;
        if (value.length && value.bytes[value.length - 1] == '\\') {
            fail_line(s, st, "the value ends in a backslash; lines cannot be continued");
            return status_hint(st, "put the value in \"quotes\" if the backslash belongs to it");
        }
        written = value;
    }
    buf_addf(&s->copy, "%.*s = %.*s", VIEW_PRINT(name), VIEW_PRINT(written));
    return add_key(s, name, value, st);
}

static bool scan_line(struct scan *s, struct view raw, struct status *st)
{
    struct view line = view_trim(raw);
    if (raw.length > CONF_LINE_MAX)
        return fail_line(s, st, "the line has %zu bytes, at most %d are allowed", raw.length, CONF_LINE_MAX);
    /* Zero ends a string, and \v \f are blanks for iniparser: what nobody sees must not change a value. */
    for (size_t i = 0; i < raw.length; i++)
        if ((unsigned char)raw.bytes[i] < ' ' && raw.bytes[i] != '\t')
            return fail_line(s, st, "control character 0x%02x in column %zu: not a text file", raw.bytes[i], i + 1);
    bool ok = is_comment(line) || (line.bytes[0] == '[' ? scan_section(s, line, st) : scan_key(s, line, st));
    buf_add_text(&s->copy, "\n"); /* comments become empty lines: the numbers stay the same */
    return ok;
}

/* Configuration is UTF-8 everywhere, whatever the encoding of the data. */
static bool check_utf8(const struct scan *s, struct view line, struct status *st)
{
    if (buf_is_utf8(line)) return true;
    fail_line(s, st, "the line is not UTF-8");
    return status_hint(st, "convert the file: iconv -f gb18030 -t utf-8 %s", s->conf->path);
}

static bool scan_file(struct scan *s, struct view text, struct status *st)
{
    if (text.length >= 3 && memcmp(text.bytes, "\xef\xbb\xbf", 3) == 0) text.bytes += 3, text.length -= 3;
    while (text.length) {
        const char *end = memchr(text.bytes, '\n', text.length);
        size_t length = end ? (size_t)(end - text.bytes) : text.length;
        struct view line = {text.bytes, length};
        s->line++;
        if (length && line.bytes[length - 1] == '\r') line.length--;
        if (!check_utf8(s, line, st)) return false;
        if (!scan_line(s, line, st)) return false;
        text.bytes += length + (end != NULL);
        text.length -= length + (end != NULL);
    }
    return true;
}

/* --- iniparser --- */

static _Thread_local char parser_message[200];

static int keep_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int keep_message(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(parser_message, sizeof parser_message, format, args);
    va_end(args);
    parser_message[strcspn(parser_message, "\n")] = 0;
    return n;
}

static void set_callback(void)
{
    iniparser_set_error_callback(keep_message); /* its own habit is to print to stderr */
}

static dictionary *parse_copy(const struct scan *s, struct status *st)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char name[64];
    dictionary *d = NULL;
    int fd = os_open_memory("crmx-conf", st);
    if (fd < 0) return NULL;
    pthread_once(&once, set_callback);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    parser_message[0] = 0;
    if (s->copy.length == 0 || os_write(fd, s->conf->path, s->copy.bytes, s->copy.length, st)) {
        d = iniparser_load(name);
        if (!d) status_fail(st, STATUS_CORRUPT, "%s: iniparser refused it: %s", s->conf->path, parser_message);
    }
    os_close(fd);
    return d;
}

/* Takes the values from iniparser and checks that both readers saw the same. */
static bool take_values(const struct scan *s, struct status *st)
{
    dictionary *d = parse_copy(s, st);
    if (!d) return false;
    bool ok = true;
    for (int i = 0; ok && i < s->conf->section_count; i++) {
        struct section *section = &s->conf->sections[i];
        for (int k = 0; ok && k < section->key_count; k++) {
            char name[2 * CONF_LINE_MAX + 2];
            struct key *key = &section->keys[k];
            snprintf(name, sizeof name, "%s:%s", section->name, key->name);
            const char *value = iniparser_getstring(d, name, NULL);
            ok = value && strcmp(value, key->value) == 0;
            if (ok) continue;
            /* A code of its own: the fuzzer (tests/fuzz/fuzz_conf.c) looks for exactly this. */
            status_fail(st, STATUS_CORRUPT, "%s:%d: [%s] %s: \"%s\" was written, iniparser reads \"%s\"", s->conf->path,
                        key->line, section->name, key->name, key->value, value ? value : "(nothing)");
            status_hint(st, "put the value in \"quotes\"");
        }
    }
    iniparser_freedict(d);
    return ok;
}

bool conf_scan(struct conf *c, struct status *st)
{
    struct scan s = {.conf = c};
    struct buf text;
    buf_init(&text, CONF_FILE_MAX);
    buf_init(&s.copy, CONF_FILE_MAX + CONF_FILE_MAX / 4); /* "a=1" becomes "a = 1" */
    bool ok = os_read_file(c->path, &text, st) && scan_file(&s, buf_view(&text), st);
    if (ok && buf_full(&s.copy)) ok = status_fail(st, STATUS_USAGE, "%s: the file is too large", c->path);
    ok = ok && take_values(&s, st);
    buf_release(&s.copy);
    buf_release(&text);
    return ok;
}
