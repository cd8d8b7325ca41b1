#!/bin/bash
# Parameters from an idea to a run, with the program: life cycle, what a run takes, past dates that stay as they were, lists,
# import from the CRM; with the embedded server, a server by URL, and without a database. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
checks_cluster
SERVER=
trap '[ -z "$SERVER" ] || { kill -INT "$SERVER" && tail --pid="$SERVER" -f /dev/null; } 2>/dev/null; checks_end_cluster' EXIT
value() { # JQ-PATH ARGUMENT …
    local path=$1
    shift
    "$CRMX" "$@" --json 2>/dev/null | jq -r "$path"
}
files() { rm -rf "$W/work/inbox/11" && "$GENERATE" "$W/work/inbox/11" --customers 400 --unit 11 --date "$1"; }
same_bytes() { diff -r "$1" "$2"; }
total() { awk -F'\t' -v n="$2" '$2 == n {print $4}' "$1/totals.tsv"; }

"$CRMX" init "$W/work" --quiet
export CRMX_HOME=$W/work
cd "$W" || exit 16

# --- without a database: files, and clear words ---

fails 16 "crmx formula list needs the database, and this working folder has none" "set mode = embedded in crmx.ini; without" \
    formula list --set database.mode=none
fails 16 "needs the database" "" exclusion add --number 1 --reason staff --set database.mode=none
json '[.[] | select(.part == "formula") | .source] == ["formulas/personal.formula", "formulas/corporate.formula"]' \
    parameter show --set database.mode=none
files 2026-10-31
prints "" run initial --unit 11 --date 2026-10-31 --no-follow --set database.mode=none
check "nothing of parameters in a generation without them" [ ! -e work/state/units/11/gen/2026-10-31.001.1/param/parameters ]
json '.tieout.personal_formula == "formulas/personal.formula"' reconcile
cp -r work/state/units/11/gen/2026-10-31.001.1 first

# --- people ---

fails 16 "there is no admin yet" "the first operator is an admin who adds himself" operator add wang --role analyst --as sun
prints "operator sun: add admin" operator add sun --role admin --as sun
prints "" operator add wang --role analyst --full-name 王 --as sun
prints "" operator add zhao --role checker --as sun
prints "" operator add li --role operator --unit 11 --as sun
fails 16 "there is no operator \"ghost\"" "" operator grant ghost checker --as ghost
json 'map(.operator) == ["li", "sun", "wang", "zhao"] and .[0].roles == "operator:11"' operator list

checks_hold_server "$W/work"

# --- from an idea to an active formula ---

sed 's/系数(2);/系数(3);/; s/^threshold 500000/threshold 400000/' work/formulas/personal.formula >idea.formula
sed 's/系数(3);/系数(3;/' idea.formula >wrong.formula
sed 's/^score = /score = 活期人民币存款 * 系数(1000000000) * 系数(1000000000) + /' idea.formula >overflow.formula
fails 16 "what shall be in it?" "give --file FILE" formula draft --type personal --as wang
fails 16 "wrong.formula" "" formula draft --type personal --file wrong.formula --as wang
prints "version 1 is draft; try it: crmx formula trial 1" formula draft --type personal --file idea.formula --reason 'funds count more' --as wang
fails 16 'version 1 is draft: "submit" is not possible' "try it: crmx formula trial 1" formula submit 1 --as wang
fails 16 "zhao may not try parameters: the role analyst is needed for unit 11" "" formula trial 1 --as zhao
prints "crmx formula submit 1" formula trial 1 --as wang
PASSING=$(value .result.pass formula trial 1 --as wang)
SCORED=$(value .result.scored formula trial 1 --as wang)
# What is submitted is what was tried: the result of the trial is looked at, by the hash of formula and threshold.
HASH=$(value .trial.hash formula trial 1 --as wang)
check "the same formula and threshold, tried by both commands: the same hash" \
    [ "$(value .trial.hash trial idea.formula --type personal)" = "$HASH" ]
