#include "control/show_lint.h"

#include "control/show_formula.h"
#include "control/show_value.h"
#include "etl/lint_population.h"

/* Without a population the rules about the text are enough, unless one was asked for. */
static bool look_at_population(struct command_call *call, const struct unit *unit, const struct formula *f, int type,
                               struct show_lint *x, struct status *st)
{
    bool dated = command_declares(call, "date") && command_given(call, "date"), there;
    struct generation_current current;
    struct generation *g = NULL;
    const char *folder = show_unit_folder(call, unit->id);
    if (!generation_current_read(folder, &current, &there, st)) return false;
    if (!there && !dated) return true;
    if (dated ? !show_generation(call, true, &g, st) : !generation_open(folder, NULL, &g, st)) return false;
    struct pool *pool = show_pool(call);
    bool ok = lint_population(&x->lint, f, type, g, pool, st);
    if (ok) x->generation = arena_dup(&call->arena, view_of(g->id));
    pool_free(pool);
    generation_close(g);
    return ok;
}

bool show_lint(struct command_call *call, const struct unit *unit, const struct formula *f, int type, const char *path,
               struct show_lint *out, struct status *st)
{
    struct show_binding b;
    out->generation = NULL;
    out->warnings = 0;
    lint_init(&out->lint);
    if (!show_formula_bind(call, unit, f, path, &b, st)) return false;
    lint_formula(&out->lint, f, b.program);
    bool ok = look_at_population(call, unit, f, type, out, st);
    show_binding_close(&b);
    for (int i = 0; i < out->lint.count; i++) out->warnings += out->lint.findings[i].warning;
    return ok;
}

void show_lint_release(struct show_lint *x)
{
    lint_release(&x->lint);
}

const char *show_lint_looked_at(struct command_call *call, const struct unit *unit, const struct show_lint *x)
{
    if (!x->generation)
        return arena_printf(&call->arena, "no population was looked at: unit %s has none yet", unit->id);
    return arena_printf(&call->arena, "passes counted in generation %s of unit %s", x->generation, unit->id);
}
