#include "etl/generation.h"

#include "base/date.h"
#include "etl/archive.h"

#define XXH_INLINE_ALL
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { TEXT_FILE_MAX = 1 << 30 };

static void hex128(XXH128_hash_t h, char text[33])
{
    snprintf(text, 33, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
}

/* --- CURRENT --- */

bool generation_current_read(const char *unit_folder, struct generation_current *out, bool *there, struct status *st)
{
    char path[OS_PATH_MAX], extra;
    snprintf(path, sizeof path, "%s/CURRENT", unit_folder);
    *there = os_exists(path);
    if (!*there) return true;
    struct buf text;
    buf_init(&text, 4096);
    bool ok = os_read_file(path, &text, st);
    if (ok && (!text.bytes || sscanf(text.bytes, "%31s %32s %c", out->id, out->manifest_hash, &extra) != 2 ||
               strlen(out->manifest_hash) != 32)) {
        status_fail(st, STATUS_CORRUPT, "\"%s\" does not say which generation is current", path);
        ok = status_hint(st, "see the generations: ls %s/gen", unit_folder);
    }
    buf_release(&text);
    return ok;
}

bool generation_current_write(const char *unit_folder, const struct generation_current *c, struct status *st)
{
    char path[OS_PATH_MAX], text[128];
    snprintf(path, sizeof path, "%s/CURRENT", unit_folder);
    int n = snprintf(text, sizeof text, "%s %s\n", c->id, c->manifest_hash);
    return os_replace_file(path, (struct view){text, (size_t)n}, st);
}

/* --- INPUTS --- */

bool generation_write_inputs(const char *folder, const struct input_set *inputs, struct status *st)
{
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/INPUTS", folder);
    struct buf b;
    buf_init(&b, TEXT_FILE_MAX);
    buf_add_text(&b, "# file name layout bytes stride base records lines accepted rejected marks hash filtered · "
                     "segment record remainder\n");
    for (int i = 0; i < inputs->files_count; i++) {
        const struct input_file *f = &inputs->files[i];
        buf_addf(&b, "file\t%s\t%s\t%llu\t%u\t%u\t%u\t%llu\t%llu\t%llu\t%llu\t%016llx\t%llu\n", f->name,
                 f->layout->name, (unsigned long long)f->identity.size, f->stride, f->record_base, f->records_max,
                 (unsigned long long)f->lines, (unsigned long long)f->accepted, (unsigned long long)f->rejected,
                 (unsigned long long)f->marks, (unsigned long long)f->hash, (unsigned long long)f->filtered);
        for (uint32_t k = 0; k < f->segments_count; k++)
            buf_addf(&b, "segment\t%u\t%u\n", f->segments[k].record, f->segments[k].remainder);
    }
    archive_add_lines(&b, inputs);
    bool ok = !buf_full(&b);
    if (!ok) status_fail(st, STATUS_INPUT, "the inputs have too many records of wrong length to be addressed");
    ok = ok && os_write_file(path, buf_view(&b), st);
    buf_release(&b);
    return ok;
}

/* Splits at tabs in place; number of fields. */
static int split(char *line, char *field[], int most)
{
    int n = 0;
    for (char *p = line; p && n < most; n++) {
        field[n] = p;
        p = strchr(p, '\t');
        if (p) *p++ = 0;
    }
    return n;
}

static bool add_file(struct generation *g, char *field[], int count, struct status *st)
{
    int layout = unit_layout(g->unit, field[2]);
    if (layout < 0)
        return status_fail(st, STATUS_CORRUPT, "\"%s/INPUTS\" names the layout %s, which the unit does not have",
                           g->folder, field[2]);
    const char *path = arena_printf(&g->arena, "%s/in/%s", g->folder, field[1]);
    if (!input_add(&g->inputs, field[1], path, g->unit->layouts[layout], layout, st)) return false;
    struct input_file *f = &g->inputs.files[g->inputs.files_count - 1];
    if (!input_open(f, st)) return false;
    uint64_t size = strtoull(field[3], NULL, 10);
    if (f->identity.size != size) {
        status_fail(st, STATUS_CORRUPT, "archived input \"%s\" has %llu bytes, the generation was made from %llu", path,
                    (unsigned long long)f->identity.size, (unsigned long long)size);
        return status_hint(st, "see what else is damaged: crmx generation verify --unit %s", g->unit->id);
    }
    f->space = g->unit->layout_space[layout];
    f->stride = (uint32_t)strtoul(field[4], NULL, 10);
    f->record_base = (uint32_t)strtoul(field[5], NULL, 10);
    f->records_max = (uint32_t)strtoul(field[6], NULL, 10);
    f->lines = strtoull(field[7], NULL, 10);
    f->accepted = strtoull(field[8], NULL, 10);
    f->rejected = strtoull(field[9], NULL, 10);
    f->marks = strtoull(field[10], NULL, 10);
    f->hash = strtoull(field[11], NULL, 16);
    f->filtered = count > 12 ? strtoull(field[12], NULL, 10) : 0;
    if (f->layout->class == LAYOUT_CUSTOMER) g->inputs.customer_records_max = f->record_base + f->records_max;
    return true;
}

static bool read_inputs(struct generation *g, struct status *st)
{
    struct buf text;
    buf_init(&text, TEXT_FILE_MAX);
    bool ok = os_read_file(arena_printf(&g->arena, "%s/INPUTS", g->folder), &text, st);
    uint32_t capacity = 0;
    struct input_file *last = NULL;
    for (char *line = text.bytes; ok && line && *line;) {
        char *end = strchr(line, '\n'), *field[13];
        if (end) *end++ = 0;
        int n = split(line, field, 13);
        if (strcmp(field[0], "file") == 0 && n >= 12) {
            ok = add_file(g, field, n, st);
            capacity = 0;
            last = ok ? &g->inputs.files[g->inputs.files_count - 1] : NULL;
        } else if (strcmp(field[0], "carried") == 0 && n == ARCHIVE_FIELDS) {
            last = archive_read_line(field, g->folder, g->unit, &g->inputs, &g->arena, st);
            ok = last != NULL;
            capacity = 0;
        } else if (strcmp(field[0], "origin") == 0 && n == 4 && last) {
            archive_add_origin(last, (uint32_t)strtoul(field[1], NULL, 10), field[2], field[3], &g->arena);
        } else if (strcmp(field[0], "segment") == 0 && n == 3 && last) {
            struct input_file *f = last;
            if (f->segments_count == capacity) {
                capacity = capacity ? capacity * 2 : 16;
                f->segments = realloc(f->segments, capacity * sizeof *f->segments);
                ensure(f->segments);
            }
            f->segments[f->segments_count++] =
                (struct input_segment){(uint32_t)strtoul(field[1], NULL, 10), (uint32_t)strtoul(field[2], NULL, 10)};
        }
        line = end;
    }
    buf_release(&text);
    input_sort_carried(&g->inputs);
    if (g->inputs.customer_records_max < input_space(&g->inputs, -1))
        g->inputs.customer_records_max = input_space(&g->inputs, -1);
    return ok;
}

/* --- MANIFEST --- */

enum { MANIFEST_FILES_MAX = 65536 };

struct manifest_file {
    char *name; /* below the folder; folders end with a slash */
    uint64_t bytes;
    char hash[33];
};

struct manifest_writer {
    const char *folder, *below; /* below: "" or a subfolder with its slash */
    struct manifest_file *files;
    int *count;
    const struct generation_known *known;
    int known_count;
    struct status *st;
    bool ok;
};

static bool hash_file(const char *path, uint64_t *bytes, char hash[33], struct status *st)
{
    enum { PIECE = 1 << 20 };
    struct os_file_identity id;
    int fd = os_open_read(path, st);
    if (fd < 0) return false;
    XXH3_state_t *state = XXH3_createState();
    char *piece = malloc(PIECE);
    ensure(state && piece);
    XXH3_128bits_reset(state);
    bool ok = os_identify_fd(fd, path, &id, st);
    for (uint64_t at = 0; ok && at < id.size;) {
        size_t n = id.size - at < PIECE ? (size_t)(id.size - at) : PIECE;
        ok = os_read_at(fd, path, piece, n, at, st);
        XXH3_128bits_update(state, piece, n);
        at += n;
    }
    if (ok) {
        *bytes = id.size;
        hex128(XXH3_128bits_digest(state), hash);
    }
    XXH3_freeState(state);
    free(piece);
    os_close(fd);
    return ok;
}

/* Segments vouch for their content by hashes of their own: the manifest holds the hash of the tail, which covers the
 * index. The archived inputs were hashed while they were read; INPUTS holds that hash and is hashed here. */
static bool entry_hash(const char *path, const char *name, uint64_t *bytes, char hash[33], struct status *st)
{
    size_t n = strlen(name);
    bool segment = n > 4 && (strcmp(name + n - 4, ".seg") == 0 || strcmp(name + n - 4, ".dir") == 0);
    if (!segment && (strncmp(name, "in/", 3) != 0 || strncmp(name, "in/layouts/", 11) == 0))
        return hash_file(path, bytes, hash, st);
    enum { TAIL = 64 };
    char tail[TAIL];
    struct os_file_identity id;
    int fd = os_open_read(path, st);
    if (fd < 0) return false;
    bool ok = os_identify_fd(fd, path, &id, st);
    if (ok && !segment) {
        *bytes = id.size;
        snprintf(hash, 33, "%s", "in-INPUTS-----------------------");
    } else if (ok) {
        *bytes = id.size;
        ok = os_read_at(fd, path, tail, TAIL, id.size - TAIL, st);
        if (ok) hex128(XXH3_128bits(tail, TAIL), hash);
    }
    os_close(fd);
    return ok;
}

static bool list_file(void *context, const char *name)
{
    struct manifest_writer *m = context;
    char path[OS_PATH_MAX], relative[OS_PATH_MAX];
    struct os_file_identity id;
    if (m->below[0] == 0 && (strcmp(name, "MANIFEST") == 0 || strcmp(name, "MANIFEST.tmp") == 0)) return true;
    snprintf(relative, sizeof relative, "%s%s", m->below, name);
    snprintf(path, sizeof path, "%s/%s", m->folder, relative);
    m->ok = os_identify(path, &id, m->st);
    if (m->ok && *m->count == MANIFEST_FILES_MAX)
        m->ok = status_fail(m->st, STATUS_INPUT, "more than %d files in \"%s\"", MANIFEST_FILES_MAX, m->folder);
    if (!m->ok) return false;
    if (id.is_folder) snprintf(relative + strlen(relative), sizeof relative - strlen(relative), "/");
    m->files[*m->count].name = strdup(relative);
    ensure(m->files[(*m->count)++].name);
    if (!id.is_folder) return true;
    struct manifest_writer child = *m;
    child.below = relative;
    m->ok = os_list(path, list_file, &child, m->st) && child.ok;
    return m->ok;
}

/* One file to disk, and its hash. */
static bool settle_file(void *context, int worker, uint64_t task, struct status *st)
{
    struct manifest_writer *m = context;
    struct manifest_file *f = &m->files[task];
    char path[OS_PATH_MAX];
    (void)worker;
    size_t length = strlen(f->name);
    bool folder = f->name[length - 1] == '/';
    snprintf(path, sizeof path, "%s/%.*s", m->folder, (int)(length - folder), f->name);
    if (!os_fsync_path(path, st)) return false;
    if (folder) return true;
    for (int i = 0; i < m->known_count; i++)
        if (strcmp(m->known[i].name, f->name) == 0) {
            hex128((XXH128_hash_t){m->known[i].hash_low, m->known[i].hash_high}, f->hash);
            f->bytes = m->known[i].bytes;
            return true;
        }
    return entry_hash(path, f->name, &f->bytes, f->hash, st);
}

bool generation_write_manifest(const char *folder, const char *head, const struct generation_known *known,
                               int known_count, char hash[33], struct status *st)
{
    enum { SETTLERS = 16 }; /* they wait for the disk: many at a time cost it little more than one */
    char path[OS_PATH_MAX];
    int count = 0;
    struct manifest_writer m = {.folder = folder,
                                .below = "",
                                .files = calloc(MANIFEST_FILES_MAX, sizeof *m.files),
                                .count = &count,
                                .known = known,
                                .known_count = known_count,
                                .st = st,
                                .ok = true};
    ensure(m.files);
    struct buf b;
    buf_init(&b, TEXT_FILE_MAX);
    buf_add_text(&b, "crmx-generation\t1\n");
    buf_add_text(&b, head);
    struct pool *settlers = pool_new(SETTLERS);
    bool ok = os_list(folder, list_file, &m, st) && m.ok && pool_run(settlers, (uint64_t)count, settle_file, &m, st);
    pool_free(settlers);
    for (int i = 0; i < count; i++) {
        if (ok && m.files[i].name[strlen(m.files[i].name) - 1] != '/')
            buf_addf(&b, "file\t%s\t%llu\t%s\n", m.files[i].name, (unsigned long long)m.files[i].bytes,
                     m.files[i].hash);
        free(m.files[i].name);
    }
    free(m.files);
    snprintf(path, sizeof path, "%s/MANIFEST", folder);
    if (ok) {
        hex128(XXH3_128bits(b.bytes, b.length), hash);
        ok = os_replace_file(path, buf_view(&b), st);
    }
    buf_release(&b);
    return ok;
}

static bool read_manifest(struct generation *g, const char *expected, struct buf *text, struct status *st)
{
    const char *path = arena_printf(&g->arena, "%s/MANIFEST", g->folder);
    char hash[33];
    if (!os_read_file(path, text, st)) return false;
    hex128(XXH3_128bits(text->bytes, text->length), hash);
    if (expected && strcmp(hash, expected) != 0) {
        status_fail(st, STATUS_CORRUPT, "\"%s\" is not the manifest that was committed (hash %s, CURRENT says %s)",
                    path, hash, expected);
        return status_hint(st, "somebody changed the folder: restore it from a backup");
    }
    return true;
}

/* Empty: there is no such line. */
static struct view head_line(const char *manifest, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = manifest; line && *line; line = strchr(line, '\n'), line += line != NULL)
        if (strncmp(line, key, n) == 0 && line[n] == '\t')
            return (struct view){line + n + 1, strcspn(line + n + 1, "\n")};
    return (struct view){"", 0};
}

