#!/bin/bash
# The operator's and the analyst's commands over a unit small enough to check every figure by hand (commands/config; its
# files are written below): golden pages, messages, exit codes, JSON, all of it after the inbox is gone.
# Ends with "N passed, N failed". UPDATE=1 writes the golden pages anew: look at the difference before you commit it.
. "$(dirname "$0")/checks.sh"
HERE=$PWD/tests/integration/commands
export LC_ALL=C # printf pads by bytes
checks_cluster

crmx() { # ARGUMENT … → RC, $W/out, $W/err; times of day become TIME
    "$CRMX" "$@" >"$W/out" 2>"$W/err" </dev/null
    RC=$?
    sed -i -E 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g' "$W/out" "$W/err"
    grep -h '^HINT:' "$W/err" >>"$W/hints"
}
golden() { # NAME: what the last run printed is commands/NAME.txt
    [ "${UPDATE:-0}" = 1 ] && cp "$W/out" "$HERE/$1.txt"
    diff "$HERE/$1.txt" "$W/out"
}
page() { # NAME ARGUMENT …: a golden page, exit code 0, nothing on stderr but the note of an unmasked look
    local name=$1
    shift
    crmx "$@"
    check "$name: exit code 0" [ $RC = 0 ]
    check "$name: the page" golden "$name"
    check "$name: nothing on stderr" [ -z "$(grep -v 'unmasked look' "$W/err")" ]
}

# --- the unit and its files ---

customer() { printf '%-6s%s%-2s%-18s%-20s%-8s%-8s%-4s%13s\n' "$@" ""; }
account() { printf '%-8s%s%s%s%013d%-3s%-8s%-4s%9s\n' "$@" 1234 ""; }
relation() { printf '%-8s%-6s%s%-5s\n' "$@"; }
card_customer() { # GB18030: a name of two characters has four bytes
    printf '%-6s%-2s%-18s%s%16s%-8s%6s\r\n' "$1" "$2" "$3" "$(printf %s "$4" | iconv -f utf-8 -t gb18030)" "" "$5" ""
}
files() { # FOLDER
    local in=$1
    mkdir -p "$in"
    {
        printf 'HDR2026103121%67s\n' ""
        customer 000001 P 01 11010519491231002X 王伟 19491231 20200101 2101
        customer 000002 P 01 110105491231002 王伟 19491231 20240101 2102
        customer 000003 P 01 440308199001011239 李娜 19900101 20200101 2101
        customer 000004 C 20 123456788 甲公司 00000000 20200101 2101
        customer 000005 P 01 210202198503150019 张三 19850315 20200101 2101
        customer 000006 P 01 210202198503150019 李四 19850315 20210101 2101
        customer 000007 P 01 210202197007070023 赵六 19700707 20200101 2101
        customer 000008 P 01 000000000000000000 无证 00000000 20200101 2101
        customer 000009 X 01 310101198808080033 错型 19880808 20200101 2101
        customer 000010 P 01 310101198808080033 错日 19881308 20200101 2101
        printf 'too short\n'
        printf 'TRL%06d%71s\n' 11 ""
    } >"$in/RC.1.20261031"
    {
        printf 'HDR2026103121%67s\n' ""
        customer 000003 P 01 440308199001011239 李娜 19900101 20260101 2109
        printf 'TRL%06d%71s\n' 1 ""
    } >"$in/RC.2.20261031"
    {
        account A0000001 CNY D + 120000 000 20200101
        account A0000002 USD F + 50000 012 20210101
        account A0000003 CNY D - 5000 000 20220101
        account A0000004 CNY D + 20000000 000 20220101
        account A0000005 CNY F + 10001 024 20220101
        account A0000006 CNY D + 99999 000 20220101
        account A0000007 EUR D + 100 000 20220101
        account A0000008 CNY D + 200000 000 20220101
        account A0000009 CNY D + 300000 000 20220101
        account A0000010 CNY D + 1 000 20270101
    } >"$in/RA.20261031"
    printf 'records=10\n' >"$in/RA.20261031.ctl"
    {
        relation A0000001 000001 O ""
        relation A0000002 000002 O ""
        relation A0000003 000003 O ""
        relation A0000004 000004 O ""
        relation A0000005 000001 O 06667
        relation A0000005 000005 O 03333
        relation A0000005 000006 A ""
        relation A0000006 000099 O ""
        relation A0000008 000007 O ""
        relation A0000009 000005 O ""
    } >"$in/RR.20261031"
    printf '%-6s%-34s\n' 000001 大连市中山区人民路1号 000003 深圳市 >"$in/RX.20261031"
    {
        card_customer C00001 01 11010519491231002X 王伟 19491231
        card_customer C00002 01 440308199001011239 李娜 19900101
    } >"$in/CC.20261031"
    printf '%-10s%-6s%013d%s%s%09d\n' K1 C00001 25000 - A 100000 K2 C00002 700 + F 5000 >"$in/CA.20261031"
    : >"$in/CA.20261031.ok"
    printf 'USD0010007101500\nJPY1000004650000\n' >"$in/RT.20261031"
    printf '%-2s%-18s%-10s%-8s  \n' 01 210202197007070023 STAFF 20271231 >"$in/EX.20261031"
}
new_folder() { # NAME: a working folder with the files in its inbox; it becomes the current folder
    mkdir "$W/$1" && cp -r "$HERE/config/." "$W/$1" && cd "$W/$1" || exit 1
    files inbox/21
}

