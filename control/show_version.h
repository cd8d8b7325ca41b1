/* show_version: what a version of the parameters would bring into force: its formula and threshold, with what it
 * inherits from the head office, and the hash that a trial of it is known by.
 */
#ifndef CRMX_CONTROL_SHOW_VERSION_H
#define CRMX_CONTROL_SHOW_VERSION_H

#include "control/command.h"
#include "etl/parameter_store.h"
#include "etl/trial.h"

struct show_version {
    const char *name; /* "version 7" */
    const char *text;
    struct formula *f; /* threshold set */
    int type;
    char hash[TRIAL_HASH_MAX];
};

bool show_version_content(struct parameter_store *s, const struct parameter_version *v, struct show_version *out,
                          struct status *st);
void show_version_close(struct show_version *v);
/* Before it is submitted: tried as it is now over a whole generation, and nothing against it (trial_result_check).
 * Before it is approved, too: what was tried is what is approved. work: the working folder. */
bool show_version_check(const char *work, const struct parameter_version *v, const struct show_version *content,
                        struct status *st);
/* What the lint says about it, its text and the population it was tried over (control/show_lint.h), shown on stderr;
 * *summary, in the call's arena: "lint: debt (line 5), alone (line 7); passes counted in generation … of unit 11". */
bool show_version_lint(struct command_call *call, const struct parameter_version *v, const struct show_version *content,
                       const char **summary, struct status *st);

#endif
