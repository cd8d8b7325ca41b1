#!/bin/bash
# The challenger beside the active formula, night after night, under each leave policy: what crmx reconcile and formula
# shadow say of it is what the same night becomes with the challenger as the active formula: selected, entering, leaving,
# customer by customer; lists count for both. Queries by shadow.score and shadow.selected give the same figures.
. "$(dirname "$0")/nights.sh"
first=2026-10-31
json() { # JQ-CONDITION ARGUMENT …
    run "${@:2}" --json
    [ $code = 0 ] && jq -e "$1" "$scratch/out" >/dev/null
}
total() { awk -F'\t' -v name="$2" '$2 == name { print $4 }' "$1"/totals.tsv; } # GENERATION-FOLDER NAME
sum() { awk -F'\t' -v name="$2" '$2 == name { print $5 }' "$1"/totals.tsv; }
folder() { echo "$1/state/units/11/gen/$(cut -d' ' -f1 "$1/state/units/11/CURRENT")"; }
selected() { # WORK TYPE: the numbers of the selected customers, sorted
    "$crmx" --work "$1" customer find "score > 0 or score <= 0" --type "$2" --columns number,selected --csv --limit 100000 2>/dev/null |
        tr -d '\r' | grep ',yes' | cut -d, -f1 | sort
}

"$generate" "$bank" --from $first --days 2 --customers 400 --seed 11 --events -late_file,-redo_file,-repeated_file >/dev/null || exit 1
"$crmx" init "$work" --quiet
small_bank "$work"
rm -rf "$work/inbox/11"
sed 's/+ 逾期个人贷款余额\*拖欠期数/- 逾期个人贷款余额*系数(1.5)/; s/^threshold 500000;/threshold 430000;/; s/系数(2);/系数(0.5);/' \
    "$work/formulas/personal.formula" >"$work/formulas/careful.formula"
sed 's/^threshold [0-9]*/threshold 2000000/' "$work/formulas/corporate.formula" >"$work/formulas/open.formula"
check "another formula" [ "$(cmp -s "$work"/formulas/{careful,personal}.formula; echo $?)" = 1 ]
check "another threshold" [ "$(cmp -s "$work"/formulas/{open,corporate}.formula; echo $?)" = 1 ]
sed -i 's/^formula.corporate.*/&\nshadow.personal = careful\nshadow.corporate = open/' "$work/units/11.ini"
cp -r "$work" "$scratch/template"

OVERLAP="case when selected and shadow.selected then 'both' when selected then 'only_active' when shadow.selected then 'only_shadow' else 'neither' end"

