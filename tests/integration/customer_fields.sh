#!/bin/bash
# Fields of the customer inside aggregates, in every place that adds up accounts: the night, the trial, queries, a measure computed from
# the generation alone, the accounts behind a figure, the challenger. What is known of a customer without aggregates (birth, sex) must be
# what its accounts see; every place must give what another one gives; threads, partitions and blocks change nothing.
. "$(dirname "$0")/checks.sh"
. tests/small_bank.sh
bank=$W/bank formula=$W/personal.formula

total() { # FOLDER NAME FIELD: 4 records, 5 amount
    awk -F'\t' -v name="$2" -v field="$3" '$2 == name { print $field }' "$(checks_generation "$1" 11)/totals.tsv"
}
night() { # FOLDER KIND DATE [SUBFOLDER] [OPTION …]
    local folder=$1 kind=$2 date=$3 sub=${4:-.}
    shift 4
    rm -rf "$folder/inbox/11" && mkdir -p "$folder/inbox/11" && cp "$bank/$date/$sub"/* "$folder/inbox/11/" 2>/dev/null
    crmx --work "$folder" --set database.mode=none --quiet run "$kind" --unit 11 --date "$date" --no-follow "$@"
    check "$(basename "$folder"): $kind $date" checks_succeeded "run $kind $date"
    rm -rf "$folder/inbox"
}
bank_of() { # FOLDER: with the formula under test
    "$CRMX" init "$1" --quiet 2>/dev/null
    small_bank "$1"
    cp "$formula" "$1/formulas/personal.formula"
    sed -i 's/^opened .*/& keep=hot/' "$1"/layouts/{retail,card}_account{,_change}.ini # of the accounts; the customers' need not be
}
equal() { [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }; }

cat config/template/formulas/personal.formula - >"$formula" <<'FORMULA'
measure 客户开户后存款 as after_opened money  = sum(retail where opened > customer.opened, cny(balance));
measure 持卡最大年龄   as card_age     number = max(card where known(birth), age(coalesce(birth, business_date)));
measure 客户出生日     as birth_seen   date   = max(accounts, 客户.birth);
measure 开户天数       as days_late    number = sum(retail + card where known(customer.opened) and known(opened), days_between(coalesce(customer.opened, business_date), coalesce(opened, business_date)));
measure 女户账户数     as women        number = count(accounts where sex = 'F');
result sees_birth boolean = accounts_count = 0 or coalesce(days_since(birth_seen), -1) = coalesce(days_since(birth), -1);
result sees_sex boolean = women = if(sex = 'F', accounts_count, 0);
result loyal number = coalesce(years_since(max(retail + card where opened <= customer.opened, customer.opened)), 0);
FORMULA
sed -i 's/^score = /score = after_opened*系数(0.5) + card_age*系数(1000) + loyal_points + /; s/^# The branch.s formula.*/let loyal_points money = count(retail where opened > customer.opened)*系数(100);\n&/' "$formula"

"$GENERATE" "$bank" --from 2028-02-28 --days 2 --customers 400 --events -late_file,-redo_file,-repeated_file >/dev/null || exit 16
bank_of "$W/one"
bank_of "$W/many"
for folder in one many; do
    options=(--set run.threads=1)
    [ "$folder" = many ] && options=(--set run.threads=3 --set run.partition_customers=100)
    night "$W/$folder" initial 2028-02-28 unload "${options[@]}"
    for date in 2028-02-29 2028-03-01; do night "$W/$folder" daily "$date" . "${options[@]}"; done
done

# --- the night ---

for folder in one many; do
    crmx --work "$W/$folder" measure verify --unit 11
    check "$folder: every stored measure comes out of the generation alone" checks_succeeded "measure verify"
done
for name in measure.personal.after_opened measure.personal.card_age measure.personal.days_late measure.personal.women score.all.personal; do
    check "$name: threads and partitions change nothing" equal "$(total "$W/one" $name 5)" "$(total "$W/many" $name 5)"
    check "$name: not nothing" [ "$(total "$W/one" $name 5 | tr -d '0.')" != "" ]
done
cd "$W/many" || exit 16
json '.query.found == 0' customer find 'not sees_birth or not sees_sex' --type personal
json '.query.found > 20' customer find "women > 0 and known(birth) and accounts_count > 1" --type personal
json '.query.found > 20' customer find "women = 0 and accounts_count > 1" --type personal
json '.query.found > 5' customer find 'after_opened > 0 and after_opened < demand_cny + demand_fx + fixed_cny + fixed_fx' --type personal

# Loans code the sex as 1 and 2: another system's code is a code of its own, by night and by day.
json '.query.found > 0' customer find "sex = '2' and accounts_count > 0" --type personal
check "codes of another system: by the accounts as well" equal "$(jq .query.found "$W/out")" \
    "$("$CRMX" customer find "count(accounts where customer.sex = '2') > 0" --type personal --json 2>/dev/null | jq .query.found)"

# --- a measure nobody has, from the generation alone ---

