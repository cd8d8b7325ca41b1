#!/bin/bash
# Two kinds of relation files in one system: their records have ids together, so they are packed as any other file, and a night that
# starts from the packed form, or from one packed again, is the night it would have been. Ends with "N passed, N failed".
. "$(dirname "$0")/nights.sh"
. tests/two_relations.sh
current() { echo "$unit/gen/$(cut -d' ' -f1 "$unit/CURRENT")"; }
give_split() { give "$1" && split_relations "$work/inbox/11"; }
seen() {
    (cd "$(current)" && sha256sum out/* events.tsv changes.tsv redirects.tsv rejects.tsv totals.tsv tieout.tsv)
    "$crmx" --work "$work" population dump --canonical --unmask 2>/dev/null
    "$crmx" --work "$work" population list
}
carried() { grep -cP "^carried\t[^\t]*\t$1" "$(current)/INPUTS"; }
records() { awk -F'\t' -v name="^$1" '$1 == "carried" && $3 ~ name {n += $9} END {print n + 0}' "$(current)/INPUTS"; }

"$generate" "$bank" --from 2028-02-25 --days 6 --customers 200 --seed 9 --events -late_file,-redo_file,-repeated_file >"$scratch/events" || exit 1
"$crmx" init "$work" --quiet
small_bank "$work"
two_relations "$work"
rm -rf "$work/inbox/11" && cp -r "$bank/2028-02-25/unload" "$work/inbox/11" && split_relations "$work/inbox/11"
check "initial" exits 0 run initial --unit 11 --date 2028-02-25 --no-follow
for d in 2028-02-26 2028-02-27 2028-02-28; do give_split $d; done
check "nights" exits 0 run daily --unit 11 --date 2028-02-26 --through 2028-02-28 --no-follow
for d in 2028-02-29 2028-03-01 2028-03-02; do give_split $d; done
cp -r "$work" "$scratch/saved"

# --- without packing ---

check "two nights" exits 0 run daily --unit 11 --date 2028-02-29 --through 2028-03-01 --no-follow
check "the third" exits 0 run daily --unit 11 --date 2028-03-02 --no-follow
check "a first kind is carried, unloads and change lists" [ "$(carried RTLREL)" -gt 4 ]
check "a second kind is carried, unloads and change lists" [ "$(carried RTLJNT)" -gt 4 ]
before=$(records '(RTLREL|RTLJNT)')
seen >"$scratch/plain"
check "something is compared" [ "$(wc -l <"$scratch/plain")" -gt 500 ]

# --- with it ---

rm -rf "$work" && mv "$scratch/saved" "$work"
check "pack" exits 0 generation compact --unit 11 --share 100
check "a packed file of the first kind" [ -n "$(find "$unit/compact/gen" -name 'packed.retail_relation.*')" ]
check "a packed file of the second kind" [ -n "$(find "$unit/compact/gen" -name 'packed.retail_joint.*')" ]
check "two nights from it" exits 0 run daily --unit 11 --date 2028-02-29 --through 2028-03-01 --no-follow
check "packed again, packed files among them" exits 0 generation compact --unit 11 --share 100
check "the third night" exits 0 run daily --unit 11 --date 2028-03-02 --no-follow
seen >"$scratch/packed"
check "the same to everybody" cmp "$scratch/plain" "$scratch/packed"
check "relations out of force are gone" [ "$(records '(packed.retail_(relation|joint)|RTLREL|RTLJNT)')" -lt "$before" ]
check "verify" exits 0 generation verify --unit 11
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