RESULT=work/state/units/11/trial/$HASH.json
mv "$RESULT" kept.json
fails 16 "were never tried over unit 11" "try it again: crmx formula trial 1" formula submit 1 --as wang
jq '.may_be_submitted = false | .reason = "an overflow of customer 1100000001"' kept.json >"$RESULT"
fails 16 "speaks against it: an overflow of customer 1100000001" "try it again: crmx formula trial 1" formula submit 1 --as wang
cp kept.json "$RESULT"
prints "version 1 is submitted" formula submit 1 --reason 'as agreed' --as wang
check "submit shows what the lint says" grep -qE '^version 1:[0-9]+:[0-9]+: warning: ' "$W/err"
grep -E 'pass by this term alone .* \[alone\]$' "$W/err" | sed 's/^version 1:[0-9]*:[0-9]*: //' | sort >alone.submitted
check "submit shows which terms carry the passes" [ -s alone.submitted ]
check "submit says whose passes were counted" grep -qxF "version 1: lint: passes counted in generation 2026-10-31.001.1 of unit 11" "$W/err"
crmx formula lint idea.formula --type personal
grep -E '\[alone\]$' "$W/out" | sed 's/^[^ ]* //' | sort >alone.lint
check "submit and formula lint count alike" cmp alone.submitted alone.lint
prints "as agreed; lint: " audit list --object formula --id 1
check "the record of the submission names the warnings" grep -qE 'lint: .*term \(line [0-9]+\)' "$W/out"
check "the record of the submission names the terms" grep -qE 'alone \(line [0-9]+\)' "$W/out"
check "the record of the submission names the generation" grep -qF "; passes counted in generation 2026-10-31.001.1 of unit 11" "$W/out"
rm "$RESULT"
fails 16 "were never tried over unit 11" "try it again: crmx formula trial 1" formula approve 1 --as zhao
cp kept.json "$RESULT"
fails 16 "may not approve parameters" "see crmx operator list" formula approve 1 --as wang
prints "" operator grant wang checker --as sun
fails 16 "wang has made version 1 and may not approve it" "a second person approves" formula approve 1 --as wang
fails 16 "is not what you looked at" "look at it again: crmx formula show 1" formula approve 1 --digest 0123456789 --as zhao
prints "from the files of unit 11 to version 1 (submitted)" parameter diff 1
check "the difference to the files: the coefficient that was changed" grep -qE '^ *[0-9]+ \+ .*系数\(3\);' "$W/out"
prints "version 1 is approved" formula approve 1 --as zhao
fails 16 "2026-10-31 has been run, or begun, already" "choose a later date: --from 2026-11-01" formula activate 1 --from 2026-10-31 --as wang
prints "counts from business date 2026-11-01 on" formula activate 1 --as wang
json '.[0].level == "11" and .[0].from == "2026-11-01" and .[1].value == "400000.00"' parameter show
json '.[0].level == "file" and .[1].value == "500000.00"' parameter show --date 2026-10-31
json 'length == 1 and .[0].state == "active" and .[0].approved_by == "zhao"' formula list
prints "funds count more" audit list --object formula --id 1
prints "unbroken" audit verify

# --- a past date stays as it was; what runs is what was tried ---

mv work/state/units/11 old_unit
files 2026-10-31
prints "" run initial --unit 11 --date 2026-10-31 --no-follow
check "the re-run of a past date: the same bytes" same_bytes first work/state/units/11/gen/2026-10-31.001.1

rm -rf work/state/units/11
files 2026-11-01
prints "" run initial --unit 11 --date 2026-11-01 --no-follow
NEW=work/state/units/11/gen/2026-11-01.001.1
json '.tieout.personal_formula == "version 1 of unit 11, file 000001, from 2026-11-01"' reconcile
check "the generation holds the formula that was approved" cmp idea.formula "$NEW/param/formulas/parameter-000001.formula"
prints "" generation verify

