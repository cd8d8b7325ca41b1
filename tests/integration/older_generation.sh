#!/bin/bash
# A generation of an older program (older_generation.tar.xz: a working folder after an initial load of that program, the files of the
# next day, and that day's full unload). ID numbers: it kept them in the charset of their source. 军10000070 is in fund, a system of UTF-8,
# and in loan, one of GB18030: two customers to that program. They are found; the next night makes them one, whatever was packed
# before, and the law holds: the population is that of an initial load. Relations: retail names owners in two kinds of files, whose record
# ids that program counted apart; the next night counts them together. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' tests/integration/older_generation.tar.xz "$W"
id=(--id-type 05 --id-no 军10000070 --unit 11 --work "$W/work")
unit=$W/work/state/units/11
daily() { ok "$1" run daily --unit 11 --date 2028-02-26 --no-follow --work "$W/work" --set database.mode=none; }
dump() { "$CRMX" --work "$1" population dump --canonical --unmask 2>/dev/null >"$2"; }
manifest_says() { grep -c "^$1$" "$unit/gen/$(cut -d' ' -f1 "$unit/CURRENT")/MANIFEST"; }
form() { manifest_says 'identity_form	2'; }
together() { manifest_says 'relation_ids	system'; }

ok "the generation is whole" generation verify --unit 11 --work "$W/work"
check "it says nothing of a form" [ "$(form)" = 0 ]
check "nor of ids of relations" [ "$(together)" = 0 ]
crmx customer show "${id[@]}"
check "both customers are found by the number" err_has "2 customers have this ID"
check "both are named" err_has "--number 1100000048, --number 1100000047"
cp -r "$W/work" "$W/untouched"
cp "$W/day"/* "$W/work/inbox/11/"
cp -r "$W/work" "$W/before"

cp -r "$W/work" "$W/initial"
rm -rf "$W/initial/state" && rm -f "$W/initial/inbox/11"/* && cp "$W/unload"/* "$W/initial/inbox/11/"
ok "an initial load of the next day" run initial --unit 11 --date 2028-02-26 --no-follow --work "$W/initial" --set database.mode=none
dump "$W/initial" "$W/initial.dump"

daily "the night"
dump "$W/work" "$W/daily.dump"
same "initial + daily is initial" "$W/initial.dump" "$W/daily.dump"
ok "one customer has the number" customer show "${id[@]}"
check "the two have become one" grep -qP '^merged\t1100000048\t1100000047$' "$unit"/gen/2028-02-26*/events.tsv
check "the form is said" [ "$(form)" = 1 ]
check "ids of relations are together" [ "$(together)" = 1 ]

rm -rf "$W/work" && mv "$W/before" "$W/work"
ok "packed" generation compact --share 100 --unit 11 --work "$W/work" --set database.mode=none
daily "the night from the packed form"
dump "$W/work" "$W/packed.dump"
same "the same" "$W/initial.dump" "$W/packed.dump"

rm -rf "$W/work" && mv "$W/untouched" "$W/work"
cp "$W/unload"/* "$W/work/inbox/11/"
ok "a full unload instead" run refresh --unit 11 --date 2028-02-26 --no-follow --work "$W/work" --set database.mode=none
dump "$W/work" "$W/refresh.dump"
same "the same again" "$W/initial.dump" "$W/refresh.dump"
check "ids of relations are together again" [ "$(together)" = 1 ]
checks_end
