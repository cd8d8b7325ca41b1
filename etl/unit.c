#include "etl/unit.h"

#include "base/conf.h"
#include "base/os.h"
#include "etl/average.h"
#include "etl/change.h"
#include "etl/detail_shape.h"
#include "etl/gate_limits.h"

#include <stdio.h>
#include <string.h>

enum { LAYOUTS_LISTED_MAX = 128 }; /* the rest of UNIT_LAYOUTS_MAX is for older versions */

static const char *const TAKES[] = {"rename", "link", "copy", NULL};
const char *const CUSTOMER_TYPE_NAMES[] = {CUSTOMER_TYPE_WORDS, NULL};

static const char *const FORMULA_KEYS[] = {"formula.personal", "formula.corporate"};
static const char *const SHADOW_KEYS[] = {"shadow.personal", "shadow.corporate"};
static const char *const THRESHOLD_KEYS[] = {"threshold.personal", "threshold.corporate"};

static const char *path_of(struct arena *arena, const char *folder, const char *kind, const char *name)
{
    return arena_printf(arena, "%s/%s/%s.ini", folder, kind, name);
}

static bool read_systems(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    const char *key;
    for (int i = 0; (key = conf_key(c, "systems", i)); i++) {
        const char *letter = conf_get(c, "systems", key);
        if (i == UNIT_SYSTEMS_MAX) return conf_fail(c, "systems", key, st, "more than 16 systems");
        if (strlen(letter) != 1) return conf_fail(c, "systems", key, st, "one letter is needed, found \"%s\"", letter);
        for (int k = 0; k < i; k++)
            if (u->systems[k].letter == letter[0])
                return conf_fail(c, "systems", key, st, "the letter %s is taken by %s", letter, u->systems[k].name);
        const char *filter = conf_get(c, "filter", key);
        u->systems[i] = (struct unit_system){arena_dup(arena, view_of(key)), letter[0],
                                             filter ? arena_dup(arena, view_of(filter)) : NULL};
        u->systems_count++;
    }
    return u->systems_count > 0 || conf_fail(c, "systems", NULL, st, "no system is listed");
}

static int system_index(const struct unit *u, const char *name)
{
    for (int i = 0; i < u->systems_count; i++)
        if (strcmp(u->systems[i].name, name) == 0) return i;
    return -1;
}

/* Every field a change list shares with its base means the same: the rows are the base's. */
static bool check_base(struct conf *c, const struct layout *l, const struct layout *base, struct status *st)
{
    bool same_kind = l->change ? base->class == l->class && !base->change : base->class == LAYOUT_ACCOUNT;
    if (!same_kind || strcmp(l->system, base->system) != 0) {
        conf_fail(c, "unit", "layouts", st, "layout %s is of %s, which is no %s layout of system %s", l->name, l->of,
                  l->change ? LAYOUT_CLASS_NAMES[l->class] : "account", l->system);
        return status_hint(st, "correct of = in layouts/%s.ini", l->name);
    }
    struct detail_shape shape;
    if (l->class == LAYOUT_TRANSACTION) return detail_shape(l, base, &shape, st);
    for (int i = 0; l->change && i < base->fields_count; i++) {
        int own = layout_find(l, base->fields[i].name);
        if (own >= 0 && l->fields[own].type == base->fields[i].type) continue;
        if (own < 0 && base->fields[i].keep != LAYOUT_KEEP_HOT) continue;
        conf_fail(c, "unit", "layouts", st, "layout %s %s the field %s of %s", l->name,
                  own < 0 ? "lacks" : "has another type for", base->fields[i].name, base->name);
        return status_hint(st, "a change list holds the record as it is after the change: add it to layouts/%s.ini",
                           l->name);
    }
    return true;
}

static int relation_space(const struct unit *u, int layout)
{
    for (int i = 0; i < u->layouts_count; i++)
        if (u->layouts[i]->class == LAYOUT_RELATION && u->layout_system[i] == u->layout_system[layout])
            return u->layout_base[i];
    return u->layout_base[layout];
}

