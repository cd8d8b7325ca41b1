/* Which sums need not touch the customers who have nothing to add: most customers have no card in foreign currency. */
#include "scoring/steps.h"

#include <math.h>

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

/* Does the step leave a as it is wherever b is +0? */
static bool keeps_the_others(const struct step *s, bool a_never_negative_zero)
{
    if (s->op == OP_ADD) return a_never_negative_zero;
    if (s->op == OP_SUBTRACT) return true;
    bool adds = s->op == OP_ADD_MULTIPLY_K || s->op == OP_ADD_DIVIDE_K;
    if ((!adds && s->op != OP_SUBTRACT_MULTIPLY_K) || !isfinite(s->k) || (s->op == OP_ADD_DIVIDE_K && s->k == 0))
        return false;
    return a_never_negative_zero || adds == (bool)signbit(s->k); /* x + -0 and x - +0 are x, whatever x is */
}

void steps_mark_few(struct step *steps, int count, int slots, struct arena *arena)
{
    bool *never = arena_array(arena, bool, slots + 1), *live = arena_array(arena, bool, slots + 1);
    for (int i = 0; i + 1 < count; i++) {
        struct step *load = &steps[i], *next = load + 1;
        load->few = load->op == OP_LOAD_MEASURE && next->b == load->dst && next->a != load->dst &&
                    next->dst == next->a && keeps_the_others(next, never[next->a]);
        if (load->op < OP_STORE) never[load->dst] = never_negative_zero(load, never);
    }
    for (int i = count - 1; i >= 0; i--) { /* and nobody else reads what was loaded */
        struct step *s = &steps[i];
        bool loads = s->op >= OP_LOAD_MEASURE && s->op <= OP_NONE;
        if (i > 0 && steps[i - 1].few && s->dst != s->b && live[s->b]) steps[i - 1].few = false;
        if (s->op < OP_STORE) live[s->dst] = false;
        if (!loads) live[s->a] = live[s->b] = live[s->c] = true;
    }
}