# The night of a date as it was, and as it would have been: FOLDER, its twin in $scratch/then.
compare() { # POLICY DATE
    local now then type n t text="$1, $2"
    now=$(folder "$work") then=$(folder "$scratch/then")
    for type in personal corporate; do
        selected "$work" $type >"$scratch/now.list"
        selected "$scratch/then" $type >"$scratch/then.list"
        check "$text, $type: somebody is selected" [ -s "$scratch/then.list" ]
        check "$text, $type: the list is that of the totals" [ "$(total "$now" selected.$type)" = "$(wc -l <"$scratch/now.list")" ]
        check "$text, $type: the scores" [ "$(sum "$now" shadow.score.$type)" = "$(sum "$then" score.all.$type)" ]
        check "$text, $type: selected then" [ $(($(total "$now" shadow.selected.$type) + $(total "$now" shadow.kept.$type))) = "$(total "$then" selected.$type)" ]
        check "$text, $type: entering" [ "$(total "$now" shadow.entering.$type)" = "$(comm -13 "$scratch/now.list" "$scratch/then.list" | wc -l)" ]
        check "$text, $type: leaving" [ "$(total "$now" shadow.leaving.$type)" = "$(comm -23 "$scratch/now.list" "$scratch/then.list" | wc -l)" ]
        n=0
        for t in both only_active only_shadow neither; do n=$((n + $(total "$now" shadow.$t.$type))); done
        check "$text, $type: everybody is counted once" [ $n = "$(total "$now" scored.$type)" ]
        check "$text, $type: the page" json ".shadow[] | select(.customers == \"$type\") |
            .selected_now == $(total "$now" selected.$type) and .selected_then == $(total "$then" selected.$type) and
            .entering == $(total "$now" shadow.entering.$type) and .leaving == $(total "$now" shadow.leaving.$type)" reconcile
        check "$text, $type: the overlap on the page" json "[.overlap[] | select(.customers == \"$type\") | .count] ==
            [$(for t in both only_active only_shadow neither; do total "$now" shadow.$t.$type; done | paste -sd,)]" reconcile
        check "$text, $type: their assets" json "[.overlap[] | select(.customers == \"$type\") | .total_assets] ==
            [$(for t in both only_active only_shadow neither; do sum "$now" shadow.assets.$t.$type; done | sed 's/.*/"&"/' | paste -sd,)]" reconcile
        check "$text, $type: both and only active are the night's selection, kept ones among them" json \
            ".query.found == $(($(total "$now" shadow.both.$type) + $(total "$now" shadow.only_active.$type)))" customer find selected --type $type
        check "$text, $type: both and only the challenger pass by formula and lists" json \
            ".query.found == $(($(total "$now" shadow.both.$type) + $(total "$now" shadow.only_shadow.$type)))" customer find shadow.selected --type $type
        for t in both only_active only_shadow neither; do
            [ "$1" = stay ] || continue
            [ "$(total "$now" shadow.$t.$type)" = 0 ] && continue
            check "$text, $type: $t by a query" json ".segments[] | select(.segment == \"$t\") |
                .customers == $(total "$now" shadow.$t.$type) and .total_assets == \"$(sum "$now" shadow.assets.$t.$type)\"" \
                segment --type $type --by "$OVERLAP" --sum total_assets --unmask
        done
        check "$text, $type: the sum of shadow.score" json "[.segments[].\"shadow.score\" | tonumber * 100 | round] | add == $(sum "$now" shadow.score.$type | tr -d .)" \
            segment --type $type --by selected --sum shadow.score
    done
}
twin() { "$crmx" --work "$scratch/then" --set database.mode=none run "$1" --unit 11 --date "$2" --no-follow --quiet >"$scratch/out" 2>"$scratch/err"; }
night() { # KIND DATE FILES: in $work, and in its twin with the challenger as the active formula
    rm -rf "$scratch/then"
    mkdir -p "$work/inbox/11"
    find "$3" -maxdepth 1 -type f -exec cp {} "$work/inbox/11/" \;
    cp -r "$work" "$scratch/then"
    sed -i 's/^formula.personal.*/formula.personal = careful/; s/^formula.corporate.*/formula.corporate = open/; /^shadow/d' "$scratch/then/units/11.ini"
    check "$policy: the night of $2" exits 0 run "$1" --unit 11 --date "$2" --no-follow
    check "$policy: its twin" twin "$1" "$2"
    compare "$policy" "$2"
}
for policy in stay leave "hysteresis 0.9 2"; do
    rm -rf "$work"
    cp -r "$scratch/template" "$work"
    sed -i "s/^leave  .*/leave = $policy/" "$work/units/11.ini"
    if [ "$policy" = stay ]; then
        night initial $first "$bank/$first/unload"
    else
        rm -rf "$work/state"
        cp -r "$scratch/after_initial" "$work/state"
    fi
    [ "$policy" = stay ] && cp -r "$work/state" "$scratch/after_initial"
    night daily 2026-11-01 "$bank/2026-11-01"
    night daily 2026-11-02 "$bank/2026-11-02"
    now=$(folder "$work")
    [ "$policy" = leave ] && check "$policy: nobody is kept" [ "$(total "$now" shadow.kept.personal)" = 0 ]
    [ "$policy" = stay ] && check "$policy: somebody is kept" [ "$(total "$now" shadow.kept.personal)" -gt 0 ]
    [ "$policy" = stay ] && check "$policy: nobody leaves" [ "$(total "$now" shadow.leaving.personal)" = 0 ]
done
check "somebody is excluded" [ "$(total "$now" excluded.personal)" -gt 0 ]

# --- night after night ---

check "formula shadow: a line a night and type" json 'length == 6' formula shadow
check "formula shadow: newest first" json '.[0].business_date == "2026-11-02" and .[5].business_date == "2026-10-31"' formula shadow
check "formula shadow: one type" json 'length == 3 and all(.customers == "corporate" and .challenger == "open")' formula shadow --type corporate
check "formula shadow: as the totals" json ".[0] | .both == $(total "$now" shadow.both.personal) and .leaving == $(total "$now" shadow.leaving.personal) and
    .only_challenger == $(total "$now" shadow.only_shadow.personal) and .assets_both == \"$(sum "$now" shadow.assets.both.personal)\" and .threshold == \"430000.00\"" formula shadow
entering=$(($(total "$now" shadow.entering.personal) + $(total "$now" shadow.entering.corporate)))
leaving=$(($(total "$now" shadow.leaving.personal) + $(total "$now" shadow.leaving.corporate)))
check "status" exits 0 status --unit 11
check "status: the challenger" out_has "$entering would enter, $leaving leave: crmx formula shadow --unit 11"
run trial careful --json
check "formula shadow: the hash of the trial" json ".[0].hash == $(jq .trial.hash "$scratch/out")" formula shadow
check "formula shadow: CSV" exits 0 formula shadow --csv
check "formula shadow: CSV has the sums of assets" grep -q assets_only_challenger "$scratch/out"

# --- names of queries: each condition finds what its column says ---

