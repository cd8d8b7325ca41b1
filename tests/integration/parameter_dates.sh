#!/bin/bash
# Parameters that are decided for a later date: which version is in force until when, how either is undone, and that every date,
# also a past one that is run again, is run with its own. A threshold alone goes with the formula of the files. With the
# embedded server. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
. tests/integration/rows.sh
checks_cluster
files() { rm -rf inbox/11 && "$GENERATE" inbox/11 --customers 400 --unit 11 --date "$1" >/dev/null; }
states() { jq -c '[.[] | [.version, .state, .effective_from, .until]]' "$W/out"; }
list() { # EXPECTED: the versions, as a program reads them
    crmx formula list --unit 11 --json
    check "formula list: $1, found $(states)" [ "$(states)" = "$1" ]
}
approved() { # VERSION ARGUMENT …: drafted by wang, approved by zhao
    local version=$1
    shift
    prints "version $version is draft" formula draft --type personal "$@" --as wang
    ok "trial $version" formula trial "$version" --as wang
    ok "submit $version" formula submit "$version" --as wang
    ok "approve $version" formula approve "$version" --as zhao
}
ran() { # DATE THRESHOLD FORMULA-FILE: the date is run again from nothing, and this is what it took
    rm -rf state/units/11
    files "$1"
    ok "the run of $1" run initial --unit 11 --date "$1" --no-follow
    local generation
    generation=$(ls -d state/units/11/gen/"$1"*)
    check "$1: selected by the threshold $2" [ "$("$CRMX" customer find selected --type personal --json 2>/dev/null | jq .query.found)" = \
        "$("$CRMX" customer find "score >= $2 and not excluded or overridden" --type personal --json 2>/dev/null | jq .query.found)" ]
    check "$1: the threshold $2" [ "$("$CRMX" why 1100000002 --json 2>/dev/null | jq -r .customer.threshold)" = "$2.00" ]
    [ -z "$3" ] || check "$1: the formula $3" cmp "$3" "$(ls "$generation"/param/formulas/parameter-*.formula | grep -v challenger)"
}

"$CRMX" init "$W/a" --quiet 2>/dev/null
mkdir -p "$W/a/inbox"
cd "$W/a" || exit 16
checks_hold_server .
files 2026-10-31
ok "the load" run initial --unit 11 --date 2026-10-31 --no-follow
for words in "sun --role admin" "wang --role analyst" "zhao --role checker"; do
    # shellcheck disable=SC2086
    ok "operator $words" operator add $words --as sun
done

# --- a threshold alone, where files alone are in force ---

prints "version 1 is draft" formula draft --type personal --threshold 450000 --as wang
prints "threshold" parameter diff 1
check "parameter diff: the formula of the files goes on counting" bash -c "! grep -q formula '$W/out'"
crmx trial personal --threshold 450000 --json
jq -c '[.trial.hash, .result]' "$W/out" >"$W/first"
ok "formula trial 1" formula trial 1 --as wang --json
jq -c '[.trial.hash, .result]' "$W/out" >"$W/second"
same "the trial: the formula of the files with this threshold" "$W/first" "$W/second"
prints "version 1 of unit 11, trialled, with the formula it inherits" trial 1
ok "submit 1" formula submit 1 --as wang
cp formulas/personal.formula "$W/personal.formula"
sed -i 's/系数(2);/系数(4);/' formulas/personal.formula
fails 16 "version 1 is not what was tried" "try it again: crmx formula trial 1" formula approve 1 --as zhao
cp "$W/personal.formula" formulas/personal.formula
ok "approve 1" formula approve 1 --as zhao
sed -i 's/系数(2);/系数(4);/' formulas/personal.formula
fails 16 "version 1 is not what was tried" "send it back and try it again: crmx formula reject 1" formula activate 1 --as wang
cp "$W/personal.formula" formulas/personal.formula
ok "activate 1" formula activate 1 --as wang
cat >crm.json <<'JSON'
[{"reference": "CRM-7", "unit": "11", "customer_type": "corporate", "threshold": "2500000"},
 {"reference": "CRM-8", "unit": "head", "customer_type": "corporate", "threshold": "2600000"}]