static void find_spaces(struct unit *u)
{
    for (int i = 0; i < u->layouts_count; i++) switch (u->layouts[i]->class) {
        case LAYOUT_CUSTOMER: u->layout_space[i] = -1; break;
        case LAYOUT_TRANSACTION: u->layout_space[i] = i; break;
        case LAYOUT_RELATION: u->layout_space[i] = u->relations_apart ? u->layout_base[i] : relation_space(u, i); break;
        default: u->layout_space[i] = u->layout_base[i]; break;
        }
}

static bool find_bases(struct conf *c, struct unit *u, struct status *st)
{
    for (int i = 0; i < u->layouts_count; i++) {
        const struct layout *l = u->layouts[i];
        u->layout_base[i] = l->of ? unit_layout(u, l->of) : i;
        if (u->layout_base[i] < 0) {
            conf_fail(c, "unit", "layouts", st, "layout %s is of %s, which is not listed", l->name, l->of);
            return status_hint(st, "add %s to layouts =", l->of);
        }
        if (l->of && !check_base(c, l, u->layouts[u->layout_base[i]], st)) return false;
        for (int k = 0; l->class == LAYOUT_TRANSACTION && k < i; k++)
            if (u->layouts[k]->class == LAYOUT_TRANSACTION && u->layout_base[k] == u->layout_base[i]) {
                conf_fail(c, "unit", "layouts", st, "%s and %s are both transaction logs of %s", u->layouts[k]->name,
                          l->name, l->of);
                return status_hint(st, "one log an account kind: several files go into files = of one layout");
            }
    }
    find_spaces(u);
    return true;
}

void unit_relations_apart(struct unit *u)
{
    for (int i = 0; i < u->layouts_count; i++)
        if (u->layout_space[i] != u->layout_base[i] && u->layouts[i]->class == LAYOUT_RELATION)
            u->relations_apart = true;
    find_spaces(u);
}

int unit_add_version(struct unit *u, struct layout *version, struct status *st)
{
    int current = unit_layout(u, version->name), index = u->layouts_count;
    if (current < 0 || index == UNIT_LAYOUTS_MAX) {
        status_fail(st, STATUS_USAGE,
                    current < 0 ? "layout %s is used by archived files, but the unit lists it no more"
                                : "too many versions of layouts (the last is of %s)",
                    version->name);
        status_hint(st, "see the layouts of unit %s: crmx layout show; a system that has ended stays listed", u->id);
        return -1;
    }
    u->layouts[index] = version;
    u->layout_system[index] = u->layout_system[current];
    u->layout_base[index] = u->layout_base[current];
    u->layout_space[index] = u->layout_space[current];
    u->layouts_count++;
    return index;
}

/* Loads the listed layouts, then orders them by priority of their system (files of reference last). */
static bool read_layouts(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    const char *list, *changes = conf_get(c, "unit", "changes");
    if (!conf_need(c, "unit", "layouts", &list, st)) return false;
    if (changes) list = arena_printf(arena, "%s %s", list, changes);
    struct layout *loaded[UNIT_LAYOUTS_MAX];
    int system[UNIT_LAYOUTS_MAX], count = 0;
    struct view rest = view_of(list);
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        char *name = arena_dup(arena, word);
        if (count == LAYOUTS_LISTED_MAX) return conf_fail(c, "unit", "layouts", st, "more than 128 layouts");
        if (!layout_load(path_of(arena, u->folder, "layouts", name), name, arena, &loaded[count], st)) return false;
        const char *its_system = loaded[count]->system;
        system[count] = its_system ? system_index(u, its_system) : -1;
        if (its_system && system[count] < 0)
            return conf_fail(c, "unit", "layouts", st, "layout %s belongs to system %s, which [systems] does not list",
                             name, its_system);
        for (int i = 0; i < count; i++)
            if (strcmp(loaded[i]->name, name) == 0)
                return conf_fail(c, "unit", "layouts", st, "%s is listed twice", name);
        count++;
    }
    for (int s = 0; s <= u->systems_count; s++)
        for (int i = 0; i < count; i++)
            if (system[i] == (s < u->systems_count ? s : -1)) {
                u->layout_system[u->layouts_count] = system[i];
                u->layouts[u->layouts_count++] = loaded[i];
            }
    return find_bases(c, u, st) && (u->layouts_count > 0 || conf_fail(c, "unit", "layouts", st, "no layout is listed"));
}

