#include "etl/ledger.h"

#include "base/arena.h"
#include "base/os.h"
#include "etl/ledger_line.h"

#include <inttypes.h>
#include <stdio.h>

struct ledger {
    struct arena arena;
    const char *path, *unit, *target;
    char *notice;
    int fd;        /* also holds the lock; -1: opened for reading */
    uint64_t size; /* bytes of whole, checked lines */
    uint64_t lines;
    uint64_t check; /* of the last line: the seed of the next */
    bool broken;    /* a write or fsync failed */
    struct ledger_set *sets;
    int sets_count, sets_capacity;
    struct ledger_resync resync;
};

/* --- states --- */

#define TO(state) (1u << LEDGER_##state)

static const unsigned SET_MAY_BECOME[LEDGER_STATES_COUNT] = {
    [LEDGER_NONE] = TO(PREPARED) | TO(DELIVERED),
    [LEDGER_PREPARED] = TO(UPLOADED) | TO(PREPARED) | TO(DELIVERED),
    [LEDGER_UPLOADED] = TO(COMMITTING) | TO(PREPARED) | TO(DELIVERED),
    [LEDGER_COMMITTING] = TO(DELIVERED) | TO(UNKNOWN) | TO(PREPARED) | TO(ACKED),
    [LEDGER_DELIVERED] = TO(ACKED) | TO(UNKNOWN) | TO(PREPARED),
    [LEDGER_UNKNOWN] = TO(COMMITTING) | TO(DELIVERED) | TO(PREPARED) | TO(ACKED),
    [LEDGER_ACKED] = TO(PREPARED),
};
static const unsigned FILE_MAY_BECOME[LEDGER_STATES_COUNT] = {
    [LEDGER_NONE] = TO(PREPARED),
    [LEDGER_PREPARED] = TO(UPLOADED) | TO(PREPARED),
    [LEDGER_UPLOADED] = TO(COMMITTING) | TO(PREPARED),
    [LEDGER_COMMITTING] = TO(DELIVERED) | TO(UNKNOWN) | TO(PREPARED),
    [LEDGER_DELIVERED] = TO(PREPARED),
    [LEDGER_UNKNOWN] = TO(DELIVERED) | TO(PREPARED),
};

static struct ledger_file *find_file(const struct ledger_set *s, struct view name)
{
    for (int i = 0; i < s->files_count; i++)
        if (view_is(name, s->files[i].name)) return &s->files[i];
    return NULL;
}

static struct ledger_set *find_set(const struct ledger *l, struct ledger_key key)
{
    for (int i = l->sets_count - 1; i >= 0; i--) /* the wanted one is nearly always the last */
        if (ledger_key_compare(l->sets[i].key, key) == 0) return &l->sets[i];
    return NULL;
}

/* May this line follow what the ledger holds? A new set must be the latest one: deltas never pass each other. */
static bool allowed(const struct ledger *l, const struct ledger_line *line)
{
    const struct ledger_set *s = find_set(l, line->key);
    if (line->is_resync) return s && line->file.length == 0;
    if (!s && l->sets_count && ledger_key_compare(line->key, l->sets[l->sets_count - 1].key) < 0) return false;
    if (line->file.length == 0) return SET_MAY_BECOME[s ? s->state : LEDGER_NONE] >> line->state & 1;
    const struct ledger_file *f = s ? find_file(s, line->file) : NULL;
    if (!f && s && s->files_count == LEDGER_FILES_MAX) return false;
    return FILE_MAY_BECOME[f ? f->state : LEDGER_NONE] >> line->state & 1;
}

static void copy_value(char *to, size_t capacity, struct view value)
{
    snprintf(to, capacity, "%.*s", (int)value.length, value.length ? value.bytes : "");
}