# --- before the night: layout check, show, list ---

new_folder a
page layout-check layout check
json 'length == 14 and all(.[]; .state == "ok" and .hint == null)' layout check
page layout-list layout list
page layout-show layout show retail_account
json '.fields[3].type == "amount scale=2 sign=leading" and .holes == [{"offset": 41, "length": 9}]' layout show retail_account
json '.fields | map(select(.data == "C3")) == [{"check":7,"field":"pin","offset":37,"length":4,"type":"text","reason":"PIN","role":null,"keep":"cold","data":"C3"}]' layout show retail_account
fails 16 'there is no layout "retail_acount"' 'all layouts: crmx layout list' layout show retail_acount
fails 16 'there is no layout, output, statement layout, identity profile, formula or unit named "retail_acount"' 'did you mean: crmx layout check retail_account' layout check retail_acount

new_folder b # two wrong files at once, and what hangs on them
sed -i 's/^balance .*/balance = 12 14 amout reason=BAL/' layouts/retail_account.ini
sed -i 's/= sum(retail, cny(balance))/= sum(retial, cny(balance))/' formulas/corporate.formula
printf '[sytems]\nx = 1\n' >>units/21.ini
crmx layout check
check "layout check: wrong files give 16" [ $RC = 16 ]
check "layout check: the layout, with file and line" out_has 'layouts/retail_account.ini:14: [fields] balance: unknown type'
check "layout check: the unit that needs it" out_has 'layout retail_account is wrong (see there)'
check "layout check: how many" err_has '2 of 14 files are wrong: no run can start with them'
check "layout check: all the others are fine" [ "$(grep -c '^ok\|^unused' "$W/out")" = 12 ]
sed -i 's/^kind .*/kind = 11 1 code valus=D,F/; s/^opened .*/opened = 29 8 date to=busines_date/; s/^complete .*/complete = ctrl/' layouts/retail_account.ini
json 'map(select(.name == "retail_account") | .about | capture(":(?<l>[0-9]+):").l) == ["13","14","16","7"]' layout check retail_account
cp "$HERE/config/layouts/retail_account.ini" layouts/
crmx layout check
check "layout check: an unknown section" out_has '[sytems]'
sed -i '/sytems/,$d' units/21.ini
crmx layout check
check "layout check: a formula that does not fit the layouts" out_has 'no system or account layout is named retial'
json 'map(select(.state == "ERROR")) | map(.name) == ["corporate", "21"] and .[0].hint == "did you mean retail?"' layout check
cp "$HERE/config/formulas/corporate.formula" formulas/
sed -i 's/keep=hot data=C2/data=C2/' layouts/retail_account.ini
crmx layout check
check "layout check: a measure over a field that is not hot" out_has 'uses the field balance of layout retail_account, which is not kept hot'
cp "$HERE/config/layouts/retail_account.ini" layouts/
sed -i 's/field.name/field.nam/' outputs/crm_customer.ini
crmx layout check
check "layout check: an output that takes what nobody has" out_has 'nobody has a field "nam"'

