/* test: what every unit test includes: cmocka with its forerunners, a temporary folder, a check for a part of a text.
 *
 * A test that needs a folder passes test_make_folder and test_remove_folder as group set-up and tear-down and names
 * files with test_path("name"), valid until the next four calls.
 */
#ifndef CRMX_TESTS_TEST_H
#define CRMX_TESTS_TEST_H

#include "base/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static char test_folder[] = "/tmp/crmx_test.XXXXXX";

/* In memory where there is room: most tests wait for their fsyncs otherwise, minutes on a disk that others use, too. */
__attribute__((unused)) static int test_make_folder(void **state)
{
    static const char MEMORY[] = "/dev/shm/crmx.XXXXXX";
    static const unsigned long long ROOM = 1ull << 30;
    _Static_assert(sizeof MEMORY <= sizeof test_folder, "the other folder's name must fit");
    struct statvfs v;
    if (access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &v) == 0 && !(v.f_flag & ST_NOEXEC) &&
        v.f_bavail * (unsigned long long)v.f_frsize > ROOM)
        memcpy(test_folder, MEMORY, sizeof MEMORY);
    return mkdtemp(test_folder) ? 0 : -1;
}

__attribute__((unused)) static int test_remove_folder(void **state)
{
    struct status st = {0};
    return os_remove_tree(test_folder, &st) ? 0 : -1;
}

__attribute__((unused)) static const char *test_path(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

__attribute__((unused)) static void test_write(const char *path, struct view content)
{
    struct status st = {0};
    int fd = os_open_create(path, &st);
    assert_true(fd >= 0);
    assert_true(os_write_at(fd, path, content.bytes, content.length, 0, &st));
    os_close(fd);
}

/* The content of a file as text in a static buffer; "" when it is missing. */
__attribute__((unused)) static const char *test_read(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = 0;
    if (f) fclose(f);
    return text;
}

#define assert_has(text, part) test_assert_has(text, part, __FILE__, __LINE__)
__attribute__((unused)) static void test_assert_has(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part)) return;
    print_error("\"%s\" does not hold \"%s\"\n", text, part);
    _fail(file, line);
}

#endif
