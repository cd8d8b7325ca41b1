#!/bin/bash
# A version by its number wherever a formula file is taken, and "active": what each command says of it is what it says of a
# file with that text; one page for both trials; rows of everything the life of a version prints. With the embedded server,
# and without a database. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
. tests/integration/rows.sh
checks_cluster
# same_answer FILTER COMMAND … -- COMMAND …: both print the same there, and something.
same_answer() {
    local filter=$1 first=()
    shift
    while [ "$1" != -- ]; do first+=("$1"); shift; done
    shift
    crmx "${first[@]}" --json
    jq -c "$filter" "$W/out" >"$W/first"
    crmx "$@" --json
    jq -c "$filter" "$W/out" >"$W/second"
    check "${first[*]}: an answer" grep -q '[0-9a-z]' "$W/first"
    same "${first[*]} and $*: the same $filter" "$W/first" "$W/second"
}

"$CRMX" init "$W/a" --quiet 2>/dev/null
mkdir -p "$W/a/inbox"
"$GENERATE" "$W/a/inbox/11" --customers 400 --unit 11 --date 2026-10-31 >/dev/null
cd "$W/a" || exit 16
checks_hold_server .
ok "the load" run initial --unit 11 --date 2026-10-31 --no-follow
NONE=(--set database.mode=none)

# --- without a database, before there is any version ---

fails 16 "there is no version 1 in state/parameters, and no formulas/1.formula; this working folder has no database" \
    "see what counts: crmx parameter show; or give a file or its name: crmx trial personal" trial 1 "${NONE[@]}"
cp formulas/personal.formula formulas/7.formula
same_answer .result trial 7 "${NONE[@]}" -- trial personal
same_answer '.trial | [.hash, .threshold, .generation]' trial active -- trial personal
json '.trial.formula == "formulas/personal.formula"' trial active
json '.trial.formula == "formulas/corporate.formula" and .trial.type == "corporate"' trial active --type corporate
fails 16 'there is no formula "activ"' "did you mean active?" trial activ

# --- drafts: one with a text, one of the threshold alone, one of the other type ---

sed 's/系数(2);/系数(3);/; s/^threshold 500000/threshold 400000/' formulas/personal.formula >one.formula
sed 's/系数(1.1)/系数(4.5)/' formulas/personal.formula >other.formula
for words in "sun --role admin" "wang --role analyst" "zhao --role checker"; do
    # shellcheck disable=SC2086
    ok "operator $words" operator add $words --as sun
done
fails 16 "--inherit threshold and --threshold do not go together" "leave one of them out" \
    formula draft --type personal --threshold 5 --inherit threshold --as wang
ok "draft 1" formula draft --type personal --file one.formula --challenger other.formula --reason 'funds count more' --as wang
ok "draft 2" formula draft --type corporate --file formulas/corporate.formula --as wang
ok "draft 3" formula draft --type personal --file other.formula --threshold 600000 --as wang
ok "draft 4: the text of version 1 goes on" formula draft --type personal --file 1 --as wang
crmx formula show 4 --text
same "formula draft --file 1: the text of version 1" one.formula "$W/out"
ok "edit 4: the text of version 3" formula edit 4 --file 3 --challenger 1 --as wang
json ".version.formula_digest == \"$(sha256sum <other.formula | cut -c1-64)\" and .version.challenger_digest == \"$(sha256sum <one.formula | cut -c1-64)\"" formula show 4
fails 16 "there is no version 77" "see crmx formula list" formula draft --type personal --file 77 --as wang
ok "draft 5: a threshold alone" formula draft --type personal --unit head --threshold 1 --as wang
fails 16 "version 5 has no formula of its own: it is inherited" "leave it out to inherit, too; the text of what counts: active" formula edit 4 --file 5 --as wang
fails 16 "--inherit formula and --file do not go together" "leave one of them out" formula edit 3 --inherit formula --file one.formula --as wang

# --- a number is the text of that version ---

crmx formula show 1 --text
same "formula show --text: what was drafted" one.formula "$W/out"
same_answer 'del(.trial.formula)' trial 1 -- trial one.formula
same_answer 'del(.trial.formula)' trial 1 --by manager --bins 7 --coef '#1=1.7' --threshold 700000 -- \
    trial one.formula --by manager --bins 7 --coef '#1=1.7' --threshold 700000