new_folder c # averages (of a measure that one formula has), the statement and the events of a unit
printf '\n[averages]\nmonth_of_it = month fixed\n' >>units/21.ini
page layout-check layout check
sed -i 's/^month_of_it .*/month_of_it = month nobody/' units/21.ini
crmx layout check
check "layout check: an average of no measure: 16" [ $RC = 16 ]
check "layout check: an average of no measure" out_has 'average month_of_it: no formula of unit 21 has a measure nobody'
check "layout check: an average of no measure: hint" err_has 'correct [averages] in units/21.ini'
sed -i '/^\[averages\]/,$d' units/21.ini
sed -i 's/^name  *=.*/&\nstatement = monthly/' units/21.ini
crmx layout check
check "layout check: a statement layout that is not there: 16" [ $RC = 16 ]
check "layout check: a statement layout that is not there" out_has 'there is no statement monthly'
check "layout check: a statement layout that is not there: hint" err_has 'write statements/monthly.ini'
mkdir statements && cp "$HERE/../../../config/template/statements/monthly.ini" statements/
sed 's/^name .*/name = yearly/' statements/monthly.ini >statements/yearly.ini
json 'length == 16 and (map(select(.kind == "statement")) | map(.name + ":" + .state) | sort) == ["monthly:ok", "yearly:unused"]' layout check
json 'map(select(.kind == "statement")) | length == 1' layout check --unit 21
sed -i 's/{amount:/{amuont:/' statements/monthly.ini
crmx layout check
check "layout check: a wrong statement layout: 16" [ $RC = 16 ]
check "layout check: a wrong statement layout: the field" out_has 'there is no field "{amuont:'
check "layout check: the unit that names it" out_has 'statement monthly is wrong (see there)'
sed -i '/^statement /d' units/21.ini
rm -r statements
printf '[target events]\nevents = CRMDEP\n' >>units/21.ini
crmx layout check
check "layout check: events under the name of an output" out_has 'the file of events would be called CRMDEP, as output crm_deposit is'
sed -i 's/^events = .*/events = CRMDEP.delta/' units/21.ini
crmx layout check
check "layout check: events under the name of a delta" out_has 'would be called CRMDEP.delta, as output crm_deposit is'
sed -i 's/^events = .*/events = CRMEVENT/' units/21.ini
crmx layout check
check "layout check: events without a rule: 16" [ $RC = 16 ]
check "layout check: events without a rule" out_has 'target events wants events by rule, and unit 21 has no rule'
printf '[event more]\nvalue = deposits\nwhen = value > old_value\n' >>units/21.ini
crmx layout check
check "layout check: events with a rule" [ $RC = 0 ]

# --- before the night: probe ---

cd "$W/a" || exit 1
page probe-summary probe inbox/21/RC.1.20261031 --layout retail_customer
page probe-record probe inbox/21/RC.1.20261031 --layout retail_customer --record 11
page probe-unmasked probe inbox/21/RC.1.20261031 --layout retail_customer --record 3 --unmask
check "probe: an unmasked look is noted" err_has 'unmasked look by'
page probe-gb18030 probe inbox/21/CC.20261031 --layout card_customer --offset 70 --unmask
json '.probe.accepted == 8 and .probe.rejected == 3 and (.first_rejects | map(.line)) == [10, 11, 12]' probe inbox/21/RC.1.20261031 --layout retail_customer
sed 's/gb18030$/utf-8/; s/card_customer/card_utf8/' layouts/card_customer.ini >layouts/card_utf8.ini
json '.probe.encoding == "2 records are not utf-8; first: line 1, byte 0, field name; all of them are well-formed gb18030"' probe inbox/21/CC.20261031 --layout card_utf8
rm layouts/card_utf8.ini
json 'length == 2 and .[0].record.verdict == "header record"' probe inbox/21/RC.2.20261031 --layout retail_customer --record 1 --count 2
crmx probe inbox/21/RA.20261031 --layout retail_account --record 1 --unmask
check "probe: class C3 is never shown" out_has '(C3)'
check "probe: not even its bytes" [ "$(grep -c 1234 "$W/out")" = 0 ]
sed 's/^TRL000011/TRL000012/' inbox/21/RC.1.20261031 >RC.1.20261031
crmx probe RC.1.20261031 --layout retail_customer
check "probe: a file a run would refuse gives 4" [ $RC = 4 ]
check "probe: and says why" out_has 'a run would refuse it: the number of records that it states is not what was found'
gzip -c inbox/21/RC.1.20261031 >RC.gz.20261031
json '.probe.records == 13 and .probe.verdict == "a run would take it"' probe RC.gz.20261031 --layout retail_customer
head -c 100 RC.gz.20261031 >RC.cut.20261031
fails 12 'could not unpack "RC.cut.20261031" after byte 11: unexpected end of file' 'the file is damaged or cut short: have it sent again' probe RC.cut.20261031 --layout retail_customer
fails 16 'has no record 99 (it has 13)' 'what is in it: crmx probe' probe inbox/21/RC.1.20261031 --layout retail_customer --record 99
fails 16 '--record and --offset both say which record' 'give one of them' probe inbox/21/RC.1.20261031 --layout retail_customer --record 1 --offset 1