struct view generation_head(const struct generation *g, const char *key)
{
    return head_line(g->manifest, key);
}

bool generation_previous(const char *unit_folder, const char *id, char previous[GENERATION_ID_MAX], struct status *st)
{
    char path[OS_PATH_MAX];
    struct buf text;
    buf_init(&text, TEXT_FILE_MAX);
    snprintf(path, sizeof path, "%s/gen/%s/MANIFEST", unit_folder, id);
    bool ok = os_read_file(path, &text, st);
    if (ok) snprintf(previous, GENERATION_ID_MAX, "%.*s", VIEW_PRINT(head_line(text.bytes, "previous")));
    buf_release(&text);
    return ok || status_while(st, "looking what generation %s was built upon", id);
}

/* --- reading --- */

static bool differs(const char *path, uint64_t size, const char *now, uint64_t bytes, const char *hash,
                    struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "\"%s\" is damaged: %llu bytes, hash %s; the manifest says %llu bytes, hash %s",
                path, (unsigned long long)size, now, (unsigned long long)bytes, hash);
    return status_hint(st, "find out what else is damaged: crmx generation verify; the disk may be failing");
}

/* Before anything is believed: every file is there with its size, and what says how records are read (addresses, frozen
 * parameters, rates) has its hash. A changed offset in a layout would read other bytes as money. text: the manifest,
 * cut up here. */