same_answer 'del(.trial.formula)' trial 3 -- trial other.formula --threshold 600000
same_answer 'del(.formula.file)' formula check 1 -- formula check one.formula
same_answer . formula lint 1 -- formula lint one.formula
same_answer 'del(.sweep.formula)' sweep 1 --top 5% -- formula sweep one.formula --top 5%
same_answer .points sweep 1 --from 300000 --to 500000 --step 50000 -- sweep one.formula --from 300000 --to 500000 --step 50000
same_answer 'del(.customer.formula)' formula explain 1 活期人民币存款=620000 -- trial one.formula 活期人民币存款=620000
same_answer 'del(.customer.formula)' why 1100000002 --formula 1 --unmask -- trial one.formula --number 1100000002 --unmask
same_answer 'del(.customer.formula)' formula explain 1 --number 1100000002 -- why 1100000002 --formula one.formula
same_answer '[.differences, .effect.entering, .effect.leaving]' formula diff 1 3 --threshold 500000 -- formula diff one.formula other.formula --threshold 500000
json '.differences | map(select(.what == "threshold")) == [{what: "threshold", name: "", change: "changed", first: "400000.00", second: "600000.00"}]' formula diff 1 3
json '.effect | .first == "version 1 of unit 11, draft" and .second == "formulas/personal.formula"' formula diff 1 active
json '.trial | .formula == "version 2 of unit 11, draft" and .type == "corporate"' trial 2
check "formula lint: whose text it is" grep -q '^version 1 of unit 11, draft: [0-9]* warning' <("$CRMX" formula lint 1 2>&1)
fails 16 "version 2 is of corporate customers, not of personal ones" "the versions for these: crmx formula list --type personal" formula diff 1 2
fails 16 "version 2 is of corporate customers, not of personal ones" "the versions for these: crmx formula list --type personal" trial 2 --type personal
fails 16 "version 2 is of corporate customers, not of personal ones" "the versions for these: crmx formula list --type personal" why 1100000002 --formula 2
fails 16 "there is no version 99" "see crmx formula list" formula check 99
fails 16 "there is no version 7" "a file with that name is given by its path: crmx formula check formulas/7.formula" formula check 7
same_answer 'del(.formula.file)' formula check formulas/7.formula -- formula check personal # a path is a file

# --- one trial, one page ---

TRIED=$(crmx trial 1 --json && jq -c '[.result, .totals, .by_branch, .by_tier, .histogram, .trial.hash]' "$W/out")
json '.trial | .version == 1 and .formula == "version 1 of unit 11" and .state == "trialled" and .type == "personal"' formula trial 1 --as wang
check "formula trial: the page of crmx trial" [ "$(jq -c '[.result, .totals, .by_branch, .by_tier, .histogram, .trial.hash]' "$W/out")" = "$TRIED" ]
check "there is something on it" jq -e '.result.scored > 100 and (.histogram | length) == 22 and (.by_branch | length) > 2 and (.totals | length) > 2' "$W/out"
same_answer '[.result, .by_manager]' formula trial 1 --by manager --bins 5 --as wang -- trial 1 --by manager --bins 5
crmx trial 1 --entering
cp "$W/out" "$W/entering"
crmx formula trial 1 --entering --as wang
same "formula trial --entering: the list of crmx trial" "$W/entering" "$W/out"
json '.version.passing != null and .version.state == "trialled"' formula show 1
fails 16 "--leaving and --bins do not go together" "the list stands instead of the page" formula trial 1 --leaving --bins 3 --as wang
same_rows result! 1 formula trial 1 --as wang
same_rows totals 2 formula trial 1 --as wang
same_rows by_tier! 2 formula trial 1 --as wang
same_rows trial! 1 formula trial 1 --as wang

# --- rows of a version ---