# --- arrivals, then a night that fails, then one that works ---

rm inbox/21/CA.20261031.ok inbox/21/RT.20261031
page status-arrivals status --unit 21
json '.[0].unit.generation == null and (.[0].arrivals | map(select(.state == "missing")) | map(.layout)) == ["rates"]' status --unit 21
files inbox/21
sed -i 's/^reject_limit.*/reject_limit = 1%/' layouts/retail_customer.ini
crmx run initial --unit 21 --date 2026-10-31 -q
check "run: the reject limit stops it" [ $RC = 12 ]
crmx status
check "status: failed, with the cause" out_has '2026-10-31.001.1 FAILED TIME: reject limit passed for layout retail_customer: 3 of 12 records rejected'
check "status: what to type" out_has 'crmx rejects --unit 21; repair the cause, then: crmx run initial --unit 21 --date 2026-10-31'
crmx status --check
check "status --check: 4 when somebody is needed" [ $RC = 4 ]
page rejects-attempt rejects --attempt
json '.rejects.of == "attempt 2026-10-31.001.1" and (.summary | map(.records) | add) == 5' rejects
cp "$HERE/config/layouts/retail_customer.ini" layouts/
crmx run initial --unit 21 --date 2026-10-31 -q
check "run: repaired, it commits" [ $RC = 0 ]
crmx status --check
check "status --check: 0 when all is well" [ $RC = 0 ]
mv inbox/21 "$W/away" # from here on the generation is all there is
page status status
json '.[0].unit.customers == 7 and .[0].unit.selected == 3 and .[0].unit.next == null' status
check "nothing is locked" jq -e '.[0].unit.running == null' "$W/out"
exec 9<state/units/21/lock && flock 9
json '.[0].unit.running | type == "number"' status
exec 9<&-

# --- the tie-out ---

page rejects rejects --unmask
crmx rejects --file 'RC*' --reason BIRTH --count 5
check "rejects: by file and reason" [ "$(grep -c 'BIRTH   birth' "$W/out")" = 1 ]
check "rejects: masked" [ "$(grep -c '310101198808080033\|错' "$W/out")" = 0 ]
fails 16 'unit 21 has no attempt under way or given up' 'the rejects of its generation: crmx rejects --unit 21' rejects --attempt
page reconcile reconcile
check "reconcile: 80 columns" [ "$(LC_ALL=C.UTF-8 awk 'length > 80' "$W/out" | wc -l)" = 0 ]
json '.tieout.balanced and .tieout.unbalanced == 0 and (.equations | all(.balanced == "yes"))' reconcile
json '.tables[0] == {"table":"retail_account","accepted":8,"owners":1,"rows":8,"orphans":1,"dropped":0}' reconcile
json '(.currencies | map(select(.currency == "CNY"))[0]) == {"currency":"CNY","accepted":"207007.00","counted":"206007.01","orphans":"999.99","dropped":"0","filtered":"0"}' reconcile

# --- the customer ---

page customer-by-number customer show --number 2100000001
page customer-unmasked customer show --id-type 01 --id-no "110105 491231 002" --unmask
page customer-corporate customer show --system retail --source-no 000004 --unmask
page customer-excluded customer show --system retail --source-no 000007
json '.customer.score == "6376.15" and .customer.selected and (.records | length) == 3 and (.retail_account | map(.counted_balance)) == ["1200.00","500.00","66.68"]' customer show -n 2100000001 --unmask
check "the card system's name was GB18030" jq -e '.records[2] | .system == "card" and .name == "王伟"' "$W/out"
json '.customer.why == "on the exclusion list (STAFF, until 2027-12-31)"' customer show --system retail --source-no 000007
json '.retail_account == [] and .customer.score == "0.00"' customer show --system retail --source-no 000006 # an agent owns nothing
crmx customer show -n 1 --json
check "masked JSON checks_json no ID and no balance" [ "$(grep -c '110105\|1200.00\|王伟' "$W/out")" = 0 ]
fails 16 'unit 21 has no customer 2100000099' 'its numbers go from 2100000001 to 2100000007' customer show --number 99
fails 16 '"1100000001" is no integrated number of unit 21' 'its numbers go from' customer show --number 1100000001
fails 16 'no customer of unit 21 has this ID' 'see how the number is read: crmx identity explain 01' customer show --id-type 01 --id-no 310101198808080033
fails 16 'no customer of unit 21 has this source number' 'look for it among the rejected ones too: crmx source show retail 000009' customer show --system retail --source-no 000009
fails 16 '2 customers have this ID' 'choose: crmx customer show --number' customer show --id-type 01 --id-no 210202198503150019
fails 16 'one way to name the customer is needed' '--number N, or --id-type TYPE' customer show
fails 16 'unit 21 has no system "crd"' 'its systems: retail, card' customer show --system crd --source-no 1
fails 16 'unit 21 has no generation of 2026-10-30' 'it has 2026-10-31.001.2' customer show -n 1 --date 2026-10-30

