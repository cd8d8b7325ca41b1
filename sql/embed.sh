#!/bin/sh
# Prints a C file that holds the given SQL files byte for byte: sh sql/embed.sh FILE... > embedded.c
# od and sed instead of xxd: they are on every machine that has a compiler. Arrays of numbers instead of string literals:
# no escaping, no limit of 65,535 characters, the same with gcc and clang.
set -eu
LC_ALL=C
export LC_ALL
echo '/* Made by sql/embed.sh from sql/; not edited by hand. */'
echo '#include "etl/database_sql.h"'
n=0
for file in "$@"; do
    printf 'static const unsigned char sql_%d[] = {\n' $n
    od -An -v -tx1 "$file" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
    echo '0};'
    n=$((n + 1))
done
echo 'const struct database_sql DATABASE_SQL[] = {'
n=0
for file in "$@"; do
    name=${file#*sql/}
    printf '    {"%s", (const char *)sql_%d, sizeof sql_%d - 1},\n' "${name%.sql}" $n $n
    n=$((n + 1))
done
echo '};'
echo "const int DATABASE_SQL_COUNT = $n;"
