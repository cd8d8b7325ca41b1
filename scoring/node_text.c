/* What is asked of a tree besides its value: its text, its place, whether it is another one again. */
#include "scoring/node_text.h"

#include "scoring/print.h"

enum { TEXT_MAX = 4 * FORMULA_TEXT_MAX };

static const char *take(struct arena *a, struct buf *out)
{
    const char *text = out->length ? arena_dup(a, buf_view(out)) : "";
    buf_release(out);
    return text;
}

const char *node_text(struct arena *a, const struct formula *f, const struct node *n)
{
    struct buf out;
    buf_init(&out, TEXT_MAX);
    print_node(f, n, &out);
    return take(a, &out);
}

const char *measure_text(struct arena *a, const struct formula *f, const struct measure_definition *m)
{
    struct buf out;
    buf_init(&out, TEXT_MAX);
    print_measure(f, m, &out);
    return take(a, &out);
}

struct place node_start(const struct node *n)
{
    bool infix = n->kind >= NODE_ADD && n->kind <= NODE_IN;
    return infix ? node_start(n->children[0]) : n->place;
}

bool node_equal(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->function != b->function || a->count != b->count || a->index != b->index ||
        a->date != b->date || a->mantissa != b->mantissa || a->scale != b->scale || !a->text != !b->text ||
        (a->text && strcmp(a->text, b->text) != 0))
        return false;
    for (int i = 0; i < a->count; i++)
        if (!node_equal(a->children[i], b->children[i])) return false;
    return true;
}