column() { # CONDITION COLUMN AWK-CONDITION-ON-v: found = the rows of everybody whose column meets it
    run customer find "$1" --columns number --csv --limit 100000 --unmask
    local found=$code
    tr -d '\r' <"$scratch/out" | sort >"$scratch/found"
    run customer find "score > 0 or score <= 0" --columns "number,$2" --csv --limit 100000 --unmask
    tr -d '\r' <"$scratch/out" | awk -F, -v c=0 "{ v = \$2 } NR == 1 || ($3) { print \$1 }" | sort >"$scratch/rows"
    [ "$found" = 0 ] && [ "$(wc -l <"$scratch/found")" -gt 1 ] && cmp "$scratch/found" "$scratch/rows"
}
check "branch" column 'branch = "110101"' branch 'v == "110101"'
check "branch in a list" column "branch in ('110101', '110201') and 1 = 1" branch 'v == "110101" || v == "110201"'
check "manager, missing" column "manager = ''" manager 'v == ""'
check "selected" column selected selected 'v == "yes"'
check "not selected, in Chinese" column "非 入选" selected 'v == "no"'
check "number" column "number >= 1100000100" number '$1 >= 1100000100'
check "综合客户号" column "综合客户号 < 1100000100" number '$1 < 1100000100'
check "entry date" column "coalesce(entry_date, date '1900-01-01') = date '2026-11-02'" entry_date 'v == "2026-11-02"'
check "entry date: the CRM customers have one" column "known(entry_date)" selected 'v == "yes"'
check "kept" json '.query.found > 0' customer find "kept and not passes"
check "kept ones whom neither formula takes are among only active" json ".query.found > 0 and .query.found <= $(total "$now" shadow.only_active.personal)" customer find "kept and not shadow.selected" --type personal
check "the help says so" grep -q 'kept by the leave policy among them' <("$crmx" help formula shadow | tr -s '\n ' ' ')
check "selected are those who pass and those who are kept" json '.query.found == 0' customer find "selected and not (passes or kept) or not selected and (passes or kept)"
check "whoever is excluded does not pass" json '.query.found == 0' customer find "passes and excluded"
# why and find: one meaning of passes, for everybody of a kind.
why_as_find() { # CONDITION PASSES WHY-TEXT
    local n found=0
    run customer find "$1" --columns number --csv --limit 5
    for n in $(tr -d '\r' <"$scratch/out" | tail -n +2); do
        found=$((found + 1))
        run why "$n" --json
        jq -e ".customer.passes == $2 and (.customer.why | contains(\"$3\"))" "$scratch/out" >/dev/null || { cat "$scratch/out"; return 1; }
        run customer show "$n" --json
        jq -e "(.customer.why | contains(\"$3\")) and .customer.kept == (\"$3\" | startswith(\"kept\"))" "$scratch/out" >/dev/null || { cat "$scratch/out"; return 1; }
    done
    [ $found -gt 0 ]
}
check "why: excluded" why_as_find "excluded and not passes" false "on the exclusion list"
check "why: kept by the leave policy" why_as_find "not passes and kept" false "kept by the leave policy (hysteresis 0.9 2)"
check "why: passes" why_as_find "passes and not excluded" true "above the threshold"
check "customer show: kept, for people" exits 0 customer show "$(run customer find kept --columns number --csv --limit 1; tail -1 "$scratch/out" | tr -d '\r')"
check "customer show: says so" grep -q '^ *kept  *yes' "$scratch/out"
check "excluded" json ".query.found == $(($(total "$now" excluded.personal) + $(total "$now" excluded.corporate)))" customer find excluded
check "nobody is selected who is excluded" json '.query.found == 0' customer find "selected and excluded"
check "shadow.score" column "shadow.score > score" "shadow.score > score" 'v == "yes"'
check "影子" json ".query.found == $(total "$now" shadow.selected.personal)" customer find "影子.入选" --type personal
check "the challenger's score is no balance" column "影子.评分 > 0" shadow.score 'v > 0'
refuses() { # WORDS HINT ARGUMENT …
    run "${@:3}"
    [ $code = 16 ] && err_has "$1" && err_has "$2"
}
check "a branch nobody has" refuses "'110109' is none of the codes" "did you mean '110101'?" customer find "branch = '110109'"
check "a misspelt name" refuses "unknown name branhc" "did you mean branch?" customer find "branhc = '110101'"
check "a misspelt name of the challenger" refuses "unknown name shadow.slected" "did you mean shadow.selected?" customer find "shadow.slected"
check "a text of class C2" refuses "unknown name phone" "which no condition looks at" customer find "phone = '1'"
check "inside an aggregate" refuses "selected of a query cannot stand inside an aggregate" "beside the aggregate" customer find "sum(retail where customer.selected, balance) > 0"
sed 's/^score = /score = shadow.score + /' "$work/formulas/personal.formula" >"$scratch/own.formula"
check "in a formula" refuses "unknown name shadow.score" "known to queries" formula check "$scratch/own.formula" --type personal
check "segments by branch as the column" json '.segments | length > 2' segment --by "case when branch = '110101' then 'a' when branch = '110201' then 'b' else 'c' end"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
