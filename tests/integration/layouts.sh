#!/bin/bash
# A layout that changes between two nights: a field is wider, a field is new, a field is gone. Every night is compared with the one of a
# bank whose layouts stay as they are: the population is the same, but for the field.
. "$(dirname "$0")/checks.sh"
. tests/small_bank.sh
bank=$W/bank

"$GENERATE" "$bank" --from 2028-02-26 --days 4 --customers 120 --seed 3 --events -late_file,-redo_file,-repeated_file >/dev/null || exit 16
night() { # WORK KIND DATE [SUBFOLDER]
    rm -rf "$1/inbox/11" && mkdir -p "$1/inbox/11" && cp "$bank/$3/${4:-.}"/* "$1/inbox/11/" 2>/dev/null
    [ -z "${PREPARE:-}" ] || $PREPARE "$1" "$3"
    crmx --work "$1" --set database.mode=none --quiet run "$2" --unit 11 --date "$3" --no-follow
    check "$2 $3 in $(basename "$1")" checks_succeeded "$2 $3"
}
dump() { "$CRMX" --work "$1" population dump --canonical --unmask 2>/dev/null; }
without() { sed "s/	$1=[^	]*//g"; } # FIELD
both() { sed -i "$2" "$1"/layouts/retail_account.ini "$1"/layouts/retail_account_change.ini; }

"$CRMX" init "$W/control" --quiet
small_bank "$W/control"
both "$W/control" 's/ reason=OPEN keep=hot/ reason=OPEN/' # a field that is no column yet
night "$W/control" initial 2028-02-26 unload
night "$W/control" daily 2028-02-27
for name in wider new gone; do cp -r "$W/control" "$W/$name"; done
night "$W/control" daily 2028-02-28
dump "$W/control" >"$W/control.28"
night "$W/control" daily 2028-02-29
dump "$W/control" >"$W/control.29"
check "there are accounts" [ "$(grep -c '^row	retail_account' "$W/control.29")" -gt 100 ]

# --- wider: the balance has a byte more from tonight on; all that stands behind it moves ---

widen() { # WORK DATE: the files of the night, a zero more behind the sign of each balance
    local file
    for file in "$1"/inbox/11/RTLACCTCHG.*; do
        python3 - "$file" <<'END'
import sys
path = sys.argv[1]
out = []
for line in open(path, 'rb').read().split(b'\n')[:-1]:
    mark = line[:3] in (b'HDR', b'TRL')
    out.append(line + b' ' if mark else line[:32] + b'0' + line[32:])
open(path, 'wb').write(b'\n'.join(out) + b'\n')
END
    done
}
python3 - "$W/wider/layouts" <<'END'
import re, sys
for name in ('retail_account', 'retail_account_change'):
    path = f'{sys.argv[1]}/{name}.ini'
    head, fields = open(path).read().split('[fields]')
    head = re.sub(r'(record_length *= *)(\d+)', lambda m: m[1] + str(int(m[2]) + 1), head)
    def move(m):
        at, length = int(m[2]), int(m[3])
        return f'{m[1]}{at + 1 if at > 31 else at} {length + 1 if at == 31 else length}{m[4]}'
    fields = re.sub(r'^(\w+ *= *)(\d+) +(\d+)(.*)$', move, fields, flags=re.M)
    open(path, 'w').write(head + '[fields]' + fields)
END
PREPARE=widen night "$W/wider" daily 2028-02-28
dump "$W/wider" >"$W/wider.28"
same "wider: the same population" "$W/control.28" "$W/wider.28"
PREPARE=widen night "$W/wider" daily 2028-02-29
dump "$W/wider" >"$W/wider.29"
same "wider: and the night after" "$W/control.29" "$W/wider.29"
crmx --work "$W/wider" generation verify --unit 11
check "wider: whole" [ "$RC" = 0 ]
# A field that is no column is read from the archived records, each by the layout it came with.
for work in wider control; do
    crmx --work "$W/$work" measure compute "count(retail where opened >= date '2020-01-01')" --json
    cp "$W/out" "$W/$work.opened"
done
same "wider: a cold field of the records of both versions" "$W/control.opened" "$W/wider.opened"
check "which counts something" jq -e '.. | numbers | select(. > 20)' "$W/control.opened"
check "wider: the archive holds both versions" [ "$(grep -lE '^balance *= *31 (18|19) ' "$(checks_generation "$W/wider" 11)"/in/layouts/*.ini | wc -l)" -ge 2 ]

# --- new: records that came before the field have none; a field that was there becomes a column: all of them have it ---

counted() { # WORK FIELD: accounts by a date
    crmx --work "$1" measure compute "count(retail where $2 >= date '2015-01-01')" --json
    jq -r '.measures[0].sum' "$W/out"
}
both "$W/new" 's/^branch      = 77 6  text$/branch      = 77 6  text\nsince = 60 8 date reason=SINCE keep=hot/'
both "$W/new" 's/^opened .*/& keep=hot/'
night "$W/new" daily 2028-02-28
night "$W/new" daily 2028-02-29
dump "$W/new" >"$W/new.29"
without since <"$W/new.29" >"$W/new.rest"
same "new: the same population besides" "$W/control.29" "$W/new.rest"
all=$(counted "$W/control" opened) some=$(grep -c '	since=20[12]' "$W/new.29")
check "new: there are accounts of those years" [ "$all" -gt 20 ]
check "new: a field that was there is a column of all accounts" [ "$(counted "$W/new" opened)" = "$all" ]
check "new: one that was not is one of those that came since" [ "$(counted "$W/new" since)" -gt 0 ]
check "new: and of no others" [ "$(counted "$W/new" since)" -le "$some" ]
check "new: the column is there" grep -q field.opened "$(checks_generation "$W/new" 11)/table-retail_account.seg"

# --- gone: nobody knows it any more ---

both "$W/gone" '/^rate  *= /d'
night "$W/gone" daily 2028-02-28
night "$W/gone" daily 2028-02-29
dump "$W/gone" | without rate >"$W/gone.29"
without rate <"$W/control.29" >"$W/control.rest"
same "gone: the same population besides" "$W/control.rest" "$W/gone.29"

# --- what cannot be: narrower, or a field that a formula uses is gone ---

cp -r "$W/control" "$W/narrow"
both "$W/narrow" 's/^\(balance .*\)scale=2/\1scale=1/'
cp "$bank/2028-03-01"/* "$W/narrow/inbox/11/" 2>/dev/null
crmx --work "$W/narrow" --set database.mode=none --quiet run daily --unit 11 --date 2028-03-01 --no-follow
check "fewer decimals" [ "$RC" = 16 ]
check "fewer decimals: said so" err_has "narrower"
checks_end
