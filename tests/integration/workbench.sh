#!/bin/bash
# The analyst's workbench over a made-up unit: trial, sweep, formula diff, why, customer find, segment, shadow, reason codes. Every
# figure is compared with something that was computed another way: the totals and files of a run with that formula, a
# count of lines, a sum of rows. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
export LC_ALL=C
equal() { [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }; }
load() { # FOLDER OPTION …: an initial load of the same files
    local folder=$1
    shift
    cp -r "$W/inbox" "$folder/inbox"
    (cd "$folder" && "$CRMX" run initial --unit 11 --date 2026-10-31 --no-follow --quiet "$@" >"$W/out" 2>"$W/err") || { echo "FAILED: the load of $folder"; cat "$W/err"; exit 1; }
}
total() { # FOLDER NAME FIELD: 4 records, 5 amount
    awk -F'\t' -v name="$2" -v field="$3" '$2 == name { print $field }' "$1"/state/units/11/gen/*/totals.tsv
}
numbers() { # FOLDER: of the selected personal customers
    cut -c1-10 "$1"/state/units/11/gen/*/out/CRMCUST | sort
}

"$CRMX" init "$W/a" --quiet 2>"$W/err" || { cat "$W/err"; exit 1; }
mkdir -p "$W/inbox"
"$GENERATE" "$W/inbox/11" --customers 2000 --unit 11 --date 2026-10-31 >/dev/null || exit 1
rm -rf "$W/a/inbox"
load "$W/a" --set run.partition_customers=300 # several partitions: their edges are crossed
cd "$W/a" || exit 1
GEN=$(echo state/units/11/gen/*)
before=$(cd "$GEN" && find . -type f -exec sha256sum {} + | sort)
corporate=$(total . selected.corporate 4)

# --- the active formula: the trial gives the run's own totals ---

json '.trial.may_be_submitted and .result.entering == 0 and .result.leaving == 0' trial personal --measures
check "trial: scored as the run" equal "$(jq .result.scored "$W/out")" "$(total . scored.personal 4)"
check "trial: excluded as the run" equal "$(jq .result.excluded "$W/out")" "$(total . excluded.personal 4)"
check "trial: passes as the run" equal "$(jq .result.pass "$W/out")" "$(total . selected.personal 4)"
check "trial: sum of scores as the run" equal "$(jq -r .result.score_all "$W/out")" "$(total . score.all.personal 5)"
check "trial: sum of selected scores as the run" equal "$(jq -r .result.score_selected "$W/out")" "$(total . score.selected.personal 5)"
for m in $(jq -r '.totals[] | select(.kind == "measure") | .name' "$W/out"); do
    check "trial: measure $m as the run" equal "$(jq -r --arg m "$m" '.totals[] | select(.kind == "measure" and .name == $m) | .all' "$W/out")" "$(total . "measure.personal.$m" 5)"
done
check "trial: all 15 measures are there" equal "$(jq '[.totals[] | select(.kind == "measure")] | length' "$W/out")" 15
check "trial: branches add up" jq -e '(.by_branch | map(.customers) | add) == .result.scored and (.by_branch | map(.pass) | add) == .result.pass' "$W/out"
check "trial: tiers add up" jq -e '(.by_tier | map(.customers) | add) == .result.scored' "$W/out"
check "trial: the histogram adds up" jq -e '(.histogram | map(.customers) | add) == .result.scored' "$W/out"
crmx trial personal --bins 200 --bin-width 5000
awk '$1 == "500,000.00" { found = 1 } END { exit !found }' "$W/out"
check "trial: bins of 5,000" [ $? = 0 ]
hash=$(cd "$W/a" && "$CRMX" trial personal --json | jq -r .trial.hash)
check "trial: the result is kept under its hash" jq -e --arg h "$hash" '.hash == $h and .may_be_submitted and .unit == "11" and .type == "personal" and .threshold_minor == 50000000' "state/units/11/trial/$hash.json"
check "trial: it names the generation's manifest" equal "$(jq -r .manifest_hash "state/units/11/trial/$hash.json")" "$(cut -d' ' -f2 state/units/11/CURRENT)"
"$CRMX" trial personal --threshold 600000 --json >"$W/other" 2>/dev/null
check "trial: another threshold is another hash" [ "$(jq -r .trial.hash "$W/other")" != "$hash" ]

# --- changed formulas: the trial gives the totals of a run with them ---

# passing FOLDER AT LENGTH: value, customers and their scores of each value of that field among the delivered persons; the file itself.
passing() {
    awk -v at="$2" -v n="$3" 'substr($0, 13, 1) == "P" { v = substr($0, at, n); sub(/ +$/, "", v); count[v]++; score[v] += substr($0, 348, 18) }
        END { for (v in count) printf "%s %d %.2f\n", v, count[v], score[v] / 100 }' "$1"/state/units/11/gen/*/out/CRMCUST | sort
}
delivered() { # FOLDER AT: the sum of an amount of 18 bytes over the delivered persons
    awk -v at="$2" 'substr($0, 13, 1) == "P" { sum += substr($0, at, 18) } END { printf "%.2f", sum / 100 }' "$1"/state/units/11/gen/*/out/CRMCUST
}

variant() { # NAME SED-SCRIPT MEASURES-COMPUTED-AGAIN
    local name=$1 script=$2 again=$3
    sed "$script" formulas/personal.formula >"$W/$name.formula"
    check "$name: the formula did change" [ -n "$(cmp formulas/personal.formula "$W/$name.formula" 2>&1)" ]
    "$CRMX" init "$W/$name" --quiet 2>/dev/null
    rm -rf "$W/$name/inbox"
    cp "$W/$name.formula" "$W/$name/formulas/personal.formula"
    printf 'total_assets = 18 amount result.total_assets scale=2\ncontribution = 18 amount result.contribution scale=2\n' >>"$W/$name/outputs/crm_customer.ini"
    load "$W/$name"
    json ".trial.measures | endswith(\" $again computed again\")" trial "$W/$name.formula" --type personal
    check "$name: passes as in the run" equal "$(jq .result.pass "$W/out")" "$(total "$W/$name" selected.personal 4)"
    check "$name: sum of scores as in the run" equal "$(jq -r .result.score_all "$W/out")" "$(total "$W/$name" score.all.personal 5)"
    check "$name: sum of selected scores as in the run" equal "$(jq -r .result.score_selected "$W/out")" "$(total "$W/$name" score.selected.personal 5)"
    json '.by_tier and .by_branch and .by_manager' trial "$W/$name.formula" --type personal --by tier --by branch --by manager
    local by
    for by in 'tier 366 1' 'branch 293 6' 'manager 299 8'; do
        jq -r ".by_${by%% *}[] | select(.pass > 0) | \"\(.${by%% *}) \(.pass) \(.score_selected)\"" "$W/out" | sort >"$W/by"
        check "$name: ${by%% *}: there are some" [ -s "$W/by" ]
        # shellcheck disable=SC2086
        check "$name: each ${by%% *} as in the run's file" diff "$W/by" <(passing "$W/$name" ${by#* })
    done
    check "$name: total assets of who pass as in the run's file" equal "$(jq -r '.totals[] | select(.name == "total_assets") | .pass' "$W/out")" "$(delivered "$W/$name" 661)"
    check "$name: contribution of who pass as in the run's file" equal "$(jq -r '.totals[] | select(.name == "contribution") | .pass' "$W/out")" "$(delivered "$W/$name" 679)"
    check "$name: they are not nothing" [ "$(delivered "$W/$name" 661)" != 0.00 ]
    crmx trial "$W/$name.formula" --type personal --json
    local entering leaving
    entering=$(jq .result.entering "$W/out") leaving=$(jq .result.leaving "$W/out")
    check "$name: somebody enters or leaves" [ $((entering + leaving)) -gt 0 ]
    comm -13 <(numbers .) <(numbers "$W/$name") >"$W/enter"
    comm -23 <(numbers .) <(numbers "$W/$name") >"$W/leave"
    crmx trial "$W/$name.formula" --type personal --entering --leaving
    check "$name: who enters, as the files of both runs" diff "$W/enter" <(awk -F'\t' '$1 == "enters" { print $2 }' "$W/out")
    check "$name: who leaves, as the files of both runs" diff "$W/leave" <(awk -F'\t' '$1 == "leaves" { print $2 }' "$W/out")
    check "$name: as many as counted" equal "$(grep -c . "$W/enter") $(grep -c . "$W/leave")" "$entering $leaving"
    for threads in 1 3; do
        "$CRMX" trial "$W/$name.formula" --type personal --measures --json --set run.threads=$threads >"$W/threads.$threads" 2>/dev/null
    done
    check "$name: one thread and three say the same" cmp "$W/threads.1" "$W/threads.3"
}
variant coefficient 's/系数(1.1)/系数(4.5)/; s/^threshold 500000;/threshold 650000.50;/' 0
variant aggregate "s/^measure 开放式基金余额.*/measure 开放式基金余额 as fund_balance money = sum(fund where balance > 20000, balance);/; s/^threshold 500000;/threshold 400000;/" 1
variant field 's/^score = /score = case when coalesce(age(birth), 0) >= 60 then 300000 else 0 end + /' 0
sed -i 's/^measure 活期人民币存款  .*/measure 活期人民币存款 as demand_cny money = sum(retail  where (kind in ("D","N")) and currency="CNY" and status<>"C", balance); # said in another way/' "$W/field.formula"
json '.trial.measures | endswith(" 0 computed again")' trial "$W/field.formula" --type personal
check "a definition in another notation is the same measure" equal "$(jq .result.pass "$W/out")" "$(total "$W/field" selected.personal 4)"

# --- a trial that fails cannot be submitted ---

sed 's/^score = /score = 活期人民币存款*100000000000000*1000 + /' formulas/personal.formula >"$W/huge.formula"
fails 12 'result score of customer 11' 'look at its measures: crmx customer show --number 11' trial "$W/huge.formula" --type personal
check "overflow: cannot be submitted" grep -q 'it cannot be submitted' "$W/err"
check "overflow: kept with its reason" [ "$(jq -s '[.[] | select(.may_be_submitted == false and (.reason | contains("larger than 2^62")))] | length' state/units/11/trial/*.json)" = 1 ]
sed 's/fund, balance)/fund, nav)/' formulas/personal.formula >"$W/cold.formula"
crmx trial "$W/cold.formula" --type personal
check "a field that is not hot is refused" [ $RC != 0 ]
check "a field that is not hot: the place" grep -qE "cold.formula:[0-9]+:[0-9]+: measure 开放式基金余额 uses the field nav of layout fund_account, which is not kept hot" "$W/err"

# One personal customer of thousands, in whatever batch: the best of a measure. In the score, and in a measure.
crmx customer find 'sum(retail where currency = "CNY", balance) > 0' --columns 'number, sum(retail where currency = "CNY", balance)' --csv --limit 100000 --unmask --type personal
read -r richest most < <(tail -n +2 "$W/out" | sort -t, -k2,2gr | head -1 | tr , ' ')
RICH="if(sum(retail where currency = 'CNY', balance) >= $most"
sed "s/^score = /score = $RICH, 1000000000000*1000000000000, 0) + /" formulas/personal.formula >"$W/one.formula"
fails 12 "result score of customer $richest is larger than 2^62" "…crmx customer show --number $richest" trial "$W/one.formula" --type personal
check "overflow of one: cannot be submitted" grep -q 'it cannot be submitted' "$W/err"
check "overflow of one: kept as such" [ "$(jq -s --arg n "$richest" '[.[] | select(.may_be_submitted == false and (.reason | contains("of customer " + $n + " is larger")))] | length' state/units/11/trial/*.json)" = 1 ]
crmx customer find 'max(retail where currency = "CNY", balance) > 0' --columns 'number, max(retail where currency = "CNY", balance)' --csv --limit 100000 --unmask --type personal
read -r richest most < <(tail -n +2 "$W/out" | sort -t, -k2,2gr | head -1 | tr , ' ')
sed "s/^score = /score = sum(retail where currency = 'CNY' and balance >= $most, balance*100000000000000) + /" formulas/personal.formula >"$W/one.formula"
fails 12 "of customer $richest is too large for 64 bits" "…crmx customer show --number $richest" trial "$W/one.formula" --type personal
check "overflow of one measure: cannot be submitted" grep -q 'it cannot be submitted' "$W/err"

# Companies in the same batches: what overflows of theirs in the formula of persons is no fault of it, by day or by night.
json '.query.found > 20' customer find 'sum(corporate_deposit, cny(balance)) > 100000' --type corporate
active=$("$CRMX" trial personal --by none --json 2>/dev/null | jq -c .result)
for overflow in 'sum(corporate_deposit, cny(balance)*100000000000000)' 'sum(corporate_deposit, cny(balance))*1000000000000*1000000'; do
    sed "s/^score = /score = $overflow + /" formulas/personal.formula >"$W/company.formula"
    json '.trial.may_be_submitted' trial "$W/company.formula" --type personal --by none
    check "$overflow: the trial of the persons" equal "$(jq -c .result "$W/out")" "$active"
    rm -rf "$W/company"
    "$CRMX" init "$W/company" --quiet 2>/dev/null
    rm -rf "$W/company/inbox"
    cp "$W/company.formula" "$W/company/formulas/personal.formula"
    load "$W/company"
    check "$overflow: the night selects as before" equal "$(total "$W/company" score.all.personal 5) $(numbers "$W/company" | sha256sum)" "$(total . score.all.personal 5) $(numbers . | sha256sum)"
    (cd "$W/company" && "$CRMX" measure verify >"$W/out" 2>"$W/err")
    check "$overflow: measures verified" [ $? = 0 ]
    fails 12 'cannot be submitted' '' trial "$W/company.formula" --type corporate
done
everybody=$("$CRMX" customer find 'number > 0' --columns number --json 2>/dev/null | jq .query.found)
for n in "$everybody" $((everybody + 1)) 9223372036854775807; do
    json '.trial.may_be_submitted and (.trial.sample | endswith("the whole generation"))' trial personal --sample "$n" --by none
    check "sample $n: everybody" equal "$(jq -c .result "$W/out")" "$active"
done
json '.trial.may_be_submitted == false' trial personal --sample $((everybody - 1)) --by none
kept=$(ls state/units/11/trial | wc -l)
json '.trial.may_be_submitted == false and (.trial.reason | contains("sample"))' trial personal --sample 500 --by none
check "sample: 500 of all, some of them companies" jq -e '.result.scored > 400 and .result.scored < 500' "$W/out"
json '.trial.may_be_submitted == false and (.trial.reason | contains("command line"))' trial personal --coef '#1=1.7'
check "a sample and --coef are not kept" equal "$(ls state/units/11/trial | wc -l)" "$kept"
fails 16 'there is no formula "persnal"' 'did you mean personal?' trial persnal
fails 16 'the formula has no coefficient "fx"' '…系数#1=1.5' trial personal --coef fx=2
fails 16 'neither a code result' 'possible are tier, ' trial personal --by nosuchfield
fails 16 '--by: managr is neither a code result of personal nor a field' 'did you mean manager? Possible are tier, ' trial personal --by managr
json '(.by_manager | length) > 1 and (has("by_branch") | not)' trial personal --by manager --by manager --by none
fails 16 'an amount such as 800000.00 is needed' '' trial personal --threshold 8e5

# --- sweep ---

"$CRMX" sweep personal --from 300000 --to 700000 --step 100000 --json >"$W/sweep" 2>/dev/null
for t in 300000 500000 700000; do
    "$CRMX" trial personal --threshold $t --by none --json >"$W/out" 2>/dev/null
    check "sweep: threshold $t as its trial" equal "$(jq -c --arg t "$t.00" '.points[] | select(.threshold == $t) | [.pass, .entering, .leaving, .score_selected]' "$W/sweep")" "$(jq -c '.result | [.pass, .entering, .leaving, .score_selected]' "$W/out")"
done
"$CRMX" sweep personal --vary '#1' --from 1 --to 2 --step 0.1 --json >"$W/sweep" 2>/dev/null
check "sweep: eleven coefficients" equal "$(jq '.points | length' "$W/sweep")" 11
for c in 1 1.3 2; do
    "$CRMX" trial personal --coef "系数#1=$c" --by none --json >"$W/out" 2>/dev/null
    check "sweep: coefficient $c as its trial" equal "$(jq -c --arg c "$c" '.points[] | select(.coefficient == $c) | [.pass, .entering, .leaving, .score_selected]' "$W/sweep")" "$(jq -c '.result | [.pass, .entering, .leaving, .score_selected]' "$W/out")"
done
for top in 100 5% 1 100%; do
    "$CRMX" sweep personal --top $top --json >"$W/top" 2>/dev/null
    "$CRMX" trial personal --threshold="$(jq -r .sweep.threshold "$W/top")" --by none --json >"$W/out" 2>"$W/err"
    check "top $top: its threshold lets so many pass" equal "$(jq .sweep.pass "$W/top")" "$(jq .result.pass "$W/out")"
    check "top $top: without the ties fewer than wanted" jq -e '.sweep.pass - .sweep.ties < .sweep.wanted and .sweep.pass >= .sweep.wanted' "$W/top"
done
check "top 100%: everybody not excluded" jq -e '.sweep.pass == .sweep.eligible' "$W/top"
json '.sweep.ties == 1 and .sweep.wanted == 100 and .sweep.pass == 100' sweep personal --top 100
printf 'unit yuan;\nthreshold 1;\nmeasure n as accounts_n number = count(accounts);\nscore = min(n, 3);\n' >"$W/ties.formula"
json '.sweep.wanted == 10 and .sweep.pass == .sweep.ties and .sweep.pass > 10 and .sweep.next_threshold == null' sweep "$W/ties.formula" --top 10
fails 16 'these are 100001 points' 'take a larger --step' sweep personal --from 0 --to 100000 --step 1
fails 16 '--to is needed' '' sweep personal --from 1
for top in 5.5 0 0% 101% -1%; do
    fails 16 "a number of customers or a share such as 5% is needed, found \"$top\"" 'crmx sweep personal --top 5%' sweep personal --top="$top"
done
fails 16 '--from 5 is above --to 1: there is no value between them' "crmx sweep personal --vary 'threshold' --from 1 --to 5 --step 1" \
    sweep personal --from 5 --to 1 --step 1
fails 16 '--from 2 is above --to 1' "crmx sweep personal --vary '#1' --from 1 --to 2 --step 0.1" sweep personal --vary '#1' --from 2 --to 1 --step 0.1
fails 16 '--bin-width: an amount above 0 is needed, found "0"' 'such as --bin-width 50000' trial personal --bin-width 0
fails 16 '--bin-width says nothing with --bins 0' 'leave one of them out' trial personal --bins 0 --bin-width 5
fails 16 '--columns: at least one column is needed, found " , "' 'such as --columns number,score' customer find selected --columns ' , '
for step in 0 -1; do
    fails 16 "--step $step: a distance above 0 is needed" "crmx sweep personal --vary 'threshold' --from 5 --to 100000 --step 50000" sweep personal --from 5 --to 100000 --step=$step
    fails 16 "--step $step: a distance above 0 is needed" "crmx sweep personal --vary '#1' --from 1 --to 2 --step 0.1" sweep personal --vary '#1' --from 1 --to 2 --step=$step
done

# Options of which one would be ignored are refused, each pair by name.
refused() { # A B ARGUMENT …
    local a=$1 b=$2
    shift 2
    fails 16 "$a and $b do not go together" '' "$@"
}
refused --top --vary sweep personal --top 5% --vary '#1'
refused --top --threshold sweep personal --top 5% --threshold 400000
refused --top --from formula sweep personal --top 5% --from 1
fails 16 'the threshold is what varies: --threshold would say nothing' 'leave --threshold out' sweep personal --from 1 --to 2 --step 1 --threshold 5
fails 16 '#1 is what varies: --coef would say nothing' 'leave --coef out' sweep personal --vary '#1' --coef '系数#1=3' --from 1 --to 2 --step 1
json '.points | length == 2' sweep personal --vary '#1' --coef '#2=3' --from 1 --to 2 --step 1
refused NAME=VALUE --sample trial personal 活期人民币存款=1 --sample 5
refused NAME=VALUE --number trial personal 活期人民币存款=1 --number 1100000002
refused --number --by trial personal --number 1100000002 --by tier
refused --entering --measures trial personal --entering --measures
fails 16 '--unmask says nothing without --number or --id-no or --source-no' 'leave it out' trial personal --unmask
fails 16 '--bin-width says nothing with --bins 0' '' trial personal --bins 0 --bin-width 5
fails 16 '--unmask says nothing without --top' '' measure compute 'count(card)' --unmask

check "formula sweep is sweep" equal "$("$CRMX" formula sweep personal --top 5% 2>&1)" "$("$CRMX" sweep personal --top 5% 2>&1)"

# --- formula explain ---

best=$("$CRMX" customer find 'score >= 500000' --type personal --limit 1 --columns number --csv 2>/dev/null | tail -1)
check "formula explain: as the trial of one customer" equal "$("$CRMX" formula explain "$W/coefficient.formula" --type personal --number "$best" --json 2>/dev/null)" "$("$CRMX" trial "$W/coefficient.formula" --type personal --number "$best" --json 2>/dev/null)"
check "formula explain: it is that customer" grep -q "\"$best\"\|$best" <("$CRMX" formula explain personal --number "$best" --json 2>/dev/null)
check "formula explain: typed values" equal "$("$CRMX" formula explain personal 活期人民币存款=620000 --json 2>&1)" "$("$CRMX" trial personal 活期人民币存款=620000 --json 2>&1)"
fails 16 "whose score is to be explained?" "crmx formula explain personal --number NUMBER" formula explain personal

# --- formula diff ---

json '.effect.pass_first == .effect.pass_second and .differences == []' formula diff personal "$W/a/formulas/personal.formula"
json '[.differences[] | [.what, .name, .change]] | contains([["threshold", "", "changed"], ["coefficient", "系数#4", "changed"]])' formula diff personal "$W/coefficient.formula"
check "diff: effect as the trial" equal "$(jq -c '[.effect.entering, .effect.leaving, .effect.pass_second]' "$W/out")" "$("$CRMX" trial "$W/coefficient.formula" --type personal --json 2>/dev/null | jq -c '[.result.entering, .result.leaving, .result.pass]')"
json '[.differences[] | select(.what == "measure")] | length == 1 and .[0].name == "开放式基金余额"' formula diff personal "$W/aggregate.formula"
crmx formula diff "$W/coefficient.formula" personal --entering
check "diff: the other way round those who left enter" diff <("$CRMX" trial "$W/coefficient.formula" --type personal --leaving 2>/dev/null | awk -F'\t' 'NR > 1 { print $2 }') <(awk -F'\t' 'NR > 1 { print $2 }' "$W/out")

# --- customer find, segment ---

json '.query.found == .query.shown' customer find 'score >= 500000' --type personal --limit 100000 --columns number,selected
check "find: the selected ones among them are the file's" diff <(numbers .) <({ jq -r '.rows[] | select(.selected == "yes") | .number' "$W/out"; "$CRMX" customer find 'score >= 3000000' --type corporate --limit 10000 --json 2>/dev/null | jq -r '.rows[] | select(.selected == "yes") | .number'; } | sort)
crmx customer find 'count(accounts) >= 3 and sum(retail where currency = "CNY", balance) > 1000' --columns 'number, 账户数, sum(retail where currency = "CNY", balance)' --csv --limit 100000 --unmask --type personal
check "find: aggregates in place mean what they say" awk -F, 'NR > 1 && ($2 < 3 || $3 <= 1000) { exit 1 } END { exit NR < 100 }' "$W/out"
check "find: CSV is the count" equal "$(($(wc -l <"$W/out") - 1))" "$("$CRMX" customer find 'count(accounts) >= 3 and sum(retail where currency = "CNY", balance) > 1000' --type personal --json 2>/dev/null | jq .query.found)"
crmx customer find 'count(accounts) >= 2' --columns 'number, count(accounts)/3, count(accounts)' --csv --limit 100000 --type personal
check "find: a quotient is shown with its decimals" awk -F, 'NR > 1 { d = $2 - $3 / 3; if (d < 0) d = -d; if (d > 0.000001 || ($3 % 3 && $2 !~ /\./)) exit 1 } END { exit NR < 100 }' "$W/out"
check "find: numbers ascend" bash -c "tail -n +2 '$W/out' | cut -d, -f1 | sort -c"
json '[.rows[].total_assets] | all(. == "***")' customer find "tier = 'A'" --columns number,total_assets --limit 5
json '.rows | length == 3 and all(.[]; (.name | endswith("*")) and .score != "***")' customer find "tier = 'A'" --limit 3
none=$("$CRMX" segment --by accounts_count --json 2>/dev/null | jq '.segments[] | select(.segment == "0") | .customers')
json ".query.found == $none and $none > 0" customer find 'accounts_count = 0' --type personal
fails 16 'EXPRESSION:1:16: unknown name scoer' '' customer find "tier = 'A' and scoer > 0"
fails 16 'EXPRESSION:1:16: table loan_account has no field overdue_perids' 'did you mean overdue_periods' customer find 'sum(loan where overdue_perids > 0, cny(balance)) > 0'
fails 16 'EXPRESSION:1:5: unknown name retail' '…min and max of accounts have a where: max(retail where true, …)' customer find 'max(retail, term) > 10'
json '.query.found > 0' customer find 'max(retail where true, term) > 10 and min(score, 5) >= 0' --type personal
fails 16 'EXPRESSION:1:8: expected a value, found the end of the expression' '' customer find 'score >'
fails 16 'a condition is needed' 'compare it: score > 0' customer find score
fails 16 "--columns \"scre\":1:1: unknown name scre" '' customer find 'score > 0' --columns number,scre
json '(.segments | map(.customers) | add) == .query.customers and (.segments | map(.segment)) == ["A","B","C","D"]' segment --by tier
check "segment: as many as were scored" equal "$(jq .query.customers "$W/out")" "$(total . scored.personal 4)"
check "segment: selected as the run" equal "$(jq '.segments | map(.selected) | add' "$W/out")" "$(total . selected.personal 4)"
json '(.segments | map(.selected) | add) == '"$corporate" segment --by tier --type corporate
sums=$("$CRMX" segment --by branch --sum 'sum(retail, cny(balance))' --json 2>/dev/null | jq -r '.segments[]["sum(retail, cny(balance))"]' | awk '{ s += $1 * 100 } END { printf "%.0f", s }')
computed=$("$CRMX" measure compute 'sum(retail, cny(balance))' --customers personal --json 2>/dev/null | jq -r '.measures[0].sum' | tr -d .)
check "segment: a sum in place as measure compute" equal "$sums" "$computed"
json '.segments | map(.segment) == ["no", "yes"]' segment --by 'score >= 500000' --where "tier <> 'A'"
fails 16 'unknown name managr' 'did you mean manager? Possible are tier, ' segment --by managr
check "segment: any expression is possible, too" grep -q ', or any expression$' "$W/err"
fails 16 'codes cannot be added' 'count them: --by tier' segment --by branch --sum tier

# Fields of class C2 make no groups, by themselves or in an expression; bands and completed years do.
for field in birth name id_no id_type mobile; do
    for format in '' --json --csv; do
        fails 16 "--by $field: $field is a field of class C2" "…--columns number,$field --unmask" segment --by $field $format
        fails 16 "--by $field: $field is a field of class C2" "…--columns number,$field --unmask" trial personal --by $field $format
        check "by $field $format: nothing is printed" [ ! -s "$W/out" ]
    done
done
for by in 'coalesce(birth, business_date)' 'customer.birth' '-1 * days_since(birth)' 'years_between(birth, opened)' "if(sex = 'M', id_type, id_type)"; do
    fails 16 'is a field of class C2' 'group by bands: --by "case when coalesce(age(birth), 0) >= 60' segment --by "$by"
done
fails 16 '--sum coalesce(days_since(birth), 0): birth is a field of class C2' '' segment --by branch --sum 'coalesce(days_since(birth), 0)'
# Nor do amounts: those of one or two customers are masked, in a total, too, where it would tell them; --unmask is noted.
json '.segments | (length > 100) and all(.customers != 1 or .total_assets == "***")' segment --by number --sum total_assets
json '[.segments[] | select(.customers >= 3) | .total_assets] | (length > 2) and all(. != "***")' segment --by tier --sum total_assets
json '.segments | any(.segment == "***" and .customers == 1) and all(.customers > 2 or .segment == "***")' segment --by total_assets --sum score
json '.segments | all(.score != "***")' segment --by total_assets --sum score
one=$("$CRMX" customer find passes --csv --columns number | sed -n 2p)
crmx segment --by selected --where "number = $one" --sum total_assets
check "the total of one is masked" grep -qE '^ *total +1 .*\*\*\*$' "$W/out"
json ".segments | length == 1 and (.[0].total_assets | test(\"^-?[0-9.]+$\"))" segment --by selected --where "number = $one" --sum total_assets --unmask
json '.query.segments > 50' segment --by 'age( customer.birth )' --sum 'coalesce(age(birth), 0)'
json '[.segments[].segment] == ["other", "senior"]' segment --by "case when coalesce(age(birth), 0) >= 60 then 'senior' else 'other' end"
fails 16 '--by: nam is neither' '' trial personal --by nam
check "by: fields of class C2 are not offered" bash -c "! grep -qE 'name|birth|id_no|mobile|address' '$W/err'"
fails 16 'unknown name nam' '' segment --by nam
check "segment: fields of class C2 are not offered" bash -c "! grep -E '^HINT' '$W/err' | grep -qE 'birth|id_no|mobile|address'"
shown='number, coalesce(birth, business_date), age(birth), years_between(birth, opened), sex, coalesce(age(birth), 0) >= 60'
for format in --json --csv ''; do
    crmx customer find 'score >= 500000' --type personal --limit 20 --columns "$shown" $format
    check "find $format: what is computed of a birth date is masked, a band is not" bash -c "! grep -qE '[12][0-9]{3}-[01][0-9]-[0-3][0-9]([^.0-9]|\$)' '$W/out' && grep -q '\*\*\*' '$W/out' && grep -qE 'yes|no' '$W/out'"
done
json '[.rows[] | .["coalesce(birth, business_date)"], .["age(birth)"] | . != "***"] | all' customer find 'score >= 500000' --limit 20 --columns "$shown" --unmask
sed "s/^score = /let 年岁 = coalesce(age(birth), 0);\nlet 生日 = coalesce(birth, business_date);\nresult 岁数 number = 年岁;\nscore = if(年岁 >= 200 and known(生日), 1, 0) + /" formulas/personal.formula >"$W/age.formula"
ofbirth='[(.tree[] | select(.part | test("birth")) | .value), (.results[] | select(.result == "岁数") | .value)] | map(select(. != null))'
json "$ofbirth == [\"***\", \"***\", \"***\"]" why "$(numbers . | head -1)" --formula "$W/age.formula"
json "$ofbirth | length == 3 and all(test(\"^[0-9-]+$\"))" why "$(numbers . | head -1)" --formula "$W/age.formula" --unmask

# Texts of a system in GB18030 are UTF-8 on every page, one group with those of the others.
"$CRMX" init "$W/texts" --quiet 2>/dev/null
sed -i '/^name /s/data=C2/data=C1/' "$W"/texts/layouts/*customer*.ini
rm -rf "$W/texts/inbox"
load "$W/texts"
cd "$W/texts" || exit 1
check "texts: a layout is GB18030" grep -q 'encoding *= gb18030' layouts/loan_customer.ini
for command in 'segment --by name' 'trial personal --by name --rows by_name'; do
    crmx $command --csv
    check "$command: UTF-8" iconv -f UTF-8 -t UTF-8 "$W/out"
    check "$command: the names of the records" diff <(tail -n +2 "$W/out" | grep -v '^total,' | cut -d, -f1 | sort) <("$CRMX" customer find 'number > 0' --type personal --columns name --csv --limit 100000 2>/dev/null | tail -n +2 | sort -u)
done
cd "$W/a" || exit 1

# --- why ---

someone=$("$CRMX" customer find "score >= 400000 and score < 500000 and selected_n = 0" 2>/dev/null | head -1)
[ -z "$someone" ] || check "an unknown name is refused" false
out=$("$CRMX" customer find 'score >= 100000 and score < 500000' --type personal --columns number --limit 1 --csv 2>/dev/null | tail -1)
in=$(numbers . | head -1)
json '.customer.passes == false and (.customer.why | endswith("below the threshold")) and (.changes | length) > 0' why "$out" --unmask
cp "$W/out" "$W/why"
check "why: the terms are the score" jq -e '([.tree[] | select(.level == 1) | .value | gsub(",";"") | tonumber] | add) - (.customer.score | tonumber) | fabs < 0.1' "$W/why"
values=$(jq -r '.tree[] | select(.kind == "measure") | .part + "=" + .value' "$W/why" | sort -u)
# shellcheck disable=SC2086
check "why: its measures typed by hand give its score" equal "$("$CRMX" trial personal $values --json 2>/dev/null | jq -r .customer.score)" "$(jq -r .customer.score "$W/why")"
jq -r '.changes[] | [.measure, .change, .score_then] | @tsv' "$W/why" >"$W/changes"
while IFS=$'\t' read -r measure change then; do
    old=$(sed -n "s/^$measure=//p" <<<"$values")
    new=$(awk -v a="$old" -v b="$change" 'BEGIN { printf (a b) ~ /\./ ? "%.2f" : "%d", a + b }')
    # shellcheck disable=SC2086
    result=$("$CRMX" trial personal $(grep -v "^$measure=" <<<"$values") "$measure=$new" --json 2>/dev/null | jq -r '.customer.score + " " + (.customer.passes | tostring)')
    check "why: $measure $change brings it in" equal "$result" "$then true"
done <"$W/changes"
json '.customer.passes and .customer.selected_in_generation and (.reasons | length) > 0' why "$in" --unmask
check "why: accounts add up to their measure" jq -e '[.tree | to_entries[] | .value] as $t | [range(0; $t | length) | select($t[.].kind == "measure" and ($t[.].value | contains("."))) | . as $i | [range($i + 1; $t | length)] | map(select($t[.].level > $t[$i].level)) as $below | ($below | map(select([range($i + 1; .)] | all($t[.].level > $t[$i].level))) | map($t[.].value | tonumber) | add // 0) - ($t[$i].value | tonumber) | fabs < 0.05] | all' "$W/out"
json '[.tree[] | select(.kind == "account" and (.value | contains("*")) == false) | select(.value | contains("."))] == []' why "$in"
crmx why "$in"
check "why: account keys are masked" grep -qE 'retail_account [0-9]{3,4}\*+' "$W/out"
check "why: no amount but score, distance and changes" bash -c "! grep -E ' (term|measure|account) ' '$W/out' | grep -qE '[0-9]\.[0-9]{2}( |$)'"
crmx why "$in" --unmask
check "why: unmasked is noted" grep -q 'unmasked look' "$W/err"
fails 16 'unit 11 has no customer' 'its numbers go from' why 1199999999
fails 16 'the customer is named twice' "crmx why $in" why "$in" --number "$in"
fails 16 'the customer is named twice' "crmx customer show $in" customer show "$in" --number "$in"
check "customer show: the number by itself" equal "$("$CRMX" customer show "$in" --json 2>&1)" "$("$CRMX" customer show --number "$in" --json 2>&1)"
fails 16 'unit 11 has no customer' 'its numbers go from' customer show 1199999999
fails 16 'is no integrated number of unit 11' 'its numbers go from' customer show 12x
json '.customer.formula == "'"$W"'/coefficient.formula" and .customer.score_in_generation != null' why "$in" --formula "$W/coefficient.formula"
json '.customer.passes == ('"$(jq -r .customer.passes "$W/why")"')' trial personal --number "$out"
json '.customer.score == "620000.00" and .customer.passes' trial personal 活期人民币存款=620000
fails 16 '"活期人民币存欵" is neither a measure of the formula nor a customer field' 'did you mean 活期人民币存款?' trial personal 活期人民币存欵=1
json '.customer.score == "300000.00"' trial "$W/field.formula" --type personal birth=1950-01-01
json '.customer.score == "0.00"' trial "$W/field.formula" --type personal birth=

json '[.rows[].entry_date == null] == [true]' customer find 'not selected' --columns number,entry_date --limit 1
crmx customer find 'not selected' --columns number,entry_date --limit 1
check "find: who is no CRM customer has no entry date" grep -qE '^ *[0-9]{10} +missing$' "$W/out"
json '.trial.generation == "2026-10-31.001.1"' trial personal --by none --generation 2026-10-31.001.1
fails 16 'unit 11 has no generation 2026-10-31.001.9' 'it has: 2026-10-31.001.1' why "$in" --generation 2026-10-31.001.9
fails 16 '--date or --generation, not both' '' segment --by tier --date 2026-10-31 --generation 2026-10-31.001.1

# --- nothing of it touched the generation ---

check "the generation is what it was" equal "$(cd "$GEN" && find . -type f -exec sha256sum {} + | sort)" "$before"

# --- the night: shadow and reason codes ---

"$CRMX" init "$W/night" --quiet 2>/dev/null
rm -rf "$W/night/inbox"
cp "$W/aggregate.formula" "$W/night/formulas/challenger.formula"
sed -i 's/^formula.corporate.*/&\nshadow.personal = challenger/' "$W/night/units/11.ini"
sed -i 's/^score = /result 岁数 number = coalesce(age(birth), 0);\n&/' "$W/night/formulas/personal.formula"
printf 'years = 4 digits result.岁数\nselected_score = 18 amount result.score scale=2\ndemand = 18 amount measure.demand_cny scale=2\nholdings = 6 digits measure.账户数\n' >>"$W/night/outputs/crm_value_added.ini"
printf 'reason_1 = 2 digits reason.1\nreason_2 = 20 text reason.2\nreason_3 = 2 digits reason.3\n' >>"$W/night/outputs/crm_value_added.ini"
load "$W/night" --set run.partition_customers=300 --set run.batch=7
"$CRMX" trial "$W/aggregate.formula" --type personal --json >"$W/out" 2>/dev/null
check "shadow: selected as the trial" equal "$(total "$W/night" shadow.selected.personal 4)" "$(jq .result.pass "$W/out")"
check "shadow: only the shadow = enters" equal "$(total "$W/night" shadow.only_shadow.personal 4)" "$(jq .result.entering "$W/out")"
check "shadow: only the active = leaves" equal "$(total "$W/night" shadow.only_active.personal 4)" "$(jq .result.leaving "$W/out")"
check "shadow: both + only active = selected" equal "$(($(total "$W/night" shadow.both.personal 4) + $(total "$W/night" shadow.only_active.personal 4)))" "$(total "$W/night" selected.personal 4)"
check "shadow: sum of scores as the trial" equal "$(total "$W/night" shadow.score.personal 5)" "$(jq -r .result.score_all "$W/out")"
check "shadow: it stands in the tie-out" grep -q '^shadow, personal: selected by both' "$W"/night/state/units/11/gen/*/tieout.tsv
check "shadow: it decides nothing" diff <(numbers .) <(numbers "$W/night")
for f in CRMCUST CRMCONT CRMDEP CRMLOAN; do
    check "shadow and reasons: $f is the same file" cmp "$GEN/out/$f" "$W"/night/state/units/11/gen/*/out/$f
done
value=$(echo "$W"/night/state/units/11/gen/*/out/CRMVAL)
check "reasons: 24 bytes behind each line, and 46 of other values" equal "$(head -1 "$value" | tr -d '\n' | wc -c)" "$(($(head -1 "$GEN/out/CRMVAL" | tr -d '\n' | wc -c) + 70))"
wrong=0 looked=0
while read -r number; do
    expected=$("$CRMX" why "$number" --unmask --json 2>/dev/null | jq -r '[.tree[] | select(.level == 1) | .part | ltrimstr("- ")] as $terms | [.reasons[] | .term as $t | ($terms | index($t)) + 1] | [.[0] // 0, .[2] // 0] | @tsv')
    found=$(grep "^$number" "$value" | sed -E 's/.*(..)(.{20})(..)$/\1 \3/' | awk '{ printf "%d\t%d", $1, $2 }')
    looked=$((looked + 1))
    [ "$expected" = "$found" ] || { wrong=$((wrong + 1)); echo "$number: $expected | $found"; }
done < <(numbers . | awk 'NR % 25 == 1')
check "reasons: $looked customers as crmx why finds them" [ $wrong = 0 ]
check "reasons: so many were looked at" [ "$looked" -gt 20 ]
cd "$W/night" || exit 1
shown='[.fields[] | select(.field | IN("years", "selected_score", "demand", "holdings")) | .value'
json "$shown == \"(masked)\"] == [true, false, true, false]" generation show crm_value_added
json "$shown | test(\"^\\\\|[+]?[0-9]+\\\\|$\")] == [true, true, true, true]" generation show crm_value_added --unmask
sed -i 's/^threshold .*/threshold -100.50;/' formulas/personal.formula
json '.[] | select(.type == "personal" and .part == "threshold") | .value == "-100.50"' parameter show
sed -i 's/^shadow.personal.*/shadow.personal = nobody/' units/11.ini
crmx layout check
check "layout check: a shadow that is not there" [ $RC != 0 ]
sed -i 's/^shadow.personal.*/shadow.corporate = challenger/; s/^formula.corporate.*//' units/11.ini
crmx layout check
check "layout check: a shadow without an active formula" grep -q 'a shadow stands beside an active formula' "$W/out"

checks_end