# --- the source record ---

page source-record source show retail 000003 --unmask
page source-rejected source show retail 000010
page source-account source show retail A0000005 --account --unmask
json '.[0].record.state == "orphan: no customer of the system owns it" and .[0].record.customer == null' source show retail A0000006 --account
json '.[0].record.customer == "2100000001, 2100000003"' source show retail A0000005 --account
check "source show: class C3 is never shown" [ "$(grep -c 1234 "$W/out")" = 0 ]
fails 16 'system retail sent no customer 777' 'an account is found with --account' source show retail 777

# --- identity ---

page identity-explain identity explain 01 "110105491231002" --name 王伟 --unmask
page identity-apart identity explain 01 210202198503150019 --name 王五
page identity-list identity list
page identity-pairs identity list --kind same-id-different-name --unmask
printf '01\t110105491231002\n20\t91210000123456788X\n01\t11010519491231002X\textra\n01\t000000000000000000\n09\tＡ-1\n' >numbers.tsv
page identity-file identity explain --file numbers.tsv
json 'map(.customers) == ["2100000001","2100000002","2100000001","",""]' identity explain --file numbers.tsv
printf '01\n' >numbers.tsv
fails 12 'line 1 has 1 fields, at least 2 are needed' '' identity explain --file numbers.tsv
fails 16 'TYPE and NUMBER, or --file, are needed' 'crmx identity explain 01' identity explain 01

# --- measures ---

