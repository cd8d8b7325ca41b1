#include "etl/archive.h"

#include "base/date.h"
#include "etl/generation.h"

#define XXH_INLINE_ALL
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { LAYOUT_TEXT_MAX = 1 << 20 };

static bool text_hash(const char *path, struct arena *arena, const char **hash, struct status *st)
{
    struct buf text;
    buf_init(&text, LAYOUT_TEXT_MAX);
    bool ok = os_read_file(path, &text, st);
    if (ok) *hash = arena_printf(arena, "%016llx", (unsigned long long)XXH3_64bits(text.bytes, text.length));
    buf_release(&text);
    return ok;
}

/* Where the layout of a carried file stands as text: beside the file, in the generation it is carried by. */
static const char *version_path(const char *folder, const char *version, struct arena *arena)
{
    return arena_printf(arena, "%s/in/layouts/%s.ini", folder, version);
}

/* The index of the layout `name` in its version; loads it as a further layout of the unit when it is not the current
 * one. -1 and a status. */
static int version_index(struct unit *u, const char *name, const char *version, const char *path, struct arena *arena,
                         struct status *st)
{
    int current = unit_layout(u, name);
    for (int i = current < 0 ? u->layouts_count : current; i < u->layouts_count; i++) {
        if (strcmp(u->layouts[i]->name, name) != 0) continue;
        if (!u->layouts[i]->version &&
            !text_hash(arena_printf(arena, "%s/layouts/%s.ini", u->folder, name), arena, &u->layouts[i]->version, st))
            return -1;
        if (strcmp(u->layouts[i]->version, version) == 0) return i;
    }
    struct layout *old;
    if (!layout_load(path, name, arena, &old, st)) return -1;
    old->version = version;
    int index = unit_add_version(u, old, st);
    if (index < 0) return -1;
    const struct layout *base = u->layouts[u->layout_base[index]];
    return table_check_version(old, base, st) ? index : -1;
}

static struct input_file *add(struct input_set *inputs, const struct input_file *like, const char *path,
                              struct unit *unit, struct arena *arena, const char *layout_path, struct status *st)
{
    struct input_file f = *like;
    int index = version_index(unit, f.layout->name, f.version, layout_path, arena, st);
    if (index < 0) return NULL;
    f.layout = unit->layouts[index];
    f.layout_index = index;
    f.space = unit->layout_space[index];
    f.path = arena_dup(arena, view_of(path));
    uint64_t size = f.identity.size;
    f.bytes = NULL;
    if (input_open(&f, st) && f.identity.size != size) {
        status_fail(st, STATUS_CORRUPT, "archived input \"%s\" has %llu bytes, the generation was made from %llu", path,
                    (unsigned long long)f.identity.size, (unsigned long long)size);
        status_hint(st, "see what else is damaged: crmx generation verify --unit %s", unit->id);
    }
    if (st->code == STATUS_OK) return input_add_carried(inputs, &f);
    os_unmap_file(f.bytes, f.identity.size);
    return NULL;
}

void archive_add_origin(struct input_file *f, uint32_t first, const char *night, const char *name, struct arena *arena)
{
    uint32_t n = f->origins_count++;
    if ((n & (n - 1)) == 0) {
        f->origins = realloc(f->origins, (n ? 2 * (size_t)n : 1) * sizeof *f->origins);
        ensure(f->origins);
    }
    f->origins[n] = (struct input_origin){first, arena_dup(arena, view_of(night)), arena_dup(arena, view_of(name))};
    f->stride = f->layout->record_length + INPUT_ORIGIN_SIZE;
}

/* Movements go when the days of the month's detail go that point into them. night: when it arrived, "DATE…". */
static bool is_kept(const struct input_file *f, const char *night, int32_t detail_from)
{
    enum layout_class c = f->layout->class;
    int32_t date = DATE_NONE;
    if (c == LAYOUT_TRANSACTION && date_parse((struct view){night, 10}, &date) && date < detail_from) return false;
    return f->records_max && f->accepted && !layout_is_reference(f->layout);
}

static void copy_origins(struct input_file *to, const struct input_file *from, struct arena *arena)
{
    for (uint32_t i = 0; i < from->origins_count; i++)
        archive_add_origin(to, from->origins[i].first, from->origins[i].night, from->origins[i].name, arena);
}

static bool copy_segments(struct input_file *to, const struct input_file *from)
{
    to->segments = malloc((from->segments_count + 1u) * sizeof *to->segments);
    ensure(to->segments);
    if (from->segments_count) memcpy(to->segments, from->segments, from->segments_count * sizeof *to->segments);
    return true;
}

uint32_t archive_relation_shift(const struct generation *old, int layout_index)
{
    const struct unit *u = old->unit;
    int space = u->layout_space[layout_index];
    uint32_t shift = 0;
    if (!u->relations_apart || u->layouts[layout_index]->class != LAYOUT_RELATION) return 0;
    for (int i = 0; i < space; i++)
        if (u->layouts[i]->class == LAYOUT_RELATION && u->layout_space[i] == i &&
            u->layout_system[i] == u->layout_system[space])
            shift += input_space(&old->inputs, i);
    return shift;
}

