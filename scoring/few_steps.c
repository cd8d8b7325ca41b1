/* Which parts of a sum need not be worked out for the customers who have none of it: most customers have no loan.
 *
 * Such a part is a run of steps, from the load of its first measure to the step that adds it to the sum: it reads
 * nothing but measures and constants, nobody reads its slots afterwards, and when its measures are 0 it adds a zero.
 * Steps that are checked are worked out for everybody. */
#include "scoring/steps.h"

#include <math.h>
#include <string.h>

enum { PART_STEPS_MAX = 64 };

/* Does the step add something to its first source, in the same slot? Which may then be done for some customers alone.
 * */
static bool adds(const struct step *s)
{
    if (s->checked) return false;
    switch (s->op) {
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_ADD_MULTIPLY_K:
    case OP_SUBTRACT_MULTIPLY_K:
    case OP_ADD_DIVIDE_K:
    case OP_ADD_MULTIPLY: return s->dst == s->a && s->b != s->a && (s->op != OP_ADD_MULTIPLY || s->c != s->a);
    default: return false;
    }
}

/* x + 0 is x in every bit unless x is the negative zero; so these results have to be known not to be one. Sums of which
 * one side is none are none. What else there is counts as one that may be. */
static bool never_negative_zero(const struct step *s, const bool *never)
{
    switch (s->op) {
    case OP_LOAD_MEASURE:
    case OP_LOAD_FIELD:
    case OP_LOAD_CODE:
    case OP_ABS: return true;
    case OP_FILL: return s->k != 0 || !signbit(s->k);
    case OP_ADD: return never[s->a] || never[s->b];
    case OP_ADD_K: return never[s->a] || s->k != 0 || !signbit(s->k);
    case OP_SUBTRACT:
    case OP_ADD_MULTIPLY_K:
    case OP_SUBTRACT_MULTIPLY_K:
    case OP_ADD_DIVIDE_K:
    case OP_ADD_MULTIPLY: return never[s->a];
    default: return false;
    }
}

/* The steps are done for a customer who has nothing. Are both -0, a sum that is any number, and (unless it never is)
 * one that is -0, what they were? */
static bool keeps_the_others(const struct step *first, const struct step *adding, bool never, double *nothing)
{
    static const double SUMS[] = {1.0, 0.0, -0.0};
    double *slots = nothing;
    for (int i = 0; i < (never ? 2 : 3); i++) {
        for (const struct step *s = first; s < adding; s++) {
            double *dst = slots + 4 * s->dst;
            if (s->op == OP_LOAD_MEASURE)
                memset(dst, 0, 4 * sizeof *dst);
            else
                kernels_base.columns[s->op](dst, slots + 4 * s->a, slots + 4 * s->b, slots + 4 * s->c, s->k, s->l, 1);
        }
        double *sum = slots + 4 * adding->a;
        *sum = SUMS[i];
        kernels_base.columns[adding->op](sum, sum, slots + 4 * adding->b, slots + 4 * adding->c, adding->k, 0, 1);
        if (memcmp(sum, &SUMS[i], sizeof *sum) != 0) return false;
    }
    return true;
}

/* The slots a step reads. Returns how many. */
static int sources(const struct step *s, unsigned out[3])
{
    switch (s->op) {
    case OP_LOAD_MEASURE:
    case OP_FILL:
    case OP_FILL_MASK: return 0;
    case OP_KK_SELECT: return out[0] = s->c, 1;
    case OP_SELECT_K:
    case OP_K_SELECT: return out[0] = s->a, out[1] = s->c, 2;
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_MIN:
    case OP_MAX:
    case OP_EQUAL:
    case OP_NOT_EQUAL:
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_AND:
    case OP_OR:
    case OP_ADD_MULTIPLY_K:
    case OP_SUBTRACT_MULTIPLY_K:
    case OP_ADD_DIVIDE_K: return out[0] = s->a, out[1] = s->b, 2;
    case OP_SELECT:
    case OP_SELECT_MASK:
    case OP_ADD_MULTIPLY: return out[0] = s->a, out[1] = s->b, out[2] = s->c, 3;
    default: return out[0] = s->a, 1;
    }
}

/* The first step of what `adding` adds, or NULL: it is no part of its own. needed: all false, and so again afterwards.
 * */
static struct step *part_of(struct step *steps, struct step *adding, const bool *live, bool *needed)
{
    int open = 0;
    unsigned read[3];
    struct step *s = adding;
    bool whole = true;
    for (int i = sources(adding, read) - 1; i > 0; i--) open += !needed[read[i]], needed[read[i]] = true;
    while (whole && open > 0) {
        whole = s > steps && adding - s < PART_STEPS_MAX && needed[(s - 1)->dst] && (s - 1)->dst != adding->a &&
                !live[(s - 1)->dst] && !(s - 1)->checked &&
                ((s - 1)->op < OP_COLUMNS || (s - 1)->op == OP_LOAD_MEASURE);
        if (!whole) break;
        s--;
        needed[s->dst] = false;
        open--;
        for (int i = sources(s, read) - 1; i >= 0; i--) open += !needed[read[i]], needed[read[i]] = true;
    }
    if (whole) return s;
    for (struct step *t = s; t <= adding; t++)
        for (int i = sources(t, read) - 1; i >= 0; i--) needed[read[i]] = false;
    return NULL;
}

void steps_mark_few(struct step *steps, int count, int slots, struct arena *arena)
{
    bool *never = arena_array(arena, bool, slots + 1), *live = arena_array(arena, bool, slots + 1);
    bool *needed = arena_array(arena, bool, slots + 1), *never_before = arena_array(arena, bool, count + 1);
    double *nothing = arena_array(arena, double, 4 * (slots + 1) + 4);
    unsigned read[3];
    nothing = (double *)(((uintptr_t)nothing + 31) & ~(uintptr_t)31);
    for (int i = 0; i < count; i++) {
        never_before[i] = never[steps[i].a];
        if (steps[i].op < OP_STORE) never[steps[i].dst] = never_negative_zero(&steps[i], never);
    }
    for (int i = count - 1; i >= 0; i--) {
        struct step *s = &steps[i], *first = adds(s) ? part_of(steps, s, live, needed) : NULL;
        if (first && first->op == OP_LOAD_MEASURE && first->few == 0 &&
            keeps_the_others(first, s, never_before[i], nothing))
            first->few = (uint16_t)(s - first);
        if (s->op < OP_STORE) live[s->dst] = false;
        bool inputs = s->op >= OP_LOAD_FIELD && s->op <= OP_NONE;
        for (int k = inputs ? 0 : s->op < OP_COLUMNS || s->op == OP_LOAD_MEASURE ? sources(s, read) : 0; k > 0; k--)
            live[read[k - 1]] = true;
        if (!inputs && s->op > OP_LOAD_MEASURE) live[s->a] = live[s->b] = true;
    }
}