/* [filter]: under the name of a layout a condition that crmx applies, under that of a system what the sender leaves out
 * (text, read with the systems). */
static bool read_filters(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    const char *key;
    for (int i = 0; (key = conf_key(c, "filter", i)); i++) {
        int at = unit_layout(u, key);
        bool is_system = system_index(u, key) >= 0;
        if (at < 0 && !is_system) {
            conf_fail(c, "filter", key, st, "there is neither a layout nor a system of that name in this unit");
            return status_hint(st, "a layout: crmx leaves records out; a system: a note of what the sender leaves out");
        }
        if (at < 0) continue;
        if (is_system) return conf_fail(c, "filter", key, st, "is a layout and a system: rename one of them");
        if (layout_is_reference(u->layouts[at]))
            return conf_fail(c, "filter", key, st, "a file of class %s is always read whole",
                             LAYOUT_CLASS_NAMES[u->layouts[at]->class]);
        struct status one = {0};
        u->layout_filter[at] = filter_parse(u->layouts[at], conf_get(c, "filter", key), arena, &one);
        if (u->layout_filter[at]) continue;
        conf_fail(c, "filter", key, st, "%s", one.message);
        return one.hint[0] ? status_hint(st, "%s", one.hint) : false;
    }
    return true;
}

static bool read_outputs(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    struct view rest = view_of(conf_get(c, "unit", "outputs"));
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        char *name = arena_dup(arena, word);
        if (u->outputs_count == UNIT_OUTPUTS_MAX) return conf_fail(c, "unit", "outputs", st, "more than 32 outputs");
        struct output *o;
        if (!output_load(path_of(arena, u->folder, "outputs", name), name, arena, &o, st)) return false;
        for (int i = 0; i < u->outputs_count; i++)
            if (strcmp(u->outputs[i]->file, o->file) == 0)
                return conf_fail(c, "unit", "outputs", st, "%s and %s write the same file %s", u->outputs[i]->name,
                                 name, o->file);
        for (int i = 0; i < o->layouts_count; i++)
            if (unit_layout(u, o->layouts[i]) < 0)
                return conf_fail(c, "unit", "outputs", st,
                                 "output %s names the layout %s, which the unit does not list", name, o->layouts[i]);
        u->outputs[u->outputs_count++] = o;
    }
    return true;
}

/* "1000000.00" → 100000000 */
static bool read_money(struct conf *c, const char *section, const char *key, const char *text, int64_t *minor,
                       struct status *st)
{
    int64_t value = 0;
    int decimals = -1;
    const char *p = text;
    for (; *p && p - text < 18; p++) {
        if (*p == '.' && decimals < 0)
            decimals = 0;
        else if (*p >= '0' && *p <= '9' && decimals < 2)
            value = value * 10 + (*p - '0'), decimals += decimals >= 0;
        else
            break;
    }
    if (*p || p == text || (decimals == 0 && p - text == 1))
        return conf_fail(c, section, key, st, "an amount such as 1000000.00 is needed, found \"%s\"", text);
    for (; decimals < 2; decimals = decimals < 0 ? 1 : decimals + 1) value *= 10;
    *minor = value;
    return true;
}

static const char *dup_or_null(struct arena *arena, const char *text)
{
    return text ? arena_dup(arena, view_of(text)) : NULL;
}

