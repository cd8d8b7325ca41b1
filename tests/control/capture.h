/* capture: runs the program's frame in a child and keeps what it printed. Needs test_make_folder as group set-up. */
#ifndef CRMX_TESTS_CONTROL_CAPTURE_H
#define CRMX_TESTS_CONTROL_CAPTURE_H

#include "control/command.h"
#include "tests/test.h"

#include <fcntl.h>
#include <sys/wait.h>

struct captured {
    int exit_code; /* -1: killed by a signal */
    int signal;
    char out[32768], err[8192];
};

__attribute__((unused)) static void capture_read(const char *path, char *text, size_t room)
{
    snprintf(text, room, "%s", test_read(path));
}

/* line: words separated by single blanks, without "crmx"; no quoting. environment: "NAME=VALUE", or NULL. */
__attribute__((unused)) static void capture(struct captured *c, const struct command *const commands[],
                                            const char *line, const char *environment)
{
    char program[] = "crmx", copy[2000], *argv[64] = {program}, *save = NULL;
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &save); word && argc < 63; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(open(test_path("out"), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
        dup2(open(test_path("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
        if (environment) putenv(strdup(environment));
        /* Not _exit: the leak check and the coverage counts are written at the end of the program. */
        exit(command_main(argc, argv, commands));
    }
    int result = -1;
    assert_int_equal(waitpid(pid, &result, 0), pid);
    c->exit_code = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    c->signal = WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    capture_read(test_path("out"), c->out, sizeof c->out);
    capture_read(test_path("err"), c->err, sizeof c->err);
}

#endif