# The same inputs under the version that was tried on them: the totals of the trial.
rm -rf work/state/units/11
prints "" formula draft --unit 11 --type personal --threshold 350000 --as wang
files 2026-11-02
"$CRMX" run initial --unit 11 --date 2026-11-02 --no-follow >/dev/null 2>&1
prints "" formula trial 2 --as wang
PASSING=$(value .result.pass formula trial 2 --as wang)
SCORED=$(value .result.scored formula trial 2 --as wang)
prints "" formula submit 2 --as wang
prints "" formula approve 2 --as zhao
mv work/state/units/11 before_two
prints "counts from business date 2026-11-02 on" formula activate 2 --from 2026-11-02 --as wang
files 2026-11-02
prints "" run initial --unit 11 --date 2026-11-02 --no-follow
NEW=work/state/units/11/gen/2026-11-02.001.1
check "selected by the run: $(total "$NEW" selected.personal), passing in the trial: $PASSING" [ "$(total "$NEW" selected.personal)" = "$PASSING" ]
check "scored by the run: $(total "$NEW" scored.personal), customers of the trial: $SCORED" [ "$(total "$NEW" scored.personal)" = "$SCORED" ]
check "the threshold of the version, the formula of the version before it" grep -q '^threshold = 350000.00' "$NEW/param/parameters/parameters.ini"
prints "" measure verify

# --- a formula that overflows ---