static struct ledger_set *set_for(struct ledger *l, struct ledger_key key)
{
    struct ledger_set *s = find_set(l, key);
    if (s) return s;
    if (l->sets_count == l->sets_capacity) {
        l->sets_capacity = l->sets_capacity ? l->sets_capacity * 2 : 64;
        l->sets = realloc(l->sets, sizeof *l->sets * (size_t)l->sets_capacity);
        ensure(l->sets);
    }
    s = &l->sets[l->sets_count++];
    *s = (struct ledger_set){.key = key, .detail = ""};
    return s;
}

static struct ledger_file *new_file(struct ledger *l, struct ledger_set *s)
{
    if (s->files_count == s->files_capacity) {
        int capacity = s->files_capacity ? s->files_capacity * 2 : 16;
        struct ledger_file *files = arena_array(&l->arena, struct ledger_file, capacity);
        if (s->files_count) memcpy(files, s->files, sizeof *files * (size_t)s->files_count);
        s->files = files;
        s->files_capacity = capacity;
    }
    return &s->files[s->files_count++];
}

static void apply_file(struct ledger *l, struct ledger_set *s, const struct ledger_line *line)
{
    struct ledger_file *f = find_file(s, line->file);
    if (!f) {
        f = new_file(l, s);
        f->name = arena_dup(&l->arena, line->file);
    }
    f->state = line->state;
    struct view bytes = ledger_detail_value(line->detail, "bytes");
    if (line->state != LEDGER_PREPARED || bytes.length == 0) return;
    f->preparation = s->preparation + 1;
    f->bytes = strtoull(bytes.bytes, NULL, 10);
    copy_value(f->sha256, sizeof f->sha256, ledger_detail_value(line->detail, "sha256"));
}

static void apply_set(struct ledger *l, struct ledger_set *s, const struct ledger_line *line)
{
    s->state = line->state;
    s->detail = arena_dup(&l->arena, line->detail);
    if (line->state == LEDGER_COMMITTING) s->was_committing = true;
    struct view manifest = ledger_detail_value(line->detail, "manifest");
    if (line->state != LEDGER_PREPARED || manifest.length == 0) return;
    s->preparation++;
    s->was_committing = false;
    copy_value(s->manifest, sizeof s->manifest, manifest);
    copy_value(s->generation, sizeof s->generation, ledger_detail_value(line->detail, "generation"));
    if (!ledger_key_parse_view(ledger_detail_value(line->detail, "basis"), &s->basis))
        s->basis = (struct ledger_key){0};
}

static void apply_resync(struct ledger *l, const struct ledger_line *line)
{
    l->resync = (struct ledger_resync){.there = true, .after = line->key, .detail = arena_dup(&l->arena, line->detail)};
    if (!ledger_key_parse_view(ledger_detail_value(line->detail, "from"), &l->resync.from))
        l->resync.from = (struct ledger_key){0};
}

static void apply(struct ledger *l, const struct ledger_line *line)
{
    if (line->is_resync) {
        apply_resync(l, line);
        return;
    }
    struct ledger_set *s = set_for(l, line->key);
    copy_value(s->changed, sizeof s->changed, line->time);
    if (line->file.length)
        apply_file(l, s, line);
    else
        apply_set(l, s, line);
}

/* --- reading --- */

static bool refuse(const struct ledger *l, struct status *st, const char *what)
{
    status_fail(st, STATUS_CORRUPT, "ledger \"%s\" line %" PRIu64 ": %s", l->path, l->lines + 1, what);
    return status_hint(
        st, "restore the file from a backup; without one: move it away, look what the receiver has, and tell "
            "crmx the last set it has: crmx help delivery resolve");
}

static bool read_head(struct ledger *l, const struct ledger_line *line, struct status *st)
{
    struct view unit = ledger_detail_value(line->detail, "unit");
    struct view target = ledger_detail_value(line->detail, "target");
    if ((l->unit && !view_is(unit, l->unit)) || (l->target && !view_is(target, l->target))) {
        status_fail(st, STATUS_CORRUPT, "ledger \"%s\" belongs to unit %.*s, target %.*s, not to unit %s, target %s",
                    l->path, VIEW_PRINT(unit), VIEW_PRINT(target), l->unit, l->target);
        return status_hint(st, "each unit and target has its own ledger: look which file was copied over it");
    }
    l->unit = arena_dup(&l->arena, unit);
    l->target = arena_dup(&l->arena, target);
    return true;
}