same_rows version 1 formula show 1
check "formula show --csv: its names" grep -q '^version,level,customer_type,state,digest,formula_digest,challenger_digest,threshold,' "$W/out"
head -n 1 "$W/out" >"$W/names"
crmx formula show 3 --csv
check "formula show --csv: the same names of a version that was never tried" cmp "$W/names" <(head -n 1 "$W/out")
json ".version.formula_digest == \"$(sha256sum <one.formula | cut -c1-64)\"" formula show 1
check "the challenger has a digest of its own" jq -e ".version.challenger_digest == \"$(sha256sum <other.formula | cut -c1-64)\"" "$W/out"
fails 16 "--text and --csv do not go together" "--text is the formula and nothing else" formula show 1 --text --csv
same_rows - 5 formula list
same_rows lines 2 parameter diff 1
same_rows diff! 1 parameter diff 1
same_rows parts! 3 parameter diff 1
json '.diff.from_version == null and .diff.to_version == 1 and .diff.from_state == "files"' parameter diff 1
# With the lines that were removed and added one text becomes the other.
jq -r '.lines[] | select(.part == "formula" and .change == "removed") | .text' "$W/out" >"$W/removed"
jq -r '.lines[] | select(.part == "formula" and .change == "added") | .text' "$W/out" >"$W/added"
check "parameter diff: the lines of diff that were removed" cmp "$W/removed" <(diff formulas/personal.formula one.formula | sed -n 's/^< //p')
check "parameter diff: the lines of diff that were added" cmp "$W/added" <(diff formulas/personal.formula one.formula | sed -n 's/^> //p')
json '.diff.to_threshold == "600000.00" and .diff.from_version == 1 and (.parts | map(select(.part == "threshold")) | .[0].change == "was inherited")' parameter diff 3 1
json '.lines == [] and ([.parts[].change] | unique - ["none", "inherited"] == [])' parameter diff 1 1
row() { # NAMES STATE ARGUMENT …: a row of CSV whose second cell is the state
    local names=$1 state=$2
    shift 2
    crmx "$@" --csv
    check "$* --csv: exit code $RC" [ $RC = 0 ]
    check "$* --csv: names" [ "$(head -n 1 "$W/out")" = "$names" ]
    check "$* --csv: a row, $state" [ "$(sed -n 2p "$W/out" | cut -d, -f2)" = "$state" ]
}
ACT=version,state,digest,number,effective_from
row $ACT submitted formula submit 1 --as wang
row $ACT approved formula approve 1 --as zhao
row $ACT active formula activate 1 --as wang
row $ACT draft formula edit 3 --threshold 650000 --as wang
same_rows - 1 parameter history
crmx parameter verify --csv
check "parameter verify --csv" [ "$(sed 's/,[0-9a-f]\{64\}$/,HASH/' "$W/out" | paste -sd' ')" = "files,repaired,head 1,0,HASH" ]
same_rows - 3 parameter show
json 'map(select(.type == "personal" and .part != "threshold")) | map(.value) | length == 2 and .[0] != .[1]' parameter show
crmx formula show 1 --json
jq -r '.version | .formula_digest[0:12], .challenger_digest[0:12], .digest[0:12]' "$W/out" >"$W/first"
crmx parameter show --json
jq -r 'map(select(.type == "personal")) | (.[] | select(.part == "formula") | .value), (.[] | select(.part == "challenger") | .value), .[0].digest' "$W/out" >"$W/second"
same "parameter show: the digests of formula show" "$W/first" "$W/second"

# --- what counts now, also without a database ---

same_answer 'del(.trial.formula)' trial active -- trial 1
json '.trial.formula == "version 1 of unit 11, file 000001, from 2026-11-01"' trial active
same_answer 'del(.trial.formula)' trial active "${NONE[@]}" -- trial 1
same_answer 'del(.trial.formula)' trial 1 "${NONE[@]}" -- trial 1
fails 16 "there is no version 3 in state/parameters, and no formulas/3.formula" "see what counts: crmx parameter show" sweep 3 --top 5 "${NONE[@]}"
same_answer 'del(.trial.formula)' trial 7 "${NONE[@]}" -- trial formulas/7.formula

# --- the unit is the version's ---

sed 's/= 11 *$/= 12/; s/^number_prefix.*/number_prefix = 12/' units/11.ini >units/12.ini
fails 16 "which unit? There are 2" "add --unit UNIT" formula check personal
same_answer 'del(.formula.file)' formula check 1 -- formula check one.formula --unit 11
json '.trial.unit == "11"' trial 1
json '.effect.unit == "11"' formula diff 1 active
fails 16 "version 1 is of unit 11, not 12" "the versions of that unit: crmx formula list --unit 12" trial 1 --unit 12
fails 16 "version 1 is of unit 11, not 12" "the versions of that unit: crmx formula list --unit 12" formula diff personal 1 --unit 12

checks_end
