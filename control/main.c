#include "control/command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A scheduler may start us with stdin, stdout or stderr closed. The next file opened would get that number, and a
 * message meant for stderr would end up in a segment. Before os.h: there is no status to fill and nobody to tell. */
static void keep_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) _exit(16);
}

int main(int argc, char *argv[])
{
    keep_standard_files();
    umask(027); /* customer data: nothing is readable by everybody */
    return command_main(argc, argv, COMMANDS);
}