/* One customer type of parameters.ini: what was activated. */
static bool read_activated_type(struct conf *c, const char *section, struct unit *u, int t, struct arena *arena,
                                struct status *st)
{
    const char *formula = conf_get(c, section, "formula"), *threshold = conf_get(c, section, "threshold"),
               *source = conf_get(c, section, "threshold_source");
    conf_get(c, section, "formula_digest");
    if (formula) {
        u->formula_name[t] = arena_dup(arena, view_of(formula));
        u->formula_source[t] = dup_or_null(arena, conf_get(c, section, "formula_source"));
    }
    if (source) { /* without a number it is that of the formula's text, not of the unit file */
        u->has_threshold[t] = threshold != NULL;
        u->threshold_source[t] = arena_dup(arena, view_of(source));
        if (threshold && !read_money(c, section, "threshold", threshold, &u->threshold_minor[t], st)) return false;
    }
    u->challenger_name[t] = dup_or_null(arena, conf_get(c, section, "challenger"));
    u->challenger_source[t] = dup_or_null(arena, conf_get(c, section, "challenger_source"));
    return conf_check_used(c, section, st);
}

static bool read_activated(struct unit *u, struct arena *arena, struct status *st)
{
    const char *path = path_of(arena, u->folder, "parameters", "parameters");
    if (!os_exists(path)) return true;
    struct conf *c = conf_open(path, st);
    bool ok = c != NULL;
    for (int t = 0; ok && t < CUSTOMER_TYPES; t++) ok = read_activated_type(c, CUSTOMER_TYPE_NAMES[t], u, t, arena, st);
    if (ok) {
        u->list_source[0] = dup_or_null(arena, conf_get(c, "lists", "head"));
        u->list_source[1] = dup_or_null(arena, conf_get(c, "lists", "unit"));
    }
    conf_close(c);
    return ok || status_while(st, "reading the activated parameters");
}

static bool read_formulas(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        const char *name = conf_get(c, "unit", FORMULA_KEYS[t]), *threshold = conf_get(c, "unit", THRESHOLD_KEYS[t]);
        const char *shadow = conf_get(c, "unit", SHADOW_KEYS[t]);
        if (shadow && *shadow) u->shadow_name[t] = arena_dup(arena, view_of(shadow));
        if (name && *name) {
            u->formula_name[t] = arena_dup(arena, view_of(name));
            u->formula_source[t] = arena_printf(arena, "formulas/%s.formula", name);
            u->threshold_source[t] = u->formula_source[t];
        }
        if (!threshold) continue;
        if (!read_money(c, "unit", THRESHOLD_KEYS[t], threshold, &u->threshold_minor[t], st)) return false;
        u->has_threshold[t] = true;
        u->threshold_source[t] = arena_printf(arena, "units/%s.ini", u->id);
    }
    if (!read_activated(u, arena, st)) return false;
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        if (u->challenger_name[t])
            u->shadow_name[t] = u->challenger_name[t]; /* what was activated takes the file's place */
        if (!u->shadow_name[t] || u->formula_name[t]) continue;
        conf_fail(c, "unit", SHADOW_KEYS[t], st, "a shadow stands beside an active formula: %s is needed",
                  FORMULA_KEYS[t]);
        return status_hint(st, "write %s = NAME into the unit file, or take %s out", FORMULA_KEYS[t], SHADOW_KEYS[t]);
    }
    if (!u->formula_name[CUSTOMER_PERSONAL] && !u->formula_name[CUSTOMER_CORPORATE]) {
        conf_fail(c, "unit", NULL, st, "no active formula: formula.personal or formula.corporate is needed");
        return status_hint(st,
                           "write formula.personal = NAME into the unit file, with formulas/NAME.formula beside it");
    }
    return true;
}

static bool read_rates(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    const char *retired = conf_get(c, "rates", "retired");
    u->rates_retired = retired ? arena_dup(arena, view_of(retired)) : "";
    return conf_integer(c, "rates", "carry_days", 0, 366, UNIT_RATES_CARRY_DAYS, &u->rates_carry_days, st);
}