static bool check_listed(struct generation *g, char *text, struct status *st)
{
    for (char *line = text; line && *line;) {
        char *end = strchr(line, '\n'), *field[4], now[33] = "(not asked)", path[OS_PATH_MAX];
        struct os_file_identity id;
        if (end) *end++ = 0;
        if (split(line, field, 4) == 4 && strcmp(field[0], "file") == 0) {
            uint64_t bytes = strtoull(field[2], NULL, 10), size;
            bool hashed = strcmp(field[1], "INPUTS") == 0 || strcmp(field[1], "rates.tsv") == 0 ||
                          strcmp(field[1], "averages.tsv") == 0 || strncmp(field[1], "param/", 6) == 0 ||
                          strncmp(field[1], "in/layouts/", 11) == 0;
            snprintf(path, sizeof path, "%s/%s", g->folder, field[1]);
            if (!os_identify(path, &id, st) || (hashed && !hash_file(path, &size, now, st))) {
                if (!os_exists(path))
                    st->code = STATUS_CORRUPT; /* a missing file is damage, not a refusal of the system */
                return status_while(st, "checking the generation against its manifest");
            }
            if (id.size != bytes || (hashed && strcmp(now, field[3]) != 0))
                return differs(path, id.size, now, bytes, field[3], st);
        }
        line = end;
    }
    return true;
}

