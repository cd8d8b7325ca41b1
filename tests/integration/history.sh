#!/bin/bash
# What a customer takes along: the entry date of one who becomes one with another, and a place on the exclusion list when a document is
# renewed. In a bank where nothing else happens (docs/decisions/013).
. "$(dirname "$0")/checks.sh"
. tests/small_bank.sh
work=$W/work bank=$W/bank
first=2028-02-27 second=2028-02-28 third=2028-02-29

list() { "$CRMX" --work "$work" population list 2>"$W/err"; }
line_of() { list | awk -F'\t' -v s="$1" -v n="$2" '$3 == s && $4 == n'; } # SYSTEM SOURCE_NO
field_of() { line_of "$1" "$2" | cut -f "$3"; }
is() { [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }; }
night() { # KIND DATE
    rm -rf "$work/inbox/11" && mkdir -p "$work/inbox/11" && cp "$bank/$2/${3:-.}"/* "$work/inbox/11/" 2>/dev/null
    crmx --work "$work" --set database.mode=none --quiet run "$1" --unit 11 --date "$2" --no-follow
    check "$1 $2" [ "$RC" = 0 ]
}

"$GENERATE" "$bank" --from $first --days 2 --customers 300 --changed-accounts 0 --events none >/dev/null || exit 16
"$CRMX" init "$work" --quiet
small_bank "$work"
sed -i 's/^leave .*/&\nthreshold.personal = 20000/' "$work/units/11.ini" # so that a card alone may do
# An average and a field of the records in the formula: trial and lint have to find both, over numbers out of force, too.
printf '\n[averages]\ndemand_month = month demand_cny\n' >>"$work/units/11.ini"
sed -i "s/^score = /score = demand_month * 系数(0.5) + case when sex = 'M' then 1 else 0 end + /" "$work/formulas/personal.formula"
night initial $first unload
list >"$W/list.0"
# A card customer who is in, a retail customer with a smaller number who is not, both by themselves; a retail customer who has a
# passport. The files of the nights to come: the first gets the identity of the second; the third renews his passport, and the night
# after the old one is on the exclusion list.
python3 - "$bank" "$W/list.0" $first $second $third >"$W/chosen" <<'END' || exit 16
import collections, gzip, sys
bank, listed, first, second, third = sys.argv[1:]
day = lambda d: d.replace('-', '')
rows = [l.rstrip('\n').split('\t') for l in open(listed)][1:]
records = collections.Counter(r[0] for r in rows)
alone = {(r[2], r[3]): r for r in rows if records[r[0]] == 1}
cards = gzip.decompress(open(f'{bank}/{first}/unload/CRDCUST.{day(first)}.gz', 'rb').read()).split(b'\n')[:-2]
retail = [l for b in ('1101', '1102', '1103') for l in open(f'{bank}/{first}/unload/RTLCUST.{b}.{day(first)}', 'rb').read().split(b'\n')[1:-2]]
card_no, retail_no = lambda l: l[:16].strip().decode(), lambda l: l[:12].strip().decode()
ids = collections.Counter(l[15:45] for l in retail)
card = next(l for l in cards if alone.get(('card', card_no(l)), [''] * 7)[6] == first and l[17:19] == b'01')
low = next(l for l in retail if ('retail', retail_no(l)) in alone and not alone['retail', retail_no(l)][6] and l[12:15] == b'P01'
           and ids[l[15:45]] == 1 and l[15:33].isdigit() and l[15:17] != b'00')
abroad = next(l for l in retail if ('retail', retail_no(l)) in alone and l[12:15] == b'P04')
assert int(alone['retail', retail_no(low)][0]) < int(alone['card', card_no(card)][0])
merged = card[:19] + low[15:45] + low[45:105] + card[109:]
assert len(merged) == len(card)
open(f'{bank}/{second}/CRDCUSTCHG.{day(second)}.gz', 'wb').write(
    gzip.compress(merged + b'I\n' + (b'TRL%010d' % 1).ljust(281) + b'\n', mtime=0))
renewed = abroad[:15] + b'E99999999'.ljust(30) + abroad[45:]
path = f'{bank}/{second}/RTLCUSTCHG.{day(second)}'
lines = open(path, 'rb').read().split(b'\n')
head, trailer = lines[0], lines[-2]
open(path, 'wb').write(b'\n'.join([head, renewed + b'R', b'TRL%010d' % 1 + trailer[13:], b'']))
open(f'{bank}/{third}/EXCLUDE.{day(third)}', 'wb').write(b'04' + abroad[15:45] + b'BLACK     00000000'.ljust(48) + b'\n')
print(card_no(card), retail_no(low), retail_no(abroad))
END
read -r card low abroad <"$W/chosen"
number=$(field_of retail "$low" 1)
night daily $second
check "two customers are one" is "$(field_of card "$card" 1)" "$(field_of retail "$low" 1)"
check "with the smaller number" is "$(field_of card "$card" 1)" "$number"
check "and the earlier entry date" is "$(field_of card "$card" 7)" "$first"
night daily $third
check "which stays" is "$(field_of card "$card" 7)" "$first"
check "excluded by the passport he had" is "$(field_of retail "$abroad" 6)" excluded
check "and by nothing else" is "$(list | cut -f 6 | grep -c excluded)" "$(line_of retail "$abroad" | wc -l)"


# --- the day counts in the average; whoever reads the generation finds what the night found ---

sum_of() { list | awk -F'\t' -v n="$1" '$1 == n && $5 == "primary" {print $8}'; } # NUMBER
check "the column of the sums" is "$(list | head -1 | cut -f 8)" demand_month.days
rich=$(list | awk -F'\t' '$2 == "P" && $8 > 0 {print $1; exit}')
check "somebody has one" [ -n "$rich" ]
total() { awk -F'\t' -v name="$1" '$2 == name {print $4}' "$(checks_generation "$work" 11)/totals.tsv"; }
crmx --work "$work" trial "$work/formulas/personal.formula" -t 20000 --json
check "a trial selects as the night did" is "$(jq .result.pass "$W/out")" "$(total selected.personal)"
crmx --work "$work" formula lint "$work/formulas/personal.formula"
check "lint reads the population" [ "$RC" -le 4 ]
crmx --work "$work" why "$rich" --unmask --json
half=$(jq -r '.tree[] | select(.part | startswith("demand_month")) | .value' "$W/out" | tr -d ,)
check "why has half the average of the three days" awk -v sum="$(sum_of "$rich")" -v half="${half:-none}" \
    'BEGIN {d = sum / 3 / 2 / 100 - half; if (d < -0.011 || d > 0.011) {print sum, half; exit 1}}'
check "nobody out of force is in the way" [ "$(grep -c . "$(checks_generation "$work" 11)/redirects.tsv")" -gt 1 ]
checks_end