static bool read_quotes(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    const char *suspended = conf_get(c, "nav", "suspended");
    u->nav_suspended = suspended ? arena_dup(arena, view_of(suspended)) : "";
    return conf_integer(c, "nav", "carry_days", 0, 366, UNIT_NAV_CARRY_DAYS, &u->nav_carry_days, st) &&
           conf_integer(c, "interest", "carry_days", 0, 366, UNIT_INTEREST_CARRY_DAYS, &u->interest_carry_days, st) &&
           conf_check_used(c, "nav", st) && conf_check_used(c, "interest", st);
}

static bool read_gates(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    struct gate_limits *gates;
    if (!gate_limits_read(c, u, arena, &gates, st)) return false;
    u->gates = gates;
    return true;
}

static bool read_changes(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    struct change_rules *rules;
    if (!change_rules_read(c, arena, &rules, st)) return false;
    u->changes = rules;
    return true;
}

static bool read_tie(struct conf *c, struct unit *u, struct status *st)
{
    const char *text = conf_get(c, "unit", "tie_break");
    struct view rest = view_of(text ? text : "changed source_no"), word = view_word(&rest);
    u->tie_changed = view_is(word, "changed");
    if (u->tie_changed) word = view_word(&rest);
    if (view_is(word, "position"))
        u->tie = UNIT_TIE_POSITION;
    else if (view_is(word, "source_no"))
        u->tie = UNIT_TIE_SOURCE_NO;
    else
        return conf_fail(c, "unit", "tie_break", st, "expected [changed] source_no or [changed] position");
    return view_trim(rest).length == 0 || conf_fail(c, "unit", "tie_break", st, "words after the tie rule");
}

/* leave = stay | leave | hysteresis SHARE DAYS */
static bool read_leave(struct conf *c, struct unit *u, struct status *st)
{
    const char *text = conf_get(c, "unit", "leave");
    int64_t pending;
    struct view rest = view_of(text ? text : "stay"), word = view_word(&rest);
    if (!conf_integer(c, "unit", "pending_days", 0, 3660, 30, &pending, st)) return false;
    u->pending_days = (int)pending;
    u->leave = view_is(word, "stay")    ? UNIT_LEAVE_STAY
               : view_is(word, "leave") ? UNIT_LEAVE_AT_ONCE
                                        : UNIT_LEAVE_HYSTERESIS;
    if (u->leave == UNIT_LEAVE_HYSTERESIS) {
        struct view share = view_word(&rest), days = view_word(&rest);
        char number[32], end;
        double part;
        snprintf(number, sizeof number, "%.*s", (int)share.length, share.bytes);
        if (!view_is(word, "hysteresis") || sscanf(number, "%lf%c", &part, &end) != 1 || part <= 0 || part > 1)
            return conf_fail(c, "unit", "leave", st,
                             "expected stay, leave or hysteresis SHARE DAYS (hysteresis 0.9 30)");
        u->leave_ppm = (int64_t)(part * 1000000 + 0.5);
        snprintf(number, sizeof number, "%.*s", (int)days.length, days.bytes);
        if (sscanf(number, "%d%c", &u->leave_days, &end) != 1 || u->leave_days < 1 || u->leave_days > 3660)
            return conf_fail(c, "unit", "leave", st, "hysteresis needs a number of days, 1 to 3,660");
    }
    return view_trim(rest).length == 0 || conf_fail(c, "unit", "leave", st, "words after the policy");
}