static uint64_t head_number(const struct generation *g, const char *key, uint64_t otherwise)
{
    struct view text = generation_head(g, key);
    return text.length ? strtoull(text.bytes, NULL, 10) : otherwise;
}

static bool read_head(struct generation *g, const char *id, struct status *st)
{
    static const char *const NEEDED[] = {"unit", "first_number", "customers", "partition_customers"};
    bool whole = date_parse(generation_head(g, "business_date"), &g->business_date);
    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++) whole &= generation_head(g, NEEDED[i]).length > 0;
    if (!whole) return status_fail(st, STATUS_CORRUPT, "the manifest of generation %s lacks its head lines", id);
    g->first_number = head_number(g, "first_number", 0);
    g->customers = head_number(g, "customers", 0);
    g->numbers = head_number(g, "numbers", g->customers);
    g->partition_customers = (uint32_t)head_number(g, "partition_customers", 0);
    g->identity_form = (int)head_number(g, "identity_form", 1);
    if (g->identity_form > IDENTITY_FORM) {
        status_fail(st, STATUS_CORRUPT, "generation %s has ID numbers in form %d, this program knows form %d", id,
                    g->identity_form, IDENTITY_FORM);
        return status_hint(st, "it was made by a newer program: use that one");
    }
    const char *unit = arena_dup(&g->arena, generation_head(g, "unit"));
    if (!unit_load(arena_printf(&g->arena, "%s/param", g->folder), unit, &g->arena, &g->unit, st)) return false;
    if (!generation_head(g, "relation_ids").length) unit_relations_apart(g->unit);
    return true;
}