static bool carry_file(const struct generation *old, const struct input_file *from, struct unit *unit,
                       struct input_set *inputs, struct arena *arena, struct status *st)
{
    struct input_file like = *from;
    like.record_base += archive_relation_shift(old, from->layout_index);
    like.chunks = NULL;
    like.chunks_count = 0;
    like.actions = NULL;
    like.origins = NULL;
    like.origins_count = 0;
    like.name = arena_dup(arena, view_of(from->name));
    like.night = arena_dup(arena, view_of(from->night ? from->night : old->id));
    const char *layout_path = arena_printf(arena, "%s/param/layouts/%s.ini", old->folder, from->layout->name);
    if (from->version) {
        like.version = arena_dup(arena, view_of(from->version));
        layout_path = version_path(old->folder, like.version, arena);
    } else if (!text_hash(layout_path, arena, &like.version, st)) {
        return false;
    }
    struct input_file *f = add(inputs, &like, from->path, unit, arena, layout_path, st);
    if (!f) return false;
    copy_origins(f, from, arena);
    return copy_segments(f, from);
}

bool archive_carry(const struct generation *old, struct unit *unit, int32_t detail_from, struct input_set *inputs,
                   struct arena *arena, struct status *st)
{
    for (int i = 0; i < old->inputs.files_count; i++)
        if (is_kept(&old->inputs.files[i], old->id, detail_from) &&
            !carry_file(old, &old->inputs.files[i], unit, inputs, arena, st))
            return status_while(st, "carrying on the archived inputs of generation %s", old->id);
    for (int i = 0; i < old->inputs.carried_count; i++)
        if (is_kept(&old->inputs.carried[i], old->inputs.carried[i].night, detail_from) &&
            !carry_file(old, &old->inputs.carried[i], unit, inputs, arena, st))
            return status_while(st, "carrying on the archived inputs of generation %s", old->id);
    input_sort_carried(inputs);
    return true;
}

void archive_add_lines(struct buf *out, const struct input_set *inputs)
{
    if (inputs->carried_count)
        buf_add_text(
            out,
            "# carried night name layout version bytes base records accepted hash · origin first night name · segment "
            "…\n");
    for (int i = 0; i < inputs->carried_count; i++) {
        const struct input_file *f = &inputs->carried[i];
        buf_addf(out, "carried\t%s\t%s\t%s\t%s\t%llu\t%u\t%u\t%llu\t%016llx\n", f->night, f->name, f->layout->name,
                 f->version, (unsigned long long)f->identity.size, f->record_base, f->records_max,
                 (unsigned long long)f->accepted, (unsigned long long)f->hash);
        for (uint32_t k = 0; k < f->origins_count; k++)
            buf_addf(out, "origin\t%u\t%s\t%s\n", f->origins[k].first, f->origins[k].night, f->origins[k].name);
        for (uint32_t k = 0; k < f->segments_count; k++)
            buf_addf(out, "segment\t%u\t%u\n", f->segments[k].record, f->segments[k].remainder);
    }
}

struct input_file *archive_read_line(char *field[], const char *folder, struct unit *unit, struct input_set *inputs,
                                     struct arena *arena, struct status *st)
{
    struct layout named = {.name = field[3]};
    int current = unit_layout(unit, field[3]);
    struct input_file like = {.night = arena_dup(arena, view_of(field[1])),
                              .name = arena_dup(arena, view_of(field[2])),
                              .layout = current < 0 ? &named : unit->layouts[current],
                              .version = arena_dup(arena, view_of(field[4])),
                              .record_base = (uint32_t)strtoul(field[6], NULL, 10),
                              .records_max = (uint32_t)strtoul(field[7], NULL, 10),
                              .accepted = strtoull(field[8], NULL, 10),
                              .hash = strtoull(field[9], NULL, 16)};
    like.identity.size = strtoull(field[5], NULL, 10);
    const char *path = arena_printf(arena, "%s/in/%s/%s", folder, field[1], field[2]);
    struct input_file *f = add(inputs, &like, path, unit, arena, version_path(folder, like.version, arena), st);
    if (f) f->stride = layout_stride(f->layout);
    return f;
}

const char *archive_name(const struct input_file *f, struct arena *arena)
{
    return f->night ? arena_printf(arena, "in/%s/%s", f->night, f->name) : arena_printf(arena, "in/%s", f->name);
}

/* The text of a carried file's layout lies beside it, or, when it arrived only the night before, in that generation's
 * param/. */
static bool link_version(const struct input_file *f, const char *folder, struct status *st)
{
    char to[OS_PATH_MAX], from[OS_PATH_MAX];
    snprintf(to, sizeof to, "%s/in/layouts/%s.ini", folder, f->version);
    if (os_exists(to)) return true;
    const char *in = strstr(f->path, "/in/"), *next;
    while ((next = strstr(in + 1, "/in/")) != NULL) in = next; /* the folder's own path may have such a part */
    int length = (int)(in - f->path);
    snprintf(from, sizeof from, "%.*s/in/layouts/%s.ini", length, f->path, f->version);
    if (!os_exists(from)) snprintf(from, sizeof from, "%.*s/param/layouts/%s.ini", length, f->path, f->layout->name);
    return os_link_or_copy(from, to, st);
}

bool archive_link(const struct input_set *inputs, const char *folder, struct status *st)
{
    char to[OS_PATH_MAX];
    snprintf(to, sizeof to, "%s/in/layouts", folder);
    if (inputs->carried_count && !os_make_folder(to, st)) return false;
    for (int i = 0; i < inputs->carried_count; i++) {
        const struct input_file *f = &inputs->carried[i];
        snprintf(to, sizeof to, "%s/in/%s", folder, f->night);
        if (!os_exists(to) && !os_make_folder(to, st)) return false;
        snprintf(to, sizeof to, "%s/in/%s/%s", folder, f->night, f->name);
        if (!os_link_or_copy(f->path, to, st) || !link_version(f, folder, st)) return false;
    }
    return true;
}
