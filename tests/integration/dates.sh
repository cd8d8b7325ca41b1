#!/bin/bash
# Dates and units wherever an analyst meets them: typed values, why, trial, customer find, segment, measure compute, and every formula
# of docs/formula.md over the delivered configuration. What a command shows of dates is compared with what another one lists
# customer by customer. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
DOCS=$PWD/docs
DAY='^[12][0-9]{3}-[01][0-9]-[0-3][0-9]$'

CRMX_TEMPLATE=$PWD/config/template crmx init "$W/work" --quiet
mkdir -p "$W/work/inbox"
"$GENERATE" "$W/work/inbox/11" --customers 600 --unit 11 --date 2026-10-31 >/dev/null
cd "$W/work" || exit 16
cat >>formulas/personal.formula <<'END'
measure 最近动账日 as last_move  date = max(retail + card, last_movement);
measure 首卡日     as first_card date = min(card where status <> 'C', opened);
END
ok "a load" run initial --unit 11 --date 2026-10-31 --no-follow --quiet
crmx measure verify
check "stored dates are what the accounts give" [ $RC = 0 ]
check "no control total of dates" [ "$(grep -c 'measure.personal.\(last_move\|first_card\)' state/units/11/gen/*/totals.tsv)" = 0 ]

# --- the documented formulas, over the delivered layouts ---

python3 - "$DOCS/formula.md" <<'END'
import re, sys
for i, text in enumerate(re.findall(r'```formula\n(.*?)```', open(sys.argv[1], encoding='utf-8').read(), re.S)):
    open(f'documented{i}.formula', 'w', encoding='utf-8').write(text)
END
check "five documented formulas or more" [ "$(ls documented*.formula | wc -l)" -ge 5 ]
for file in documented*.formula; do ok "docs/formula.md: $file" trial "$file" --type personal --by none --bins 0 --measures; done

# --- typed values ---

cat >typed.formula <<'END'
threshold 100;
measure 最近动账日 as last_move date = max(retail + card, last_movement);
measure 存款 as deposits money = sum(retail, cny(balance));
let 首日 = min(accounts where known(last_movement), last_movement);
let 闲置 number = coalesce(days_since(last_move), 9999);
let 比 = 闲置/10;
let 女 = sex = 'F';
let 级 = case when 女 then 'a' else 'b' end;
score = 系数(1)*闲置 + 比 + if(known(首日), 0.25, 0) + if(级 = 'a', 1000, 0) + deposits;
END
for value in last_move=2026-10-01 last_move=20261001 最近动账日=2026-10-01; do
    json '.customer.score == "33.00" and .customer.business_date == "2026-10-31"' trial typed.formula $value sex=M
    check "$value: a date in the tree" checks_json '[.tree[] | select(.part == "最近动账日" and .kind == "measure") | .value] == ["2026-10-01"]'
done
json '.customer.score == "10998.90"' trial typed.formula sex=M
check "a date that is not given is missing" checks_json '[.tree[] | select(.kind == "measure" and (.part | test("最近|min"))) | .value] | length >= 2 and all(. == null)'
json '.customer.score == "10998.90"' formula explain typed.formula last_move= sex=M
check "a number is no money, a condition yes or no, a code its text" checks_json '[.tree[] | select(.part == "闲置/10" or .part == "sex = '"'F'"'" or (.part | startswith("case when"))) | .value] | contains(["999.9", "no", "b"])'
crmx trial typed.formula sex=M --csv
check "CSV: empty" grep -qx '[0-9],最近动账日,measure,,,,' "$W/out"
crmx trial typed.formula sex=M
check "for people: missing" grep -q '最近动账日 *measure *missing' "$W/out"
for value in 2026-02-30 20260230 2026-13-01 1 2026/10/31 -2147483648; do
    fails 16 "last_move: a date such as 1980-01-31 is needed, found \"$value\"" '…as 1980-01-31 or 19800131' trial typed.formula "last_move=$value" sex=M
done
fails 16 'sex: "Q" is none of its codes' 'its codes: M, F' trial typed.formula sex=Q

while IFS='|' read -r expression value answer; do
    crmx formula eval "$expression" "$value" --date 2026-10-31
    check "eval $expression $value" [ "$(cat "$W/out")" = "$answer" ]
done <<'END'
days_since(d)|d=2026-10-01|30
days_since(d)|d=20261001|30
d + 1|d=20261001|20261002
days_since(d)|d=|missing
business_date|x=1|2026-10-31
d = '2026-02-30'|d='2026-02-30'|true
END
fails 16 'the value of d is no number, date, condition or code: "2026-02-30"' 'a date is a day of the calendar' formula eval 'days_since(d)' d=2026-02-30 --date 2026-10-31
fails 16 'days_since needs a date' '' formula eval 'days_since(d)' d=20260230 --date 2026-10-31
fails 16 'there is no business date that it could count from' 'give one: --date 2026-10-31' formula eval 'days_since(d)' d=2026-10-01

# --- customer find: everybody, one a line ---

crmx customer find 'count(accounts) >= 0' --type personal --limit 100000 --csv \
    --columns 'number,last_move,first_card,max(retail where kind = "F", opened) + 1,years_since(first_card),selected'
python3 - "$W/out" >"$W/expected" <<'END'
import csv, datetime, json, sys
rows = list(csv.DictReader(open(sys.argv[1])))
assert len(rows) > 300 and any(r['first_card'] == '' for r in rows)
for r in rows:
    for name in list(r)[1:4]:
        if r[name]: datetime.date.fromisoformat(r[name])
    first = r['first_card'] and datetime.date.fromisoformat(r['first_card'])
    years = str(2026 - first.year - ((10, 31) < (first.month, first.day))) if first else ''
    assert r['years_since(first_card)'] == years, r
