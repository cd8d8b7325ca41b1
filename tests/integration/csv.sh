#!/bin/bash
# Rows as CSV: of every command that prints rows, what a CSV reader of another house finds is what --json says; masked values
# stay masked, exit codes are the same, and what prints no rows says so before it does anything. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
. tests/integration/rows.sh
checks_cluster
export LC_ALL=C.UTF-8

"$CRMX" init "$W/a" --quiet 2>/dev/null
mkdir -p "$W/a/inbox"
"$GENERATE" "$W/a/inbox/11" --customers 300 --unit 11 --date 2026-10-31 >/dev/null
cd "$W/a" || exit 16
ok "the load" run initial --unit 11 --date 2026-10-31 --no-follow

same_rows - 10 config show
same_rows - 5 layout list
same_rows - 5 layout check
same_rows fields 5 layout show retail_account
same_rows - 20 formula functions
same_rows measures 10 formula check personal
same_rows coefficients! 3 formula check personal
same_rows - 5 formula lint personal
check "formula lint --csv: several lines in a cell, and quotes" grep -q '^.*"[^"]*$' "$W/out"
same_rows - 1 generation list
same_rows fields 5 generation show crm_customer --record 1
same_rows - 5 identity list
same_rows notes 0 identity list --kind placeholder-number
same_rows - 0 detail list
same_rows - 4 parameter show
same_rows - 3 gate list
same_rows - 2 measure verify
same_rows measures 1 measure compute "sum(retail where kind = 'D', cny(balance))" --top 3
same_rows files 5 reconcile
same_rows customers! 1 reconcile
same_rows summary 1 rejects
same_rows rows! 1 rejects
same_rows segments 2 segment --by branch --sum score
same_rows points 3 sweep personal --from 400000 --to 600000 --step 100000
same_rows points 3 formula sweep personal --from 400000 --to 600000 --step 100000
same_rows points 3 sweep personal --vary '#1' --from 1 --to 2 --step 0.5
same_rows sweep 1 sweep personal --top 5%
check "sweep --top --csv: its names" [ "$(head -n 1 "$W/out")" = unit,type,generation,formula,eligible,wanted,threshold,pass,share,ties,next_threshold,next_pass ]
same_rows sweep 1 formula sweep personal --top 3
same_rows sweep! 1 sweep personal --from 400000 --to 600000 --step 100000
same_rows result! 1 trial personal
same_rows trial! 1 trial personal --sample 100
same_rows by_branch! 3 trial personal --threshold 400000
same_rows by_tier! 2 trial personal
same_rows histogram! 20 trial personal
sed 's/系数(1.1)/系数(4.5)/' formulas/personal.formula >draft.formula
same_rows differences 1 formula diff personal draft.formula
same_rows effect! 1 formula diff personal draft.formula
same_rows records 1 customer show --number 1100000002
same_rows customer! 1 customer show 1100000002
same_rows measures! 5 customer show 1100000002 --unmask
same_rows tree 3 why 1100000002
same_rows tree 3 why 1100000002 --unmask
check "why --csv: the score as it is" grep -qE '^0,score,score,[0-9]{4,}\.[0-9]{2},' "$W/out"
same_rows reasons! 1 why 1100000002
same_rows changes! 1 why 1100000002 --unmask
same_rows customer! 1 why 1100000002
same_rows tree 3 why 1100000002 --formula draft.formula --unmask
same_rows tree 3 trial draft.formula --number 1100000002 --unmask
same_rows tree 1 formula explain personal 活期人民币存款=1234567.89
same_rows changes! 1 trial personal 活期人民币存款=1234567.89
same_rows customer! 1 trial personal 活期人民币存款=1234567.89
same_rows formula! 1 formula check personal
same_rows rows 20 customer find 'score > 0' --columns number,name,branch,score,tier --limit 100000 --type personal
check "customer find --csv: masked as on the screen" grep -qE '^1[0-9]{9},[^,]*\*' "$W/out"
same_rows rows 20 customer find 'score > 0' --columns number,name,branch,score,tier --limit 100000 --type personal --unmask
check "customer find --csv --unmask: nothing is masked" [ "$(grep -cE '\*' "$W/out")" = 0 ]

# Who enters, as a list that is not kept.
crmx trial personal --threshold 300000 --entering
tr '\t' , <"$W/out" >"$W/tsv"
crmx trial personal --threshold 300000 --entering --csv
same "trial --entering --csv: the rows of the tab-separated list" "$W/tsv" "$W/out"
check "trial --entering --csv: somebody enters" [ "$(wc -l <"$W/out")" -gt 3 ]
crmx formula diff personal draft.formula --entering --csv
check "formula diff --entering --csv: its names" [ "$(head -n 1 "$W/out")" = event,number,score_first,score_second ]

printf '%s\t%s\n' 'a*2' a=3 b "b='x, \"y\"'" >"$W/cases.tsv"
crmx formula eval --file "$W/cases.tsv" --json
cp "$W/out" "$W/values"
crmx formula eval --file "$W/cases.tsv" --csv
check "formula eval: a column of values" python3 -c 'import csv, json, sys
assert [r["value"] for r in csv.DictReader(open(sys.argv[1]))] == [str(v) for v in json.load(open(sys.argv[2]))] == ["6", "x, \"y\""]' "$W/out" "$W/values"

# What prints no rows refuses before it does anything.
refused() { # MESSAGE HINT ARGUMENT …
    fails 16 "$@"
    check "${*:3}: nothing on stdout" [ ! -s "$W/out" ]
}
refused "crmx run daily prints no rows: there is no CSV of it" "for programs: crmx run daily --json" run daily --unit 11 --date 2026-11-01 --csv
check "the run did not begin" [ ! -e state/units/11/run/2026-11-01.001.1 ]
refused "crmx status prints no rows" "for programs: crmx status --json" status --csv
crmx generation list --csv --json
check "--csv and --json: refused, exit code $RC" [ $RC = 16 ]
check "--csv and --json: in JSON, which was asked for" jq -e '.hint == "leave one of them out"' "$W/err"
refused "--rows chooses one of the tables" "add --csv; its tables: trial result totals dates by_FIELD histogram" trial personal --rows by_tier
refused "--rows chooses one of the tables" "leave --rows out" generation list --csv --rows x
refused 'there are no rows "by_manager" in the answer' "it has: trial, result, totals, by_branch, by_tier, histogram" trial personal --csv --rows by_manager
refused 'there are no rows "points" in the answer' "it has: sweep" sweep personal --top 10 --csv --rows points
refused "--entering and --rows do not go together" "the list stands instead of the page" formula diff personal draft.formula --entering --csv --rows differences
refused "--time and --csv do not go together" "the time stands on the page" customer find 'score > 0' --time --csv
crmx generation list --unit 99 --csv
check "a failure is a text, not JSON: exit code $RC" [ $RC = 16 ]
check "a failure is a text, not JSON" err_has "ERROR: "

checks_end
