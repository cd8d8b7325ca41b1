#!/bin/bash
# The installed program as a scheduler and an operator meet it: found template, closed files, pipes, exit codes, prompts.
# Ends with "N passed, N failed".
cd "$(dirname "$0")/../.." || exit 16
MODE=${MODE:-release}
W=$(mktemp -d /tmp/crmx_cli.XXXXXX)
trap 'rm -rf "$W"' EXIT
PASSED=0 FAILED=0

check() { # TEXT COMMAND …
    local text=$1
    shift
    if "$@"; then
        PASSED=$((PASSED + 1))
    else
        FAILED=$((FAILED + 1))
        echo "FAILED: $text"
        sed 's/^/    /' "$W/out" "$W/err" 2>/dev/null | head -n 20
    fi
}
run() { # crmx ARGUMENT … → RC, $W/out, $W/err
    "$CRMX" "$@" >"$W/out" 2>"$W/err" </dev/null
    RC=$?
}
out_has() { grep -qF -- "$1" "$W/out"; }
err_has() { grep -qF -- "$1" "$W/err"; }

# --- installed elsewhere, no source tree near ---

unset CRMX_TEMPLATE CRMX_HOME
make -s install MODE="$MODE" DESTDIR="$W/root" PREFIX=/usr >"$W/out" 2>"$W/err"
check "make install" [ $? = 0 ]
CRMX=$W/root/usr/bin/crmx
run init "$W/work"
check "init finds its template" [ $RC = 0 ]
check "layouts were copied" [ -f "$W/work/layouts/retail_account.ini" ]
check "nobody else may read it" [ -z "$(find "$W/work" -perm /007)" ]
check "the same files as in the source tree" diff -rq --exclude=crmx.ini --exclude='.*' config/template "$W/work" \
    --exclude=conf.d --exclude=deliver --exclude=inbox --exclude=state
run init "$W/work"
check "a second init is refused" [ $RC = 16 ]
check "with the reason" err_has "it is not empty"

# --- where the working folder comes from ---

cd "$W/work" || exit 1
run config show
check "the current folder" out_has "database.mode"
cd / || exit 1
run config show
check "no working folder: 16" [ $RC = 16 ]
check "with the next command" err_has "crmx init DIR"
CRMX_HOME=$W/work run config show
check "CRMX_HOME" out_has "database.mode"
run config show --work "$W/work"
check "--work" out_has "database.mode"
CRMX_RUN_THREADS=3 run config show --work "$W/work" --json
check "environment with origin" out_has '"value": "3", "origin": "environment CRMX_RUN_THREADS"'
run config show --work "$W/work" --json
check "JSON is valid" jq -e 'map(select(.option == "run.threads"))[0].value == "0"' "$W/out"

# --- what an operator gets wrong ---

run confg show
check "an unknown command: 16" [ $RC = 16 ]
check "the nearest one" err_has "HINT: did you mean: crmx config show"
check "nothing on stdout" [ ! -s "$W/out" ]
echo "theads = 1" >>"$W/work/conf.d/a.ini"
run config show --work "$W/work"
check "a key without section, with file and line" err_has "conf.d/a.ini:1: key"
rm "$W/work/conf.d/a.ini"

# --- as a scheduler starts it ---

"$CRMX" --version >"$W/out" 2>"$W/err" <&-
check "stdin closed" [ $? = 0 ]
"$CRMX" config show --work "$W/work" <&- >&- 2>&-
check "all closed" [ $? = 0 ]
"$CRMX" config show --work "$W/none" <&- >&- 2>&-
check "all closed, failing" [ $? = 16 ]
"$CRMX" help --work "$W/work" 2>"$W/err" | head -n 1 >"$W/out"
check "a reader that has enough is no failure" [ "${PIPESTATUS[0]}" = 0 ]
"$CRMX" help >/dev/full 2>"$W/err"
check "a full disk is one" [ $? = 8 ]
check "and says so" err_has "could not write to standard output"
run --version
check "the version" out_has "crmx "

echo "$PASSED passed, $FAILED failed"
[ "$FAILED" = 0 ]