known = [r['first_card'] for r in rows if r['first_card']]
print(len(known), min(known), max(known))
END
check "find: dates, and years from them" [ -s "$W/expected" ]
json '.rows | length > 300 and all(.[]; .first_card == null or (.first_card | test("'"$DAY"'")))' customer find 'count(accounts) >= 0' --type personal --limit 100000 --columns first_card
check "find: missing is null" checks_json 'any(.rows[]; .first_card == null)'
crmx customer find 'not known(first_card)' --type personal --columns number,first_card --limit 1
check "find: missing for people" grep -q '^  *11[0-9]* *missing$' "$W/out"
nobody=$("$CRMX" customer find 'not known(first_card)' --type personal --columns number --limit 1 --csv | tail -1)
json "[.measures[] | select(.measure == \"首卡日\")][0].value == null" customer show --number "$nobody"

# --- trial: the first and the last, and units ---

cp formulas/personal.formula draft.formula
sed -i 's/^score = /score = max(card where known(opened), days_since(coalesce(opened, business_date)))*0 + sum(retail where kind = '"'D'"', cny(balance))*0 + sum(loan, term)*0 + if(known(max(loan where true, opened)), 0, 0) + /' draft.formula
json '.trial.may_be_submitted' trial draft.formula --type personal --measures --by none --bins 0
check "trial: dates are not added" checks_json '[.totals[] | select(.type == "date")] == []'
check "trial: the first and the last of everybody" checks_json "[.dates[] | select(.name == \"first_card\" and .of == \"all\") | \"\(.customers) \(.first) \(.last)\"] == [\"$(cat "$W/expected")\"]"
check "trial: a date in place" checks_json '[.dates[] | select(.name == "max(loan where true, opened)")] | length == 3 and all(.first | test("'"$DAY"'"))'
check "trial: an aggregate in place has its type" checks_json '[.totals[] | select(.name | test("^sum|^max")) | .type] == ["number", "money", "number"]'
sum=$("$CRMX" measure compute 'sum(retail where kind = "D", cny(balance))' --customers personal --json | jq -r '.measures[0].sum')
check "trial: and its unit" checks_json ".totals[] | select(.name == \"sum(retail where kind = 'D', cny(balance))\") | .all == \"$sum\""
crmx trial draft.formula --type personal --measures --by none --bins 0
check "trial: for people, with both" grep -q "sum(retail where kind = 'D', cny(balance)) *measure *money *[0-9,]*\.[0-9][0-9] " "$W/out"
check "trial: no name of a column" [ "$(grep -c aggregate_ "$W/out")" = 0 ]
crmx trial draft.formula --type personal --measures --by none --bins 0 --csv --rows dates
check "trial: dates as CSV" grep -q "^first_card,all,$(tr ' ' , <"$W/expected")$" "$W/out"
cp "$W/out" "$W/one"
crmx trial draft.formula --type personal --measures --by none --bins 0 --csv --rows dates --set run.threads=3
same "trial: the same with three threads" "$W/one" "$W/out"
json '[.by_opened[].opened] | .[0] == null and (.[1:] | all(test("'"$DAY"'")))' trial draft.formula --type personal --by opened

# --- segment ---

json '[.segments[].segment] | .[0] == null and (.[1:] | length > 50 and all(test("'"$DAY"'")))' segment --by first_card --sum score
check "segment: as many as were found without" checks_json ".segments[0].customers == $("$CRMX" customer find 'not known(first_card)' --type personal --json | jq .query.found)"
json '[.segments[].segment] | all(. == null or test("^[0-9]+$"))' segment --by 'years_since(first_card)' --sum score
json '[.segments[].segment] | all(. == null or test("'"$DAY"'"))' segment --by opened --sum score
fails 16 '--sum first_card: dates cannot be added' '…crmx trial FORMULA --measures' segment --by tier --sum first_card
fails 16 'dates cannot be added' '' segment --by tier --sum 'max(card where true, opened)'
fails 16 '--sum:1:1: this value may be missing' 'say what counts then' segment --by tier --sum 'years_since(first_card)'

# --- why: the accounts lead to the date ---

someone=$("$CRMX" customer find 'count(card where status = "C") > 0 and known(first_card)' --type personal --columns number --limit 1 --csv | tail -1)
sed 's/^score = /score = coalesce(years_since(最近动账日), 0)*系数(0) + coalesce(days_since(首卡日), 0)*系数(0) + /' formulas/personal.formula >dated.formula
for number in "$someone" "$nobody"; do
    json '.tree | length > 10' trial dated.formula --number "$number"
    check "$number: every date is one" checks_json '[.tree[] | .value // "" | tostring] | all(test("214748") | not)'
    check "$number: of the cards the first one" checks_json '
        .tree as $t | [range($t | length)] | map(select($t[.].part == "首卡日" and $t[.].kind == "measure")) | .[0] as $m
        | $t[$m].level as $level | [$t[$m + 1:][] | {level, kind, value}] as $rest
        | ([$rest[] | .level <= $level] | index(true)) as $last
        | [$rest[:$last][] | select(.kind == "account") | .value] | (min // null) == $t[$m].value'
done

# --- measure compute ---

json '.measures[0] | .customers == 0 and .smallest == null and .largest == null and .sum == null' measure compute "min(retail where balance > 100000000000.00, opened)"
json '.measures[0] | "\(.customers) \(.smallest) \(.largest)" == "'"$(cat "$W/expected")"'"' measure compute "min(card where status <> 'C', opened)" --customers personal
checks_end