count() { # CONDITION: personal customers
    crmx customer find "$1" --type personal --json
    jq -r .query.found "$W/out"
}
crmx measure compute "sum(retail where opened > customer.opened, cny(balance))" --customers personal --json
check "measure compute: the sum of the night" equal "$(jq -r '.measures[0].sum' "$W/out")" "$(total . measure.personal.after_opened 5)"
nonzero=$(jq -r '.measures[0].nonzero' "$W/out")
check "customer find: as many" equal "$(count 'sum(retail where opened > customer.opened and true, cny(balance)) <> 0')" "$nonzero"
check "customer find: as many of the stored ones" equal "$(count 'after_opened <> 0')" "$nonzero"
check "customer find: dates" equal "$(count 'coalesce(days_since(max(retail + card where true, customer.opened)), 0) > 3000')" \
    "$(count 'count(retail + card where known(customer.opened)) > 0 and coalesce(days_since(customer.opened), 0) > 3000')"
for threads in 1 3; do
    crmx measure compute "max(accounts where customer.sex <> 'F' and known(birth), years_between(coalesce(birth, business_date), business_date))" \
        --json --set run.threads=$threads
    jq .measures "$W/out" >"$W/threads.$threads"
done
same "one thread and three say the same" "$W/threads.1" "$W/threads.3"
check "and something" jq -e '.[0].largest | tonumber > 50' "$W/threads.1"
json '.query.segments == 2' segment --by "case when sum(retail where opened > customer.opened, cny(balance)) > 10000 then 'new' else 'old' end" --type personal
new=$(jq '.segments[] | select(.segment == "new") | .customers' "$W/out")
check "segment: as many as found" equal "$(count 'after_opened > 10000')" "$new"

# --- trial and challenger: what a night with that formula says ---

sed 's/opened > customer.opened/opened <= customer.opened/g; s/known(birth)/customer.status <> "D" and sex = "F" and known(birth)/' "$formula" >"$W/changed.formula"
crmx trial "$W/changed.formula" --type personal --measures --json
check "trial" checks_succeeded "trial"
cp "$W/out" "$W/trial"
check "trial: three of the measures are added up again" jq -e '.trial.measures | endswith(" 3 computed again")' "$W/trial"
check "trial: as many pass with one thread" equal "$("$CRMX" trial "$W/changed.formula" --type personal --json --set run.threads=1 2>/dev/null | jq -c .result)" "$(jq -c .result "$W/trial")"
for folder in changed challenger; do
    [ $folder = changed ] && { bank_of "$W/changed" && cp "$W/changed.formula" "$W/changed/formulas/personal.formula"; }
    [ $folder = challenger ] && {
        rm -rf "$W/challenger" && bank_of "$W/challenger" && cp "$W/changed.formula" "$W/challenger/formulas/challenger.formula"
        sed -i 's/^formula.corporate.*/&\nshadow.personal = challenger/' "$W/challenger/units/11.ini"
    }
    night "$W/$folder" initial 2028-02-28 unload
    for date in 2028-02-29 2028-03-01; do night "$W/$folder" daily "$date" .; done
done
check "trial: the sum of scores of the night" equal "$(jq -r .result.score_all "$W/trial")" "$(total "$W/changed" score.all.personal 5)"
check "trial: it is another one" [ "$(total "$W/changed" score.all.personal 5)" != "$(total . score.all.personal 5)" ]
check "trial: the measure of the night" equal "$(jq -r '.totals[] | select(.name == "card_age") | .all' "$W/trial")" "$(total "$W/changed" measure.personal.card_age 5)"
check "challenger: the sum of scores of the trial" equal "$(total "$W/challenger" shadow.score.personal 5)" "$(jq -r .result.score_all "$W/trial")"
check "challenger: it decides nothing" equal "$(total "$W/challenger" score.all.personal 5)" "$(total . score.all.personal 5)"

# --- the accounts behind a figure ---

crmx customer find 'women > 2' --type personal --columns number --csv
number=$(tail -1 "$W/out")
printf 'threshold 1;\nscore = count(accounts where customer.sex = "F");\n' >"$W/women.formula"
crmx formula explain "$W/women.formula" --type personal --number "$number" --json
check "explain: customer $number has all her accounts" jq -e '[.tree[] | select(.kind == "account" and .value == "1")] | length > 2' "$W/out"
check "explain: as many as the measure says" jq -e '([.tree[] | select(.kind == "account")] | length) == ([.tree[] | select(.kind == "measure")][0].value | tonumber)' "$W/out"

# --- what is refused ---

refused() { # MESSAGE HINT MEASURE
    printf 'threshold 1;\nmeasure m number = %s;\nscore = m;\n' "$3" >"$W/refused.formula"
    fails 16 "$1" "$2" trial "$W/refused.formula" --type personal
}
refused 'customers have no field brth' 'did you mean customer.birth?' "count(retail where customer.brth < business_date)"
refused 'only customer stands in front of a point' '…customer.FIELD' "count(retail where owner.birth < business_date)"
printf '\n[averages]\ndemand_month = month demand_cny\n' >>units/11.ini
crmx formula check "$W/refused.formula"
printf 'threshold 1;\nmeasure demand as demand_cny money = sum(retail, cny(balance));\nscore = count(retail where balance > demand_month);\n' >"$W/average.formula"
crmx formula check "$W/average.formula" --unit 11
check "an average inside an aggregate is refused" err_has 'the average demand_month cannot stand inside an aggregate'
check "and it is said where it goes" err_has 'use it in the score'
checks_end
