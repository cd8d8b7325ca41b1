#!/bin/bash
# demo.sh [CUSTOMERS]: makes a working folder and a made-up branch that lives on for some days, runs the initial load, the nights after it
# and a month end on the embedded database, and shows the result, a statement and the tie-out. Everything lies in build/demo; the folder is made anew each time.
set -eu
cd "$(dirname "$0")/.."
crmx=$PWD/build/release/crmx generate=$PWD/build/release/samples/generate
folder=$PWD/build/demo customers=${1:-20000} date=2026-10-28 nights=4 month_end=2026-10-31 last=2026-11-01 unit=11
say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
show() { printf '$ crmx %s\n' "$*"; "$crmx" --work "$folder" "$@"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$1"; }

rm -rf "$folder"
# Under root the embedded cluster lies below /var/lib/crmx and would outlive its working folder.
for owner in /var/lib/crmx/*/work_folder; do
    if [ -f "$owner" ] && [ "$(cat "$owner")" = "$folder" ]; then rm -rf "$(dirname "$owner")"; fi
done
say "A working folder, and what the systems of one branch send: a full unload, then change lists (about $customers retail customers, made up)"
printf '$ crmx init %s\n' "build/demo"
"$crmx" init "$folder" --quiet
bank=$folder/bank
"$generate" "$bank" --customers "$customers" --seed 2 --unit $unit --from $date --days $nights --events -late_file,-redo_file,-repeated_file |
    awk '$2 > 0 {printf "%s%s %s", n++ ? ", " : "what happens in these days: ", $1, $2} END {print ""}' | fold -sw 120
cp "$bank/$date"/unload/* "$folder/inbox/$unit/"
ls "$folder/inbox/$unit" | wc -l | sed 's/$/ files in the inbox/'
say "The initial load: import, integrated customers, measures, score, selection, tie-out, commit, database, delivery"
show run initial --unit $unit --date $date
say "The nights after it: changes applied, holdings revalued, everybody scored anew; caught up in one command"
find "$bank" -mindepth 2 -maxdepth 2 -type f -exec cp {} "$folder/inbox/$unit/" \;
show run daily --unit $unit --date 2026-10-29 --through $month_end
say "The month end: statements for every CRM customer, delivered; then the month's detail is emptied"
show detail list --unit $unit --day $month_end
show run monthend --unit $unit --date $month_end
say "The statement of one of them"
awk -v RS='\f' '/冲正/ && length($0) < 4200 {print; exit}' "$folder"/deliver/$unit/statement.*/STATEMENT | cat -s
say "The first night of the next month"
show run daily --unit $unit --date $last
say "What the unit looks like now"
show status --unit $unit
say "The tie-out: every record and every fen accounted for"
show reconcile --unit $unit
say "One of the selected customers, with all accounts behind him"
number=$(head -c 10 "$folder/state/units/$unit/gen/$last"*/out/CRMCUST)
show customer show --unit $unit --number "$number"
say "The same in PostgreSQL"
sql="select tier, count(*) as customers, round(avg(score)) as average_score from crmx.crm_customer group by tier order by tier"
show db psql --command "$sql"
say "Delivered to the directory target"
for set in "$folder"/deliver/*/*/; do echo "${set#"$PWD/"}"; (cd "$set" && ls -C -w 110 | sed 's/^/    /'); done
printf '\nThe folder stays: cd build/demo && ../release/crmx help\n'
