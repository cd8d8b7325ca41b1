/* node_text: a piece of a formula for findings and explanations: its text as print.h writes it, in an arena, and its
 * place. Internal to scoring/. */
#ifndef CRMX_SCORING_NODE_TEXT_H
#define CRMX_SCORING_NODE_TEXT_H

#include "base/buf.h"
#include "scoring/tree.h"

/* In the arena. */
const char *node_text(struct arena *a, const struct formula *f, const struct node *n);
/* "sum(retail where kind = 'D', balance)" */
const char *measure_text(struct arena *a, const struct formula *f, const struct measure_definition *m);
/* Where the first word of it stands. */
struct place node_start(const struct node *n);
/* The same text, but for blanks and signs. */
bool node_equal(const struct node *a, const struct node *b);

#endif