prints "" formula draft --type personal --file overflow.formula --as wang
fails 12 "version 3 cannot be submitted" "change it: crmx formula edit 3 --file FILE" formula trial 3 --as wang
check "the result of the trial that failed is kept and says why" \
    grep -lq '"may_be_submitted": false' work/state/units/11/trial/*.json
fails 16 'version 3 is draft: "submit" is not possible' "" formula submit 3 --as wang
prints "" formula edit 3 --file idea.formula --as wang
prints "" formula trial 3 --as wang
prints "" formula edit 3 --threshold 1 --as wang
fails 16 'version 3 is draft' "" formula submit 3 --as wang
# One customer of hundreds is enough: the richest of a type, who stands in a batch with those of the other type.
overflow_of_one() { # TYPE TABLE → one.formula, RICHEST
    local most
    crmx customer find "sum($2, cny(balance)) > 0" --columns "number, sum($2, cny(balance))" --csv --limit 100000 --unmask --type "$1"
    read -r RICHEST most < <(tail -n +2 "$W/out" | sort -t, -k2,2gr | head -1 | tr , ' ')
    sed "s/^score = /score = if(sum($2, cny(balance)) >= $most, 1000000000000*1000000000000, 0) + /" "work/formulas/$1.formula" >one.formula
    check "the overflow of one $1 customer is in the formula" [ -n "$(cmp one.formula "work/formulas/$1.formula" 2>&1)" ]
}
cannot_be_submitted() { # VERSION
    fails 12 "version $1 cannot be submitted" "change it: crmx formula edit $1 --file FILE" formula trial "$1" --as wang
    check "version $1: the trial names the customer" grep -qF "of customer $RICHEST is larger than 2^62" "$W/err"
    fails 16 "version $1 is draft: \"submit\" is not possible" "" formula submit "$1" --as wang
}
overflow_of_one personal retail
prints "" formula edit 3 --file one.formula --as wang
cannot_be_submitted 3
# A trial that was fine does not count for what was written afterwards; nor does another one's.
prints "" formula edit 3 --file idea.formula --as wang
prints "" formula trial 3 --as wang
prints "" formula edit 3 --file one.formula --as wang
fails 16 'version 3 is draft: "submit" is not possible' "" formula submit 3 --as wang
# Without a generation the lint has the text alone, and says so.
prints "" formula edit 3 --file idea.formula --as wang
prints "" formula trial 3 --as wang
mv work/state/units/11 whole
mkdir -p work/state/units/11 && cp -r whole/trial work/state/units/11/
prints "version 3 is submitted" formula submit 3 --as wang
check "submit says that no passes were counted" grep -qxF "version 3: lint: no population was looked at: unit 11 has none yet" "$W/err"
prints "; no population was looked at: unit 11 has none yet" audit list --object formula --id 3
rm -rf work/state/units/11 && mv whole work/state/units/11
prints "" formula withdraw 3 --reason 'a try' --as wang
fails 16 "a reason is needed" "add --reason TEXT" formula discard 3 --as wang
prints "" formula discard 3 --reason 'a try' --as wang

# --- rollback, head office, import ---

prints "no longer counts from business date 2026-11-03" formula rollback 2 --reason 'too many pass' --as zhao
json '.[0].version == "1" and .[0].from == "2026-11-03"' parameter show
prints "threshold" parameter diff 2 1
cat >crm.json <<'JSON'
[{"reference": "CRM-1", "unit": "head", "customer_type": "corporate", "note": "2027",
  "formula": "unit yuan;\nthreshold 2000000;\nmeasure 公司活期存款 as demand money = sum(corporate_deposit where kind = 'D', cny(balance));\nscore = demand;\n"}]
JSON
prints "imported" formula import crm.json --as wang
prints "imported before" formula import crm.json --as wang
sed 's/2000000/2500000/' crm.json >other.json
fails 12 "reference CRM-1 is version 4 already, with another content" "" formula import other.json --as wang
sed 's/CRM-1/CRM-2/; s/score = demand/score = demnd/' crm.json >other.json
fails 12 "formula of reference CRM-2:4:9: unknown name demnd" "did you mean demand?" formula import other.json --as wang
sed 's/CRM-1/CRM-2/; s/head/11/; s/cny(balance)/cny(balnce)/' crm.json >other.json
fails 12 "formula of reference CRM-2:3:" "did you mean balance?" formula import other.json --as wang
sed 's/CRM-1/CRM-2/; s/head/11/; s/corporate_deposit where/pledge where/' crm.json >other.json
fails 12 "formula of reference CRM-2:3:" "" formula import other.json --as wang
sed 's/CRM-1/CRM-2/; s/"formula": /"challenger": "threshold 1; score = nothing;", &/' crm.json >other.json
fails 12 "challenger of reference CRM-2:1:22: unknown name nothing" "" formula import other.json --as wang
jq -c '.[0].reference = "CRM-3" | . + [.[0] | .reference = "CRM-4" | .formula = "threshold 1; score = nothing;"]' crm.json >other.json
fails 12 "formula of reference CRM-4:1:22: unknown name nothing" "" formula import other.json --as wang
jq -c '[{reference: "CRM-5", unit: "11", customer_type: "personal", threshold: "390000"}, .[0] + {reference: "CRM-6"}]' crm.json >other.json
fails 16 "reference CRM-6" "" formula import other.json --as li
json 'length == 4 and all(.reference != "CRM-2" and .reference != "CRM-3" and .reference != "CRM-5")' formula list
sed 's/"note"/"nota"/' crm.json >other.json
fails 12 '"nota" is no member of it' "" formula import other.json --as wang
prints "" formula trial 4 --as wang
prints "" formula submit 4 --as wang
fails 16 "wang has made version 4" "" formula approve 4 --as wang
prints "" formula approve 4 --as zhao
prints "" formula activate 4 --as zhao
json '[.[] | select(.type == "corporate") | .level] == ["head", "head"]' parameter show
json 'length == 4 and .[2].kind == "rollback" and .[2].version == "1" and .[2].instead_of == "2"' parameter history

# --- lists ---

IN=$(head -c 10 "$NEW/out/CRMCUST")
ID_TYPE=$("$CRMX" customer show --number "$IN" --unmask --json 2>/dev/null | jq -r .customer.id_type)
ID_NO=$("$CRMX" customer show --number "$IN" --unmask --json 2>/dev/null | jq -r .customer.id_no)
for n in $(seq 1 60); do # somebody who is scored and not selected
    OUT=$((1100000000 + n))
    [ "$(value '.customer | (.score != null) and (.selected | not) and (.why | test("below"))' customer show --number $OUT)" = true ] && break
done
warns() { # TEXT-IN-WARNING ARGUMENT …
    local text=$1
    shift
    crmx "$@"
    check "crmx $*: exit code 4, found $RC" [ $RC = 4 ]
    check "crmx $*: warns: $text" grep -qF -- "WARNING: $text" "$W/err"
}
NEVER=(exclusion add --reason staff --as li)
DAY=$(basename "$NEW" | cut -c1-10)
fails 16 "an entry that ends with $DAY can never count: unit 11 has been run, or begun, up to $DAY already" "give a later last date" \
    "${NEVER[@]}" --number "$IN" --expires "$DAY"
fails 16 "1100099999 is nobody's number in generation $(basename "$NEW") of unit 11" "find the customer" "${NEVER[@]}" --number 1100099999
fails 16 "1200000001 is no integrated number of unit 11" "find it" "${NEVER[@]}" --number 1200000001
fails 16 "1200000001 is no integrated number of any unit" "find it" "${NEVER[@]}" --number 1200000001 --unit head
fails 16 "one way to name the customer is needed" "--id-type TYPE --id-no NUMBER" "${NEVER[@]}"
fails 16 "this ID number identifies nobody" "name the customer by number" "${NEVER[@]}" --id-type 01 --id-no ' '
fails 16 "the check digit of this ID number is wrong, and nobody is recorded with it" "look at the number: crmx identity explain 01" \
    "${NEVER[@]}" --id-type 01 --id-no 110101198001010011
json 'length == 0' exclusion list --all
prints "entry 1 is entered" exclusion add --id-type "$ID_TYPE" --id-no "$ID_NO" --reason refuses_marketing --as li
fails 16 "this customer is on the list already: entry 1" "see crmx exclusion list" "${NEVER[@]}" --id-type "$ID_TYPE" --id-no "$ID_NO"
fails 16 "this customer is on the list already: entry 1" "see crmx exclusion list" "${NEVER[@]}" --id-type "$ID_TYPE" --id-no " $ID_NO"
fails 16 "this customer is on the list already: entry 1" "see crmx exclusion list" "${NEVER[@]}" --number "$IN"
fails 16 "crmx override add: a reason is needed" "add --reason TEXT" override add --number $OUT --reason " " --expires 2026-11-30 --as li
prints "entry 2 is entered" override add --number $OUT --reason 'owner of a company' --expires 2026-11-30 --as li
check "an ID is masked" bash -c "! '$CRMX' exclusion list --json | grep -qF '$ID_NO'"
fails 16 "may not approve or reject list entries" "" exclusion approve 1 --as li
fails 16 "entry 1 is of the exclusion list" "crmx exclusion approve 1" override approve 1 --as zhao
prints "entry 1 is approved" exclusion approve 1 --as zhao
prints "" override approve 2 --as zhao
prints "the lists of unit 11 count from business date 2026-11-03 on" exclusion activate --as li
mv work/state/units/11 before_lists
files 2026-11-03
prints "" run initial --unit 11 --date 2026-11-03 --no-follow
NEW=work/state/units/11/gen/2026-11-03.001.1
json '.customer.selected == false and (.customer.why | startswith("on the exclusion list (refuses_marketing, for ever)"))' \
    customer show --number "$IN"
check "one customer was selected by an override" [ $((0$(total "$NEW" by_override.personal) + 0$(total "$NEW" by_override.corporate))) = 1 ]
check "its entries were counted" [ "$(total "$NEW" list.override.entries)" = 1 ]
json '.customer.selected and (.customer.why | test("below the threshold, but on the override list \\(owner of a company, until 2026-11-30\\)"))' \
    customer show --number $OUT
json '.tieout.lists_of_the_unit == "lists of unit 11, file 000005, from 2026-11-03" and .tieout.balanced' reconcile
prints "2 entries" parameter show

# The workbench over a generation with entries of both lists in force: as the night selected.
ACTIVE=$NEW/param/formulas/$(value .customer.formula why $OUT).formula
T=$(value .customer.threshold why $OUT)
SELECTED=$(total "$NEW" selected.personal)
json ".result.pass == $SELECTED and .result.pass_active == $SELECTED and .result.entering == 0 and .result.leaving == 0" \
    trial "$ACTIVE" --type personal --threshold "$T"
json ".result.pass == 1 and .result.pass_active == $SELECTED and .result.leaving == ($SELECTED - 1)" \
    trial "$ACTIVE" --type personal --threshold 9000000000000
LEAVING=$("$CRMX" trial "$ACTIVE" --type personal --threshold 9000000000000 --leaving 2>/dev/null | grep -c ^leaves)
check "trial: who leaves are all but the one of the override list" [ "$LEAVING" = $((SELECTED - 1)) ]
json '.customer.selected_in_generation and .customer.passes and (.customer.why | test("on the override list"))' why $OUT
json "[.rows[] | select(.number == \"$OUT\")] | length == 1 and .[0].selected == \"yes\"" \
    customer find "score < $T" --type personal --limit 100000 --columns number,selected,score
json ".query.found == 1 and .rows[0].number == \"$OUT\"" customer find "passes and score < $T" --type personal --columns number
json '.query.found == 0' customer find "selected and not (passes or kept) or not selected and (passes or kept)" --type personal
prints "entry 2 is removing" override remove 2 --reason 'no longer' --as li
fails 16 "may not approve" "" override approve 2 --as li
prints "entry 2 is removed" override approve 2 --as zhao
warns "nobody has this ID in the generation of today; the entry counts when somebody does" \
    override add --id-type 01 --id-no 110101198001010010 --reason 'comes back' --expires 2027-11-30 --as li
prints "" override remove 3 --reason 'a try' --as li
warns "the customer is on the exclusion list, too (entry 1)" override add --number "$IN" --reason 'owner' --expires 2027-11-30 --as li
prints "" override remove 4 --reason 'a try' --as li
prints "" override activate --as li
json '[.[] | select(.part == "lists") | .value] == ["1 entry"]' parameter show
prints "6 files, all as the database knows them; 0 set right just now" parameter verify

# --- what the CRM reads ---

json 'length == 2 and .[0].customer_type == "personal" and .[0].approved_by == "zhao"' db psql --command \
    "select customer_type, level, version, formula, threshold, approved_by from crmx.active_parameter order by level"

# --- a company that overflows ---

overflow_of_one corporate corporate_deposit
ONE=$(value .version formula draft --unit 11 --type corporate --file one.formula --as wang)
cannot_be_submitted "$ONE"
prints "" formula discard "$ONE" --reason 'a try' --as wang

# --- a formula by its name, and what counts, in a draft ---

drafted() { # FILE-OR-"inherited" ARGUMENT …: the draft has this text; it is given up again
    local expected=$1 version
    shift
    version=$(value .version formula draft "$@" --as wang)
    "$CRMX" formula show "$version" --text >text 2>/dev/null
    check "formula draft $*: the text of $expected" cmp "$expected" text
    prints "" formula discard "$version" --reason 'a try' --as wang
}
drafted work/formulas/personal.formula --type personal --file personal
drafted idea.formula --type personal --file active
drafted work/formulas/corporate.formula --unit head --type corporate --file corporate
"$CRMX" formula show 4 --text >head.formula 2>/dev/null
drafted head.formula --type corporate --file active
drafted head.formula --unit head --type corporate --file active
fails 16 "the head office has no formula for personal customers" "see its versions: crmx formula list --unit head" \
    formula draft --unit head --type personal --file active --as wang
fails 16 'there is no formula "persnal"' "did you mean personal?" formula draft --type personal --file persnal --as wang
fails 16 'there is no file "persnal.formula"' "a formula of the working folder is given by its name alone: --file personal" \
    formula draft --type personal --file persnal.formula --as wang
ONE=$(value .version formula draft --unit 11 --type personal --threshold 5 --as wang)
prints "" formula edit "$ONE" --file active --challenger personal --as wang
check "formula edit: what counts, and a name" bash -c "'$CRMX' formula show $ONE --json 2>/dev/null | jq -j .version.formula | cmp - idea.formula && '$CRMX' formula show $ONE --json 2>/dev/null | jq -j .version.challenger | cmp - work/formulas/personal.formula"
prints "" formula discard "$ONE" --reason 'a try' --as wang

# --- what is nowhere, and thresholds that are none, with their place in the CRM's file ---

for what in "formula list" "parameter history" "exclusion list" "override list" "operator grant wang auditor"; do
    # shellcheck disable=SC2086
    fails 16 'there is no unit "12"' "units of this working folder: 11; the head office: --unit head" $what --unit 12 $([ "${what#operator}" = "$what" ] || echo --as sun)
done
json 'length > 0 and all(.level == "head")' formula list --unit head
fails 16 '--object: "formulas" is none of: formula' "" audit list --object formulas
fails 16 '--state: "enterd" is none of: entered' "" exclusion list --state enterd
for threshold in 5e5 -5 '' 1.005 1,000; do
    printf '[{"reference": "CRM-20", "unit": "11", "customer_type": "personal", "threshold": "5"},\n {"unit": "11",\n  "reference": "CRM-21", "customer_type": "personal", "threshold": "%s"}]\n' "$threshold" >other.json
    fails 12 "\"other.json\":3: parameters 2, reference CRM-21: \"$threshold\" is no threshold" 'see "Parameters from the CRM"' formula import other.json --as wang
done
sed -i 's/"threshold": "1,000"/"threshold": 1000/' other.json
fails 12 '"other.json":3: parameters 2, reference CRM-21: "threshold" is no text' "" formula import other.json --as wang
json 'all(.reference != "CRM-20")' formula list

# --- a server of the bank ---

PROGRAMS=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
AS=()
if [ "$(id -u)" = 0 ]; then AS=(setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent); fi
mkdir bank && chmod 777 bank
PORT=$((20000 + $$ % 20000))
"${AS[@]}" "$PROGRAMS/initdb" -D "$W/bank/data" -U bank --auth=trust -E UTF8 --locale=C --no-instructions >"$W/bank/log" 2>&1
"${AS[@]}" "$PROGRAMS/postgres" -D "$W/bank/data" -p $PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories= >>"$W/bank/log" 2>&1 &
SERVER=$!
for _ in $(seq 200); do
    psql -XAtq "postgresql://bank@127.0.0.1:$PORT/postgres" -c "CREATE ROLE loader LOGIN" >/dev/null 2>&1 && break
    sleep 0.1
done
psql -XAtq "postgresql://bank@127.0.0.1:$PORT/postgres" -c "CREATE DATABASE crm OWNER loader TEMPLATE template0" >/dev/null
export CRMX_DATABASE_MODE=url CRMX_DATABASE_URL="postgresql://loader@127.0.0.1:$PORT/crm"
# A new server knows nothing; the files are the truth and are taken into it.
prints "6 files, all as the database knows them; 6 set right just now" parameter verify
json '[.[] | .state] == ["active", "retired", "active"]' formula list
prints "" operator add sun --role admin --as sun
prints "" operator add wang --role analyst --as sun
prints "" operator add zhao --role checker --as sun
prints "version 5 is draft" formula draft --type personal --threshold 390000 --as wang
prints "" formula trial 5 --as wang
prints "" formula submit 5 --as wang
prints "" formula approve 5 --as zhao
prints "000007.parameter" formula activate 5 --as wang
json '[.[] | select(.type == "personal") | .version] == ["5", "5"]' parameter show

# --- sent back, taken out of force; entries refused and removed ---

prints "version 6 is draft" formula draft --type personal --threshold 380000 --as wang
prints "" formula trial 6 --as wang
prints "" formula submit 6 --as wang
fails 16 "may not" "" formula reject 6 --reason 'too low' --as wang
prints "version 6 is draft" formula reject 6 --reason 'too low' --as zhao
fails 16 'version 6 is draft: "approve" is not possible' "" formula approve 6 --as zhao
prints "" formula retire 5 --reason 'an end' --as zhao
json '[.[] | .state] == ["retired", "retired", "active", "retired", "draft"]' formula list
prints "" operator add li --role operator --unit 11 --as sun
prints "is entered" exclusion add --number $OUT --reason staff --as li
ENTRY=$("$CRMX" exclusion list --all --json | jq -r 'map(select(.state == "entered")) | .[-1].entry')
fails 16 "may not" "" exclusion reject "$ENTRY" --reason 'a customer of ours' --as li
prints "entry $ENTRY is rejected" exclusion reject "$ENTRY" --reason 'a customer of ours' --as zhao
prints "is entered" override add --number $OUT --reason 'owner of a company' --expires 2026-12-31 --as li
ENTRY=$("$CRMX" override list --all --json | jq -r 'map(select(.state == "entered")) | .[-1].entry')
prints "entry $ENTRY is rejected" override reject "$ENTRY" --reason 'no owner' --as zhao
ENTRY=$("$CRMX" exclusion list --json | jq -r 'map(select(.state == "active")) | .[-1].entry')
prints "entry $ENTRY is removing" exclusion remove "$ENTRY" --reason 'asked for it' --as li
prints "entry $ENTRY is removed" exclusion approve "$ENTRY" --as zhao

checks_end