static bool read_head(struct conf *c, struct unit *u, const char *id, struct arena *arena, struct status *st)
{
    const char *own_id, *name, *currency, *inbox, *identity;
    int take;
    if (!conf_need(c, "unit", "id", &own_id, st) || !conf_need(c, "unit", "name", &name, st) ||
        !conf_need(c, "unit", "inbox", &inbox, st) || !conf_need(c, "unit", "identity", &identity, st) ||
        !conf_integer(c, "unit", "number_prefix", 0, 99999999, 0, &u->number_prefix, st) ||
        !conf_choice(c, "unit", "take", TAKES, UNIT_TAKE_RENAME, &take, st))
        return false;
    if (strcmp(own_id, id) != 0)
        return conf_fail(c, "unit", "id", st, "the file is %s.ini, but its id is \"%s\"", id, own_id);
    u->id = arena_dup(arena, view_of(id));
    u->name = arena_dup(arena, view_of(name));
    u->inbox = arena_dup(arena, view_of(inbox));
    u->take = (enum unit_take)take;
    currency = conf_get(c, "unit", "base_currency");
    u->base_currency = arena_dup(arena, view_of(currency ? currency : "CNY"));
    if (strlen(u->base_currency) != 3) return conf_fail(c, "unit", "base_currency", st, "three letters are needed");
    if (conf_get(c, "unit", "statement")) u->statement = arena_dup(arena, view_of(conf_get(c, "unit", "statement")));
    return read_tie(c, u, st) && read_leave(c, u, st) &&
           identity_load(path_of(arena, u->folder, "identity", identity), arena, &u->identity, st);
}

/* SYSTEM = NAME, or LAYOUT = NAME for a layout without a system. */
static bool read_calendars(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    const char *key;
    for (int i = 0; (key = conf_key(c, "calendar", i)); i++) {
        const char *name = conf_get(c, "calendar", key);
        struct calendar *calendar;
        int system = system_index(u, key), layout = unit_layout(u, key);
        if (system < 0 && (layout < 0 || u->layout_system[layout] >= 0))
            return conf_fail(c, "calendar", key, st, "\"%s\" is no system and no layout without a system", key);
        if (!calendar_load(path_of(arena, u->folder, "calendars", name), name, arena, &calendar, st)) return false;
        for (int k = 0; k < u->layouts_count; k++)
            if (system >= 0 ? u->layout_system[k] == system : k == layout) u->layout_calendar[k] = calendar;
    }
    return true;
}

int unit_customer_type(const char *word)
{
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        if (strcmp(CUSTOMER_TYPE_NAMES[t], word) == 0) return t;
    return -1;
}

bool unit_load(const char *folder, const char *id, struct arena *arena, struct unit **out, struct status *st)
{
    const char *path = path_of(arena, folder, "units", id);
    if (strlen(id) > UNIT_ID_LENGTH_MAX || strchr(id, '/') || !os_exists(path)) {
        status_fail(st, STATUS_USAGE, "there is no unit \"%s\": \"%s\" does not exist", id, path);
        return status_hint(st, "see the units: ls %s/units; a new working folder: crmx init DIR", folder);
    }
    struct conf *c = conf_open(path, st);
    if (!c) return status_while(st, "reading unit %s", id);
    struct unit *u = arena_new(arena, struct unit);
    u->folder = arena_dup(arena, view_of(folder));
    bool ok =
        read_head(c, u, id, arena, st) && read_systems(c, u, arena, st) && read_layouts(c, u, arena, st) &&
        read_filters(c, u, arena, st) && read_outputs(c, u, arena, st) && read_formulas(c, u, arena, st) &&
        read_calendars(c, u, arena, st) && conf_check_used(c, "calendar", st) && read_rates(c, u, arena, st) &&
        read_quotes(c, u, arena, st) && read_gates(c, u, arena, st) && average_read_config(c, u, arena, st) &&
        read_changes(c, u, arena, st) &&
        /* Only these sections: the file holds options and targets for others, too. A misspelt threshold would be no
         * threshold. */
        conf_check_used(c, "unit", st) && conf_check_used(c, "systems", st) && conf_check_used(c, "filter", st) &&
        conf_check_used(c, "rates", st) && conf_check_used(c, "gates", st) && conf_check_used(c, "expected", st);
    conf_close(c);
    *out = u;
    return ok || status_while(st, "reading unit %s", id);
}

int unit_layout(const struct unit *u, const char *name)
{
    for (int i = 0; i < u->layouts_count; i++)
        if (strcmp(u->layouts[i]->name, name) == 0) return i;
    return -1;
}