static bool take_line(struct ledger *l, const struct ledger_line *line, struct status *st)
{
    if (line->number != l->lines + 1) return refuse(l, st, "its number does not follow the line before it");
    if (line->is_head != (l->lines == 0)) return refuse(l, st, "the head line is not where it belongs");
    if (line->is_head) {
        if (!read_head(l, line, st)) return false;
    } else {
        if (!allowed(l, line)) return refuse(l, st, "this state cannot follow the one before it");
        apply(l, line);
    }
    l->lines++;
    l->check = line->check;
    return true;
}

/* A crash tears one line. A bad end that holds more fields than a line is two lines whose line end was changed. */
static bool may_be_torn(const char *start, size_t length)
{
    int tabs = 0;
    for (size_t i = 0; i < length; i++) tabs += start[i] == '\t';
    return tabs < LEDGER_LINE_FIELDS;
}

/* Believes whole lines from the start. A bad last line is torn (a crash while it was written) and left out. */
static bool read_lines(struct ledger *l, struct view text, struct status *st)
{
    while (l->size < text.length) {
        const char *start = text.bytes + l->size;
        size_t left = text.length - l->size;
        const char *end = memchr(start, '\n', left);
        struct ledger_line line;
        bool good = end && ledger_line_parse((struct view){start, (size_t)(end - start)}, l->check, &line);
        bool last = !end || (size_t)(end - start) + 1 == left;
        if (!good && (!last || !may_be_torn(start, left)))
            return refuse(l, st,
                          "its checksum does not fit and lines follow it: changed or damaged, not torn by a crash");
        if (!good) {
            l->notice = arena_printf(&l->arena,
                                     "ledger \"%s\": the last line (%" PRIu64 ") was torn by a crash and is cut off; "
                                     "what it asked for is found out at the target",
                                     l->path, l->lines + 1);
            return true;
        }
        if (!take_line(l, &line, st)) return false;
        l->size += (uint64_t)(end - start) + 1;
    }
    return true;
}

static bool load(struct ledger *l, struct status *st)
{
    struct buf text;
    buf_init(&text, LEDGER_BYTES_MAX);
    bool ok = os_read_file(l->path, &text, st) && read_lines(l, buf_view(&text), st);
    buf_release(&text);
    return ok;
}

/* --- writing --- */

static bool append(struct ledger *l, struct ledger_line *line, bool sync, struct status *st)
{
    char now[21];
    os_wall_clock(now);
    line->time = view_of(now);
    line->number = l->lines + 1;
    if (l->broken) return status_fail(st, STATUS_IO, "ledger \"%s\" could not be written a moment ago", l->path);
    struct buf text;
    buf_init(&text, LEDGER_LINE_MAX);
    ledger_line_add(&text, line, l->check);
    ensure(l->size + text.length <= LEDGER_BYTES_MAX);
    bool ok =
        os_write_at(l->fd, l->path, text.bytes, text.length, l->size, st) && (!sync || os_fsync(l->fd, l->path, st));
    if (ok) {
        l->size += text.length;
        l->lines++;
        l->check = line->check;
        if (!line->is_head) apply(l, line);
    }
    l->broken = !ok;
    buf_release(&text);
    return ok;
}

static bool write_head(struct ledger *l, struct status *st)
{
    char folder[OS_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", l->path);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    struct ledger_line line = {.is_head = true,
                               .detail = view_of(arena_printf(&l->arena, "unit=%s target=%s", l->unit, l->target))};
    return append(l, &line, true, st) && os_fsync_folder(slash ? folder : ".", st);
}