JSON
ok "thresholds of the CRM" formula import crm.json --as wang
ok "a threshold of the CRM with the formula of the files" formula trial 2 --as wang
ok "one of the head office, over a unit" formula trial 3 --unit 11 --as wang
sed -i '/^formula.corporate/d' units/11.ini
fails 16 "version 2 has no formula, and neither has the head office nor unit 11 for corporate customers" \
    "give it one: crmx formula edit 2 --file FILE" formula trial 2 --as wang
sed -i 's/^formula.personal.*/&\nformula.corporate = corporate/' units/11.ini
ok "discard" formula discard 2 --reason 'a try' --as wang
ok "discard" formula discard 3 --reason 'a try' --as wang

# --- a version for a later date: the one in force stays until then ---

sed 's/系数(2);/系数(3);/' formulas/personal.formula >later.formula
approved 4 --file later.formula --threshold 300000
prints "version 4 is active: counts from business date 2026-11-03 on" formula activate 4 --from 2026-11-03 --as wang
list '[["1","active","2026-11-01","2026-11-02"],["2","retired",null,null],["4","active","2026-11-03",null]]'
prints "active until 2026-11-02" formula list --unit 11
check "formula list: the one that comes" out_has "active from 2026-11-03"
prints "active until 2026-11-02" formula show 1
prints "active from 2026-11-03" formula show 4
json '.version.state == "active" and .version.until == "2026-11-02"' formula show 1
json 'map(.version) == ["1", "4"]' formula list --unit 11 --state active
json 'map(.version) == ["2"]' formula list --unit 11 --state retired
json '[.[] | select(.type == "personal") | [.part, .version, .until]] == [["formula", null, "2026-11-02"], ["threshold", "1", "2026-11-02"]]' parameter show
check "parameter show: what comes, and how to see it" err_has "from 2026-11-03 on something else counts: crmx parameter show --unit 11 --date 2026-11-03"
json '[.[] | select(.type == "personal") | [.part, .version, .until]] == [["formula", "4", null], ["threshold", "4", null]]' parameter show --date 2026-11-03
same_rows - 3 formula list
same_rows version 1 formula show 1
same_rows - 4 parameter show

# --- every date is run with its own, also when it is run again after another one was decided ---

ran 2026-11-01 450000 ''
cp -r state/units/11/gen/2026-11-01.001.1 "$W/first_of_november"
ran 2026-11-03 300000 later.formula
list '[["1","retired","2026-11-01",null],["2","retired",null,null],["4","active","2026-11-03",null]]'
rm -rf state/units/11
ran 2026-10-31 500000 ''
check "2026-10-31: nothing of parameters" [ ! -e state/units/11/gen/2026-10-31.001.1/param/parameters ]
ran 2026-11-01 450000 ''
same "2026-11-01 run again: the same bytes" "$W/first_of_november/out/CRMCUST" state/units/11/gen/2026-11-01.001.1/out/CRMCUST
check "2026-11-01 run again: all of them" diff -r "$W/first_of_november" state/units/11/gen/2026-11-01.001.1

# --- undone: the one that comes, and the one in force ---

prints "version 4 is retired: no longer counts from business date 2026-11-03 on" formula rollback 4 --reason 'too many' --as zhao
list '[["1","active","2026-11-03",null],["2","retired",null,null],["4","retired","2026-11-03",null]]'
approved 5 --file later.formula --threshold 310000
ok "activate 5" formula activate 5 --from 2026-12-01 --as wang
fails 16 "there is no version 9" "see crmx formula list" formula rollback 9 --reason x --as zhao
prints "version 1 is retired: no longer counts from business date 2026-11-02 on" formula rollback 1 --reason 'not this one either' --as zhao
check "rollback: what does not come any more is said" out_has \
    "version 5, which was to count from 2026-12-01 on, does not any more: it is approved; bring it into force again: crmx formula activate 5 --from 2026-12-01"
json '[.[] | select(.type == "personal") | .level] == ["file", "file"]' parameter show
ok "activate 5 again" formula activate 5 --from 2026-12-01 --as wang
json '[.[] | select(.type == "personal") | [.level, .until]] == [["file", "2026-11-30"], ["file", "2026-11-30"]]' parameter show
ok "roll 5 back" formula rollback 5 --reason 'no' --as zhao
json '[.[] | select(.type == "personal") | .level] == ["file", "file"]' parameter show --date 2026-12-01
ok "parameter verify" parameter verify
checks_end
