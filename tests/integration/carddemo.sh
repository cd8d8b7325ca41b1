#!/bin/bash
# The public CardDemo sample (tests/carddemo/README.md), where it is there: data/carddemo below CRMX_SHARED. Every output row is compared
# with what tests/carddemo/expected.py works out; the balances add up to the known total. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
DATA=${CRMX_SHARED:-$PWD/../shared}/data/carddemo/data/ASCII
if [ ! -f "$DATA/acctdata.txt" ]; then
    echo "not there: $DATA (CRMX_SHARED=DIR names the folder of larger data sets): nothing is checked"
    checks_end
    exit
fi

# --- the initial load, with two commands ---

mkdir -p "$W/work/inbox/01" "$W/expected"
cp -r tests/carddemo/config/. "$W/work/"
cp "$DATA"/{custdata,acctdata,carddata,cardxref}.txt "$W/work/inbox/01/"
cp "$DATA/cardxref.txt" "$W/work/inbox/01/cardxref_card.txt"
cd "$W/work" || exit 16
for layout in bank_customer bank_account bank_account_owner bank_card bank_card_owner; do ok "layout $layout" layout check $layout; done
ok "run initial" run initial --unit 01 --date 2022-07-18 --quiet
check "50 customers, all selected, nothing rejected" out_has "250 records, 0 rejected, 50 customers, 50 selected"
rm -r inbox/01 # from here on the generation is all there is

# --- every row ---

EXPECTED=$OLDPWD/tests/carddemo/expected.py
check "50 customers, 50 accounts, 50 cards, 12,269.00" test "$(python3 "$EXPECTED" "$DATA" "$W/expected")" = "50 50 50 12269.00"
GENERATION=$(checks_generation "$W/work" 01)
for file in CRMCUST CRMACCT CRMCARD; do same "$file" "$W/expected/$file" "$GENERATION/out/$file"; done
check "no rejects" test "$(wc -l <"$GENERATION/rejects.tsv")" = 1
check "nobody to look at" test "$(wc -l <"$GENERATION/notes.tsv")" = 1

# --- the tie-out ---

json '.tieout.balanced and .tieout.unbalanced == 0' reconcile
json '.customers | length == 1 and (.[0] | [.customers, .scored, .excluded, .selected, .score_of_selected] == ["personal", 50, 0, 50, "12269.00"])' reconcile
json '(.tables | map(.accepted)) == [50, 50] and (.tables | map(.orphans + .dropped + .owners)) == [0, 0]' reconcile
json '.amounts | map(select(.amount == "bank_account.balance"))[0] | [.currency, .accepted, .counted, .orphans, .dropped] == ["USD", "12269.00", "12269.00", "0", "0"]' reconcile

# --- from the generation alone ---

json '.measures[0].sum == "12269.00" and .measures[0].customers == 50' measure compute "sum(bank_account, balance)"
json '.measures[0].sum == "50"' measure compute "count(bank_card where active = 'Y')"
json '.customer.number == "0100000001" and .customer.score == "194.00"' customer show --system bank --source-no 000000001 --unmask
json '.[0].record.line == 1 and .[0].record.customer == "0100000001"' source show bank 00000000001 --account
crmx source show bank 0500024453765740 --account --unmask
check "a card's verification value is never shown" sh -c '! grep -q "00000000050747" "$1"' sh "$W/out"
check "but the card is" out_has 0500024453765740
cd "$OLDPWD" || exit 16
checks_end