bool ledger_change(struct ledger *l, struct ledger_key key, const char *file, enum ledger_state to, const char *detail,
                   struct status *st)
{
    ensure(l->fd >= 0);
    struct ledger_line line = {.key = key, .file = view_of(file), .state = to, .detail = view_of(detail)};
    ensure(line.file.length <= LEDGER_NAME_MAX);
    ensure(allowed(l, &line));
    return append(l, &line, !file || to != LEDGER_PREPARED, st) ||
           status_while(st, "noting that %s %s is %s", file ? file : "set", ledger_key_format(key).text,
                        ledger_state_name(to));
}

struct ledger_resync ledger_resync(const struct ledger *l)
{
    return l->resync;
}

bool ledger_note_resync(struct ledger *l, struct ledger_key after, struct ledger_key from, const char *detail,
                        struct status *st)
{
    struct ledger_line line = {.key = after, .is_resync = true};
    line.detail =
        view_of(arena_printf(&l->arena, "from=%s %s", from.seq ? ledger_key_format(from).text : "full", detail));
    ensure(l->fd >= 0 && allowed(l, &line));
    return append(l, &line, true, st) || status_while(st, "noting that the receiver has to be brought in line again");
}

/* --- life --- */

static struct ledger *new_ledger(const char *path)
{
    struct ledger *l = calloc(1, sizeof *l);
    ensure(l);
    arena_init(&l->arena, "ledger");
    l->path = arena_dup(&l->arena, view_of(path));
    l->fd = -1;
    return l;
}

void ledger_close(struct ledger *l)
{
    if (!l) return;
    os_close(l->fd);
    free(l->sets);
    arena_release(&l->arena);
    free(l);
}

struct ledger *ledger_read(const char *path, struct status *st)
{
    struct ledger *l = new_ledger(path);
    if (os_exists(path) && !load(l, st)) {
        ledger_close(l);
        return NULL;
    }
    l->notice = NULL; /* a writer may be at work on the last line */
    return l;
}

/* The lock is on the ledger itself: no second file that could be missing or left behind. */
static bool open_locked(struct ledger *l, struct status *st)
{
    char folder[OS_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", l->path);
    char *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = 0;
        if (!os_make_folder(folder, st)) return false;
    }
    l->fd = os_lock(l->path, st);
    if (l->fd < 0 || !load(l, st)) return false;
    struct os_file_identity id;
    if (!os_identify_fd(l->fd, l->path, &id, st)) return false;
    if (id.size > l->size && (!os_truncate(l->fd, l->path, l->size, st) || !os_fsync(l->fd, l->path, st))) return false;
    return l->lines > 0 || write_head(l, st);
}

struct ledger *ledger_open(const char *path, const char *unit, const char *target, struct status *st)
{
    struct ledger *l = new_ledger(path);
    l->unit = arena_dup(&l->arena, view_of(unit));
    l->target = arena_dup(&l->arena, view_of(target));
    if (open_locked(l, st)) return l;
    status_while(st, "opening the ledger of unit %s, target %s", unit, target);
    ledger_close(l);
    return NULL;
}

const char *ledger_notice(const struct ledger *l)
{
    return l->notice;
}

const char *ledger_unit(const struct ledger *l)
{
    return l->unit ? l->unit : "";
}

const char *ledger_target(const struct ledger *l)
{
    return l->target ? l->target : "";
}

int ledger_sets_count(const struct ledger *l)
{
    return l->sets_count;
}

const struct ledger_set *ledger_set_at(const struct ledger *l, int index)
{
    return index >= 0 && index < l->sets_count ? &l->sets[index] : NULL;
}

const struct ledger_set *ledger_find(const struct ledger *l, struct ledger_key key)
{
    return find_set(l, key);
}

const struct ledger_file *ledger_find_file(const struct ledger_set *s, const char *name)
{
    return find_file(s, view_of(name));
}
