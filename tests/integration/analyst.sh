#!/bin/bash
# docs/analyst.md, word for word: every command of the guide is typed in an empty folder, in its order, with the embedded database, and
# prints what the guide shows, to the figure (tests/integration/guide says what may differ). Before that: a guide that shows something
# else is found out. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
GUIDE=$PWD/tests/integration/guide
checks_cluster
mkdir "$W/bin"
ln -s "$CRMX" "$W/bin/crmx"
export PATH=$W/bin:$PATH GENERATE CRMX_TEMPLATE=$PWD/config/template

# --- what is found out ---

try() { # LINE …: of a guide; RC, $W/out
    { printf '# A guide\n\n' && printf '    %s\n' "$@"; } >"$W/guide.md"
    rm -rf "$W/try" && mkdir "$W/try"
    "$GUIDE" "$W/guide.md" "$W/try" >"$W/out" 2>&1
    RC=$?
}
right() { [ $RC = 0 ] && out_has '1 passed, 0 failed'; }
wrong() { [ $RC != 0 ] && out_has '0 passed, 1 failed' && out_has "$1"; }
try 'crmx formula eval 1+2' '  3' && check "what is printed" right
try 'crmx formula eval 1+2' '  4' && check "another figure" wrong 'the guide:   4'
try 'crmx formula eval 1+2' '  3' '  4' && check "a line more" wrong '(the end)'
try 'crmx formula eval 1+' && check "an exit code that is not 0" wrong 'exit code 16'
try 'crmx formula eval 1+   exit code 16: no expression' && check "which is said" right
try 'crmx formula eval 1+2   exit code 16' && check "a 0 that is not" wrong 'exit code 0'
try 'crmx formula eval 1+2' '  ERROR: no' && check "an error that is none" wrong 'exit code 0'
try 'printf "a  b\nc\nd\n"' '  a  b' '  …' '  d' && check "lines left out" right
try 'printf "a  b\nc\nd\n"' '  a  b' '  d' && check "lines left out in silence" wrong 'it printed:  c'
try 'printf "a  b\nc\n"' '  a b' && check "other spaces" wrong 'the guide:   a b'
try 'printf "a  b\nc\n"' '  a …' '  c' && check "a line cut" right
try 'printf "c\na\n"' '  a' '  …' '  c' && check "another order" wrong 'the guide:   c'
try 'printf "took 0.18 s, 12 s\n"' '  took 0.25 s, 12 s' && check "how long it took" right
try 'printf "took 0.18 s, 12 s\n"' '  took 0.25 s, 13 s' && check "and nothing else" wrong 'took'

# --- the guide ---

mkdir -m 711 "$W/guide"
"$GUIDE" docs/analyst.md "$W/guide" >"$W/guide.log"
grep -v ' passed, ' "$W/guide.log"
read -r passed _ failed _ <<<"$(tail -n 1 "$W/guide.log")"
PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed))
check "eighty commands or more" [ $((passed + failed)) -ge 80 ]
checks_end
