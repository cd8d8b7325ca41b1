/* node_text: a piece of a formula written again from its tree, for findings and explanations: "a*系数(1.5) + b". One
 * line, plain signs, English keywords, names as the formula has them. Internal to scoring/. */
#ifndef CRMX_SCORING_NODE_TEXT_H
#define CRMX_SCORING_NODE_TEXT_H

#include "base/buf.h"
#include "scoring/tree.h"

void node_write(struct buf *out, const struct formula *f, const struct node *n);
/* In the arena. */
const char *node_text(struct arena *a, const struct formula *f, const struct node *n);
/* "sum(retail where kind = 'D', balance)" */
const char *measure_text(struct arena *a, const struct formula *f, const struct measure_definition *m);
/* Where the first word of it stands. */
struct place node_start(const struct node *n);
/* The same text, but for blanks and signs. */
bool node_equal(const struct node *a, const struct node *b);

#endif