static bool open_segments(struct generation *g, struct status *st)
{
    g->customer = segment_open(arena_printf(&g->arena, "%s/customer.seg", g->folder), st);
    g->source = g->customer ? segment_open(arena_printf(&g->arena, "%s/source.seg", g->folder), st) : NULL;
    if (!g->source) return false;
    for (int i = 0; i < g->tables.count; i++) {
        g->table[i] =
            segment_open(arena_printf(&g->arena, "%s/table-%s.seg", g->folder, g->tables.table[i].layout->name), st);
        if (!g->table[i]) return false;
    }
    return true;
}

static bool open_generation(struct generation *g, const char *unit_folder, const char *id, struct status *st)
{
    struct generation_current current;
    bool there;
    if (!generation_current_read(unit_folder, &current, &there, st)) return false;
    if (!there && !id) {
        status_fail(st, STATUS_USAGE, "the unit has no population yet (\"%s/CURRENT\" does not exist)", unit_folder);
        return status_hint(st, "run the initial load first: crmx run initial --unit UU --date YYYY-MM-DD");
    }
    bool is_current = !id || (there && strcmp(id, current.id) == 0);
    snprintf(g->id, sizeof g->id, "%s", id ? id : current.id);
    g->folder = arena_printf(&g->arena, "%s/gen/%s", unit_folder, g->id);
    if (!os_exists(g->folder)) {
        status_fail(st, STATUS_USAGE, "there is no generation \"%s\" in \"%s/gen\"", g->id, unit_folder);
        return status_hint(st, "see the generations: crmx generation list");
    }
    struct buf text;
    buf_init(&text, TEXT_FILE_MAX);
    bool ok = read_manifest(g, is_current ? current.manifest_hash : NULL, &text, st);
    if (ok) g->manifest = arena_dup(&g->arena, buf_view(&text));
    ok = ok && check_listed(g, text.bytes, st);
    buf_release(&text);
    if (!ok || !read_head(g, g->id, st) || !average_read(g->unit, g->folder, g->averages, st)) return false;
    input_set_init(&g->inputs, &g->arena);
    if (!read_inputs(g, st) ||
        !reference_open(g->unit, &g->inputs, g->business_date, g->folder, &g->arena, &g->reference, st))
        return false;
    tables_init(&g->tables, g->unit, &g->reference.rates, g->business_date, &g->arena);
    for (int i = 0; i < g->unit->layouts_count; i++)
        g->decoders[i] = decoder_new(&(struct decode_options){.layout = g->unit->layouts[i],
                                                              .rates = &g->reference.rates,
                                                              .business_date = g->business_date},
                                     &g->arena);
    return open_segments(g, st);
}

