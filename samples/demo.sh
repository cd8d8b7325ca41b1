#!/bin/bash
# demo.sh [CUSTOMERS]: makes a working folder and made-up data of one branch, runs the initial load on the embedded database, and
# shows the result and the tie-out. Everything lies in build/demo; the folder is made anew each time.
set -eu
cd "$(dirname "$0")/.."
crmx=$PWD/build/release/crmx generate=$PWD/build/release/samples/generate
folder=$PWD/build/demo customers=${1:-20000} date=2026-10-31 unit=11
say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
show() { printf '$ crmx %s\n' "$*"; "$crmx" --work "$folder" "$@"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$1"; }

rm -rf "$folder"
# Under root the embedded cluster lies below /var/lib/crmx and would outlive its working folder.
for owner in /var/lib/crmx/*/work_folder; do
    if [ -f "$owner" ] && [ "$(cat "$owner")" = "$folder" ]; then rm -rf "$(dirname "$owner")"; fi
done
say "A working folder, and a night's files of one branch (about $customers retail customers, made up)"
printf '$ crmx init %s\n' "build/demo"
"$crmx" init "$folder" --quiet
"$generate" "$folder/inbox/$unit" --customers "$customers" --unit $unit --date $date
ls "$folder/inbox/$unit" | wc -l | sed 's/$/ files in the inbox/'
say "The initial load: import, integrated customers, measures, score, selection, tie-out, commit, database, delivery"
show run initial --unit $unit --date $date
say "What the unit looks like now"
show status --unit $unit
say "The tie-out: every record and every fen accounted for"
show reconcile --unit $unit
say "One of the selected customers, with all accounts behind him"
number=$(head -c 10 "$folder/state/units/$unit/gen"/*/out/CRMCUST)
show customer show --unit $unit --number "$number"
say "The same in PostgreSQL"
sql="select tier, count(*) as customers, round(avg(score)) as average_score from crmx.crm_customer group by tier order by tier"
show db psql --command "$sql"
say "Delivered to the directory target"
find "$folder/deliver" -type f | sed "s|$PWD/||" | sort
printf '\nThe folder stays: cd build/demo && ../release/crmx help\n'
