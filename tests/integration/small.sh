#!/bin/bash
# The committed sample (samples/small/README.md): the initial load of samples/small/inbox with the delivered configuration must give
# samples/small/expected, every output file, reject and control total to the byte. The expected files were written by the oracle in
# plain SQL, not by crmx. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
SAMPLE=$PWD/samples/small
COMPARE=$PWD/tests/differential/compare

CRMX_TEMPLATE=$PWD/config/template crmx init "$W/work" --quiet
check "crmx init" [ $RC = 0 ]
cp "$SAMPLE/inbox"/* "$W/work/inbox/11/"
"$COMPARE" "$W/work" "$SAMPLE/expected" 11 2026-10-31 "$CRMX" >"$W/compare" 2>&1
RC=$?
check "as expected" sh -c 'cat "$1"; exit "$2"' sh "$W/compare" $RC
for file in "$SAMPLE"/expected/*; do same "$(basename "$file")" "$file" "$W/work/result/$(basename "$file")"; done
# What crmx writes beyond the expected files would be an output nobody looked at.
check "no other output files" diff <(cd "$SAMPLE/expected" && ls) <(cd "$W/work/result" && ls | grep -vx log)
json '.tieout.balanced and .tieout.unbalanced == 0 and (.equations | length > 20 and all(.balanced == "yes"))' reconcile --work "$W/work"
ok "the generation is as it was committed" generation verify --work "$W/work"

# The same sample on another machine: nothing of it may show in the files.
ONE=$(checks_generation "$W/work" 11)
while read -r name options; do
    rm -rf "$W/other"
    CRMX_TEMPLATE=$PWD/config/template crmx init "$W/other" --quiet
    cp "$SAMPLE/inbox"/* "$W/other/inbox/11/"
    # shellcheck disable=SC2086 # several words
    ok "$name" run initial --unit 11 --date 2026-10-31 --work "$W/other" --quiet --no-follow --set database.mode=none $options
    OTHER=$(checks_generation "$W/other" 11)
    check "$name: same output files" diff -rq "$ONE/out" "$OTHER/out"
    for file in rejects.tsv notes.tsv totals.tsv; do same "$name: $file" "$ONE/$file" "$OTHER/$file"; done
done <<'END'
one_thread --set run.threads=1
small_partitions --set run.threads=3 --set run.partition_customers=7 --set run.batch=2 --set run.memory_max=64m
END
checks_end
