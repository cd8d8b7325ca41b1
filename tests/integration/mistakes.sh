#!/bin/bash
# Formulas as analysts mistype them, in the commands that read one over a population: what leaves the calendar stops a query with its
# customer, what is given twice is refused, a name that is not there is answered with those there are. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
. tests/small_bank.sh

"$CRMX" init "$W/bank" --quiet 2>/dev/null && small_bank "$W/bank"
cd "$W/bank" || exit 16
"$GENERATE" inbox/11 --customers 300 --unit 11 --date 2026-10-31 >/dev/null || exit 16
ok "a population" --set database.mode=none --quiet run initial --unit 11 --date 2026-10-31 --no-follow

# --- days that lead out of the calendar ---

fails 16 ':1:15: business_date + 99999999 is no day of the years 1 to 9999' '' formula eval 'business_date + 99999999' --date 2026-10-31
fails 12 'measure computed of customer 11' '' measure compute 'max(retail, opened + 99999999)'
fails 12 'adds days to a date beyond the years 1 to 9999' '' measure compute 'count(retail where opened - 99999999 < opened)'
fails 12 ' is no day of the years 1 to 9999' '' customer find 'score > 0' --columns 'coalesce(birth, business_date) + 99999999'
fails 12 ' is no day of the years 1 to 9999' '' segment --by 'coalesce(opened, business_date) - 99999999'
fails 12 'of customer 11' '' customer find 'coalesce(birth, business_date) + 99999999 > business_date'
ok "days within it" customer find 'coalesce(birth, business_date) + 9999 > business_date' --columns 'number,coalesce(birth, business_date) + 9999'

# --- days are no dates ---

fails 16 'the measure is declared date, the expression gives number' '' measure compute 'max(retail, 5)' --type date
fails 16 'the expression gives months' '' measure compute \
    'measure m date = max(retail, months_since(coalesce(opened, business_date)));'
json '.measures[0].type == "months"' measure compute 'max(retail, months_since(coalesce(opened, business_date)))'
json '.measures[0].type == "number"' measure compute 'max(retail, 5)'

# --- given twice ---

cat >"$W/formula" <<'FORMULA'
threshold 1;
measure 存款 as dep money = sum(retail, cny(balance));
measure n number = count(retail);
score = 存款*系数(1.5) + n*coef(w, 2);
FORMULA
fails 16 'the value of 存款 is given twice: dep=1 and 存款=2' '' trial "$W/formula" dep=1 存款=2
fails 16 'the value of birth is given twice' '' trial "$W/formula" dep=1 birth= birth=2000-01-01
fails 16 'the value dep is given twice' '' formula eval dep+1 dep=1 dep=2
fails 16 '系数#1 is given twice: #1=2 and 系数#1=3' '' trial "$W/formula" --coef '#1=2' --coef '系数#1=3' dep=1
fails 16 'n: a number of accounts is needed, found "-1"' '' trial "$W/formula" n=-1
ok "each once" trial "$W/formula" --coef '#1=2' --coef w=3 dep=-1 n=1
check "a balance may be negative" out_has '1.00'

# --- names, and where an expression ends ---

fails 16 'did you mean dep?' '' trial "$W/formula" dpe=1
fails 16 'EXPRESSION:1:8: expected a value, found the end of the expression' '' customer find 'score >'
caret() { grep -A1 '^    score >$' "$W/err" | grep -qx ' \{11\}^'; }
check "a caret below the end" caret
fails 16 'expected an operator or the end of the expression, found ")"' '' customer find 'score > 1)'
fails 16 'did you mean score?' '' customer find 'scoer > 1'
for option in 'customer find blabla>1' 'customer find score>1 --columns blabla' 'segment --by tier --sum blabla'; do
    # shellcheck disable=SC2086
    fails 16 '' 'there are score, ' $option
    check "and where they are listed" err_has 'all: crmx formula check personal, crmx formula functions'
done

# --- lint ---

sed 's/^score.*/score = dep + 999999999999999*999999999999999*n - 999999999999999*999999999999999*n;/' "$W/formula" >"$W/far"
fails 12 'of customer 11' '' formula lint "$W/far"
sed 's/^threshold.*/threshold -5;/' "$W/formula" >"$W/low"
crmx formula lint "$W/low"
check "a threshold that nobody misses" out_has 'a customer without accounts passes: the score is 0, the threshold -5'
sed 's/^score.*/score = 999999999999999*999999999999999;/' "$W/formula" >"$W/constant"
fails 16 'constant:4:24: result score is larger than 2^62 for every customer' '' formula check "$W/constant"
checks_end