page measure-compute measure compute "sum(retail where kind = 'F', cny(balance))" --top 2 --unmask
json '.measures[0] | .sum == "3650.76" and .nonzero == 2 and .customers == 6' measure compute "sum(retail where kind = 'F', cny(balance))" --customers personal
json '.measures | map(.sum) == ["8", "-243.00"]' measure compute "measure n number = count(retail where term >= 0 and opened > date '2019-12-31'); measure c money = sum(card, balance);"
json '.measures[0].sum == "60"' measure compute "sum(retail_account where opened < date '2022-12-31', term)" --type months
crmx measure compute "sum(card, balance)" --top 1
check "measure compute: the largest is masked" out_has '***'
page measure-verify measure verify
fails 16 'table retail_account has no field trm' 'did you mean term?' measure compute "sum(retail_account, trm)"
fails 16 'adds amounts of different currencies of retail_account' 'convert them: cny(amount)' measure compute "sum(retail, balance)"
fails 16 'can only be compared with a field of codes' '' measure compute "count(retail where pin = 'x')"
for text in 'sum(retail_account, trm)' 'sum(retail_account, trm);' 'measure m months = sum(retail_account, trm)'; do
    before=${text%trm*}
    fails 16 "TEXT:1:$((${#before} + 1)): table retail_account has no field trm" '' measure compute "$text"
    check "measure compute: the line and a caret" [ "$(sed -n '2,3p' "$W/err")" = "$(printf '    %s\n    %*s^' "$text" "${#before}" '')" ]
done
fails 16 'TEXT:1:14: expected the end of the aggregate, found "*"' '' measure compute "count(retail)*2 + 1"

# --- generations ---

crmx generation list
check "generation list" out_has '2026-10-31.001.2  2026-10-31     initial          7'
json 'map(.state) == ["current"]' generation list
crmx generation verify
check "generation verify: all as committed" out_has 'all as they were committed'
page generation-show generation show crm_customer --record 1 --unmask
fails 16 'unit 21 has no output "crm_custmer"' 'its outputs: crm_customer, crm_deposit' generation show crm_custmer
fails 16 'there is no generation "2026-10-30.001.1"' 'see the generations: crmx generation list' generation verify 2026-10-30.001.1
printf 'X' | dd of="$(ls -d state/units/21/gen/*)/totals.tsv" bs=1 seek=40 conv=notrunc 2>/dev/null
crmx generation verify
check "generation verify: a changed byte is found" [ $RC = 12 ]
check "generation verify: the file is named" out_has 'DAMAGED  totals.tsv'

# --- delivery ---

crmx delivery list
check "delivery list" out_has '20261031.001   DELIVERED'
json '.[0].target == "crm" and .[0].sets[0].state == "DELIVERED"' delivery list
fails 16 'unit 21 has no target "crn"' 'targets are the sections [target NAME]' delivery list --target crn
fails 16 'unit 21 has no target "crn"' 'its targets: crm' delivery run --target crn
fails 16 'one decision is needed' 'ask the receiver' delivery resolve 20261031.001 --reason x
fails 16 'is delivered already' 'see it: crmx delivery list --unit 21 --target crm' delivery resolve 20261031.001 --confirm --reason x
fails 16 '"yesterday" is no set' 'see the sets: crmx delivery list' delivery resolve yesterday --confirm --reason x
json '.[0] | .content == "full" and .delivered == "20261031.001" and .acknowledged == null and .next == "full"' delivery status
fails 16 'was never acknowledged' 'see it: crmx delivery list --unit 21' delivery resync --from 20261031.001 --reason x
fails 16 'was never sent' 'see it: crmx delivery list --unit 21' delivery ack 20261101.001 --reason x
crmx delivery ack 20261031.001 --reason "load job ended" --by li
check "delivery ack" out_has 'set 20261031.001 is acknowledged: the next delta to crm starts from it'
crmx delivery list
check "delivery ack: who and why" out_has 'ACKED      full           '
check "delivery ack: who and why" out_has 'by=li reason: load job ended'
fails 16 'is acknowledged already' 'see it: crmx delivery list' delivery ack 20261031.001 --reason x
sed -i 's/^\[target crm\]/[target crm]\ncontent = delta/' units/21.ini
json '.[0] | .content == "delta" and .acknowledged == "20261031.001" and .next == "delta" and .base == "20261031.001"' delivery status
json 'map(.needed_by) == ["crm"]' generation list
crmx delivery resync --reason "set up anew"
check "delivery resync" out_has 'the next set to crm is full; send it: crmx delivery run --unit 21 --target crm'
json '.[0] | .next == "full" and .full_because == "a resync was asked for, and no set was acknowledged since"' delivery status
crmx status
check "status: a resync is due" out_has 'NOT DELIVERED (acknowledged 20261031.001)'
sed -i '/^content = delta/d' units/21.ini

# --- two units; no unit ---

sed 's/= 21 *$/= 22/; s/^number_prefix.*/number_prefix = 22/' units/21.ini >units/22.ini
fails 16 'crmx reconcile: which unit? There are 2' 'add --unit UNIT, one of: 21, 22' reconcile
fails 16 'there is no unit "23"' 'units of this working folder: 21, 22' reconcile --unit 23
fails 16 'unit 22 has no population yet' 'run the initial load first: crmx run initial --unit 22' customer show --number 1 --unit 22
json 'map(.unit.id) == ["21", "22"]' status
mkdir "$W/empty" && cd "$W/empty" && : >crmx.ini
fails 16 'has no units (units/UU.ini)' 'make a working folder: crmx init DIR' status

# --- formulas ---

crmx formula eval 'a*系数(1.5) + b/c' a=100 b=7 c=0
check "formula eval" [ "$(cat "$W/out")" = 150 ]
printf 'a+b\ta=1\tb=2\nage(d)\td=1980-01-01\n' >cases.tsv
json '. == [3, 46]' formula eval --file cases.tsv --date 2026-10-31
printf 'a+b\ta=1\tb=1,000\na*2\ta=4\na +\ta=1\n\nknown(d)\td=\nd\td=\nc\tc=M\n1e999\n' >cases.tsv
fails 16 '3 of 7 cases of cases.tsv have no value' 'the reasons stand in their places' formula eval --file cases.tsv
check "formula eval: an answer for each line" [ "$(cut -d: -f1-3 "$W/out" | tr '\n' '|')" = 'ERROR: cases.tsv:1|8|ERROR: cases.tsv:3|false|missing|M|ERROR: cases.tsv:8|' ]
check "formula eval: why, and what to type" out_has 'ERROR: cases.tsv:1:9: the value of b is no number, date, condition or code: "1,000" — a number has digits and a point, no separators, such as b=1000.50'
crmx formula eval --file cases.tsv --json
check "formula eval --json: exit code 16, found $RC" [ $RC = 16 ]
check "formula eval --json: values as they are" checks_json 'map(type) == ["object", "number", "object", "boolean", "null", "string", "object"] and .[2].line == 3 and .[2].column == 4 and .[6].error == "a number is written without an exponent"'
crmx formula eval --file cases.tsv --csv
check "formula eval --csv: lines, columns and errors" [ "$(sed -n '1,3p' "$W/out" | cut -d, -f1-3 | tr '\n' '|')" = 'value,line,column|,1,9|8,2,|' ]
K=999999999999999 FAR=a
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do FAR="$FAR*$K"; done
fails 16 'is larger than any number (1.8e308)' 'bound its parts with min(…), or divide before multiplying' formula eval "min($FAR, 1)" a=1
fails 16 'EXPRESSION:1:1: there is no business date' 'give one: --date' formula eval 'age(d)' d=1980-01-01
fails 16 'there is no option - a' "what begins with - and is no option stands behind --, which ends them: crmx formula eval -- '- a'" formula eval '- a' a=1
crmx formula eval --json -- '- a' a=1
check "formula eval --: an expression that begins with -" checks_json '. == -1'
fails 16 'sum(…) adds up accounts, and a single expression has none' 'over the accounts of a generation: crmx measure compute' formula eval 'sum(accounts, balance)'
fails 16 'the expression has 65537 bytes, at most 65536 are allowed' '' formula eval "$(printf '1%65536s' '')"
json '. == 1' formula eval "$(printf '1%65535s' '')"
fails 16 'expected a value' '' formula eval 'a +' a=1
json 'map(.word) | index("cny") and index("sum")' formula functions

fails 16 'ERROR: EXPRESSION:1:4: expected a value' '' formula eval 'a +' a=1
check "a caret below the place" [ "$(sed -n '2,3p' "$W/err" | tr '\n' '|')" = "    a +|       ^|" ]

cd "$W/a" || exit 1
sed 's/^score = .*/score = 贷款;/' formulas/personal.formula >idea.formula
crmx formula check personal --unit 21
check "formula check: exit code 0" [ $RC = 0 ]
check "formula check: what it defines" out_has 'score'
json '.formula.customers == "personal" and (.results[0].result == "score")' formula check formulas/personal.formula --unit 21
json '.formula.customers == "corporate"' formula check corporate --unit 21
fails 16 'unknown name 贷款' '' formula check idea.formula --unit 21
check "formula check: shows the line" err_has '    score = 贷款;'
fails 16 '系数#1: a number such as 1.5 is needed, found "1e3"' 'digits and a point, as in a formula' trial personal --coef '系数#1=1e3' --unit 21
fails 16 'there is no formula "persona" (' 'did you mean personal?' formula check persona --unit 21
fails 16 'there is no file "nothing.formula"' 'a formula of the working folder is given by its name alone' formula check nothing.formula --unit 21
{
    cat formulas/personal.formula
    echo 'coef 备用 = 2; result extra money = score + 7;'
} >idea.formula
crmx formula lint idea.formula --unit 21
check "formula lint: a warning is exit code 4, found $RC" [ $RC = 4 ]
check "formula lint: unused" out_has 'warning: the coefficient 备用 is not used [unused]'
check "formula lint: a bare number" out_has 'a bare number is added to money: 7 = 7 yuan for every customer [number]'
check "formula lint: over the population" out_has 'passes counted in generation 2026-10-31.'
json 'map(select(.rule == "unused" and .weight == "warning" and .line > 0 and .write != "")) | length == 1' formula lint idea.formula --unit 21
sed "s/^score = /let far number = deposits*$FAR; score = if(far > 5, 1, 0) + /; s/deposits\*a\*/deposits*/" formulas/personal.formula >idea.formula
fails 12 'is larger than any number (1.8e308)' 'look at its measures: crmx customer show --number' trial idea.formula --type personal --unit 21
check "trial: an intermediate value beyond any number: its place" err_has 'idea.formula:8:346: deposits*999999999999999*'
check "trial: and its customer" grep -qE '… of customer 21[0-9]+ is larger' "$W/err"
{ printf '# '; printf '%*s\n' $((65536 - 3 - $(wc -c <formulas/personal.formula))) '' | tr ' ' x; cat formulas/personal.formula; } >idea.formula
crmx formula check idea.formula --unit 21
check "formula check: 65,536 bytes" [ $RC = 0 ]
echo >>idea.formula
fails 16 'idea.formula:1:1: the file has 65537 bytes, at most 65536 are allowed' '' formula check idea.formula --unit 21
cp formulas/personal.formula kept.formula
cp idea.formula formulas/personal.formula
crmx layout check
check "layout check: the same limit" out_has 'the file has 65537 bytes, at most 65536 are allowed'
mv kept.formula formulas/personal.formula
sed -i 's/^\(balance.*\) keep=hot/\1/' layouts/retail_account.ini
fails 16 'formulas/personal.formula:4:48: measure 存款 uses the field balance of layout retail_account, which is not kept hot' 'write keep=hot behind the field in layouts/retail_account.ini' formula check personal --unit 21
check "a field that is not hot: a caret below it" [ "$(sed -n '3p' "$W/err" | tr -d ' ')" = '^' ]
cp "$HERE/config/layouts/retail_account.ini" layouts/
fails 16 'has no generation' '' formula lint personal --unit 21 --date 2026-10-30

# A night in which an intermediate value of a customer is no number.
new_folder f
sed -i "s/^score = /let far number = deposits*$FAR; score = if(far > 5, 1, 0) + /; s/deposits\*a\*/deposits*/" formulas/personal.formula
crmx run initial --unit 21 --date 2026-10-31 --no-follow -q
check "a night with an intermediate value beyond any number: no generation, found $RC" [ $RC != 0 ]
check "a night with an intermediate value beyond any number: its place" err_has 'personal.formula:8:346: deposits*999999999999999*'
check "a night with an intermediate value beyond any number: its customer" grep -qE '… of customer 21[0-9]+ is larger than any number' "$W/err"
check "a night with an intermediate value beyond any number: nothing is published" [ ! -e state/units/21/CURRENT ]

# --- the database ---

new_folder d
fails 16 'this working folder has no database' 'set mode = embedded there, or for this call' db load
if ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
    DB=(--set database.mode=embedded --set "database.cluster_folder=$W/d.db" --set "database.socket_folder=$W/d.sk" -q)
    crmx run initial --unit 21 --date 2026-10-31 --no-follow -q
    crmx status "${DB[@]}"
    check "status: not loaded" out_has 'NOT LOADED'
    check "status: what to type" out_has 'crmx db load --unit 21'
    json '.rows == 3 and .tables == 1 and (.already_applied | not)' db load "${DB[@]}"
    json '.already_applied' db load "${DB[@]}"
    crmx status "${DB[@]}"
    check "status: loaded" out_has 'loaded TIME'
    json '. == [{"name":"王伟","score":"6376.15"}]' db psql "${DB[@]}" --command "select name, score from crmx.crm_customer where number = 2100000001"
    json '. == [{"amount":"-243.000000"}]' db psql "${DB[@]}" --command "select amount from crmx.control_total where name = 'card_account.balance.counted'"
    crmx db psql "${DB[@]}" --command "delete from crmx.applied"
    json '.rows == 3' db rebuild "${DB[@]}" --generation 2026-10-31.001.1
    crmx db psql "${DB[@]}"
    check "db psql: how to reach it" out_has "psql 'host=$W/d.sk user=crmx dbname=crmx'"
    fails 16 'there is no generation "2026-10-30.001.1"' 'see the generations: crmx generation list' db rebuild "${DB[@]}" --generation 2026-10-30.001.1
fi

# --- every command that a hint or a guide names exists ---

exists() { # WHERE < lines of "command words"
    while read -r words; do
        # shellcheck disable=SC2086 # several words
        "$CRMX" help $words >"$W/out" 2>"$W/err" </dev/null
        check "$1 says: crmx $words" [ $? = 0 ]
    done
}
commands_in() { # FILE …
    grep -ohE 'crmx [a-z]+( [a-z]+)?' "$@" | sed -E 's/^crmx //; s/^(init|probe|status|rejects|reconcile|trial|sweep|segment|why) .*/\1/' | sort -u
}
exists "a hint" < <(commands_in "$W/hints")
exists "a guide" < <(commands_in <(grep -h '^ *crmx \|`crmx [a-z]' "$HERE"/../../../docs/{operator,analyst,delivery}.md))

cd /
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" = 0 ]