bool generation_open(const char *unit_folder, const char *id, struct generation **out, struct status *st)
{
    struct generation *g = calloc(1, sizeof *g);
    ensure(g);
    arena_init(&g->arena, "generation");
    if (open_generation(g, unit_folder, id, st)) {
        *out = g;
        return true;
    }
    generation_close(g);
    return status_while(st, "opening the generation %s", id ? id : "(current)");
}

void generation_close(struct generation *g)
{
    if (!g) return;
    segment_close(g->customer);
    segment_close(g->source);
    for (int i = 0; i < UNIT_LAYOUTS_MAX; i++) segment_close(g->table[i]);
    input_set_release(&g->inputs);
    arena_release(&g->arena);
    free(g);
}

bool generation_place(const struct generation *g, uint64_t number, uint32_t *partition, uint32_t *place)
{
    if (number < g->first_number || number >= g->first_number + g->numbers) return false;
    uint64_t size = g->partition_customers;
    *partition = (uint32_t)(number / size - g->first_number / size);
    *place = (uint32_t)(number - generation_first_number(g, *partition));
    return true;
}

bool generation_manifest_hash(const char *unit_folder, const char *id, char hash[33], struct status *st)
{
    char path[OS_PATH_MAX];
    uint64_t bytes;
    snprintf(path, sizeof path, "%s/gen/%s/MANIFEST", unit_folder, id);
    return hash_file(path, &bytes, hash, st);
}

/* --- verify --- */

static bool verify_file(struct generation *g, const char *name, uint64_t bytes, const char *hash, struct status *st)
{
    char path[OS_PATH_MAX], now[33];
    uint64_t size;
    snprintf(path, sizeof path, "%s/%s", g->folder, name);
    if (!entry_hash(path, name, &size, now, st)) return false;
    if (size != bytes || strcmp(now, hash) != 0) return differs(path, size, now, bytes, hash, st);
    size_t n = strlen(name);
    if (n > 4 && (strcmp(name + n - 4, ".seg") == 0 || strcmp(name + n - 4, ".dir") == 0)) {
        struct segment *s = segment_open(path, st);
        bool ok = s && segment_verify(s, st);
        segment_close(s);
        return ok;
    }
    return true;
}

/* The archived input against the hash of its chunks. */
static bool verify_input(const struct input_file *f, struct status *st)
{
    XXH3_state_t *state = XXH3_createState();
    ensure(state);
    XXH3_64bits_reset(state);
    bool ok = true;
    for (uint64_t at = 0; ok && at < f->identity.size; at += INPUT_CHUNK_SIZE) {
        size_t n = f->identity.size - at < INPUT_CHUNK_SIZE ? (size_t)(f->identity.size - at) : INPUT_CHUNK_SIZE;
        ok = os_load_mapped(f->bytes, f->path, at, n, st);
        uint64_t h = ok ? XXH3_64bits(f->bytes + at, n) : 0;
        XXH3_64bits_update(state, &h, sizeof h);
    }
    if (ok && XXH3_64bits_digest(state) != f->hash)
        ok = status_fail(st, STATUS_CORRUPT, "\"%s\" is damaged: its bytes are not those that were imported", f->path);
    XXH3_freeState(state);
    return ok;
}

bool generation_verify(struct generation *g, void (*tell)(void *context, const char *file, bool good), void *context,
                       struct status *st)
{
    struct buf text;
    buf_init(&text, TEXT_FILE_MAX);
    bool all = read_manifest(g, NULL, &text, st);
    for (char *line = all ? text.bytes : NULL; line && *line;) {
        char *end = strchr(line, '\n'), *field[4];
        if (end) *end++ = 0;
        if (split(line, field, 4) == 4 && strcmp(field[0], "file") == 0) {
            struct status one = {0};
            bool good = verify_file(g, field[1], strtoull(field[2], NULL, 10), field[3], &one);
            for (int i = 0; good && i < g->inputs.files_count; i++)
                if (strcmp(field[1], archive_name(&g->inputs.files[i], &g->arena)) == 0)
                    good = verify_input(&g->inputs.files[i], &one);
            for (int i = 0; good && i < g->inputs.carried_count; i++)
                if (strcmp(field[1], archive_name(&g->inputs.carried[i], &g->arena)) == 0)
                    good = verify_input(&g->inputs.carried[i], &one);
            tell(context, field[1], good);
            if (!good && all) *st = one;
            all &= good;
        }
        line = end;
    }
    buf_release(&text);
    return all;
}
