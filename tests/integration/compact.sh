#!/bin/bash
# Packing the archived inputs: a night that starts from the packed form delivers the same bytes as one that does not, every record
# is found with the file, line and byte it came in, the generation itself stays as it is; threads change no byte; killed at any
# moment the same command ends with the same bytes. POINTS=n moments to be killed at (default 1).
. "$(dirname "$0")/nights.sh"
RANDOM=${SEED:-$$}
current() { echo "$unit/gen/$(cut -d' ' -f1 "$unit/CURRENT")"; }
form() { (cd "$unit/compact" 2>/dev/null && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }
fresh() { rm -rf "$work" && cp -r "$scratch/saved" "$work"; }
# What people and receivers see of a night.
seen() {
    (cd "$(current)" && sha256sum out/* events.tsv changes.tsv redirects.tsv rejects.tsv totals.tsv tieout.tsv)
    "$crmx" --work "$work" population dump --canonical --unmask 2>/dev/null
    "$crmx" --work "$work" population list
    "$crmx" --work "$work" --json detail list --unit 11
    # Rows and records with their files, bytes, masks off.
    "$crmx" --work "$work" --json customer show --number "$customer" --unit 11 --unmask --full 2>/dev/null
}
source_of() { "$crmx" --work "$work" --json source show "$1" "$2" --account --unit 11 --unmask 2>/dev/null; }

"$generate" "$bank" --from 2028-02-25 --days 6 --customers 200 --seed 9 --changed-accounts 40% \
    --events -late_file,-redo_file,-repeated_file >"$scratch/events" || exit 1
"$crmx" init "$work" --quiet
gates_off "$work/units/11.ini"
rm -rf "$work/inbox/11" && cp -r "$bank/2028-02-25/unload" "$work/inbox/11"
check "nothing yet" exits 16 generation compact --unit 11
check "nothing yet: what to type" err_has "crmx run initial"
check "initial" exits 0 run initial --unit 11 --date 2028-02-25 --no-follow
check "nothing to pack" exits 0 generation compact --unit 11
check "nothing to pack: said so" out_has "nothing was done"
check "nothing to pack: nothing left" [ ! -e "$unit/compact" ]
for d in 2028-02-26 2028-02-27 2028-02-28; do give $d; done
check "nights" exits 0 run daily --unit 11 --date 2028-02-26 --through 2028-02-28 --no-follow
check "nothing is due" bash -c "! grep -q 'generation compact' '$scratch/err'"
give 2028-02-29
rm -rf "$scratch/saved" && cp -r "$work" "$scratch/saved"

# --- the night from the packed form ---

check "a night" exits 0 run daily --unit 11 --date 2028-02-29 --no-follow --set archive.live_share=99
check "compaction is due" err_has "pack them by day: crmx generation compact --unit 11"
customer=$("$crmx" --work "$work" population list 2>/dev/null | awk -F'\t' 'NR > 1 && $5 != "" {print $1; exit}')
seen >"$scratch/plain" 2>"$scratch/err"
check "something is compared" [ "$(wc -l <"$scratch/plain")" -gt 500 ]
plain_bytes=$(du -sb "$(current)/in" | cut -f1)
fresh
find "$(current)" -type f -print0 | sort -z | xargs -0 sha256sum >"$scratch/before"
check "pack" exits 0 generation compact --unit 11 --share 100
check "pack: said so" out_has "the next night starts from it"
check "the generation stays as it is" diff "$scratch/before" <(find "$(current)" -type f -print0 | sort -z | xargs -0 sha256sum)
form >"$scratch/form"
check "again" exits 0 generation compact --unit 11
check "again: was packed before" out_has "was packed before"
check "again: the same" diff "$scratch/form" <(form)
check "packed files" [ "$(find "$unit/compact/gen" -name 'packed.*' | wc -l)" -gt 5 ]
check "the night from it" exits 0 run daily --unit 11 --date 2028-02-29 --no-follow
seen >"$scratch/packed" 2>"$scratch/err"
check "the same to everybody" cmp "$scratch/plain" "$scratch/packed"
check "the archive is smaller" [ "$(du -sb "$(current)/in" | cut -f1)" -lt "$plain_bytes" ]
check "verify" exits 0 generation verify --unit 11
give 2028-03-01 && give 2028-03-02
check "two nights later" exits 0 run daily --unit 11 --date 2028-03-01 --through 2028-03-02 --no-follow
seen >"$scratch/packed"
check "packed again, packed files among them" exits 0 generation compact --unit 11 --share 100
check "prune keeps the form of today" exits 0 generation prune --unit 11
check "it is there" [ -e "$unit/compact/CURRENT" ]
rm -rf "$scratch/later" && cp -r "$work" "$scratch/later"

# --- a record and where it came from ---

# An account whose record of a packed file is still in force: account, file, line, byte, day. In "blocks" without line ends the line
# comes out of the byte.
packed_record() { # FILES CHANGES RECORD KEY ACCOUNT blocks|lines: lengths of a record, of its key, of the account in it
    python3 - "$bank" "$(current)" "$@" <<'PY'
import glob, os, sys
bank, generation, files, changes = sys.argv[1:5]
length, key, account = map(int, sys.argv[5:8])
blocks = sys.argv[8] == 'blocks'
here = {f for _, _, files in os.walk(generation + '/in') for f in files}
def read(pattern, length):
    def split(data): return [data[i:i + length] for i in range(0, len(data), length)] if blocks else data.split(b'\n')
    return {p: split(open(p, 'rb').read()) for p in sorted(glob.glob(f'{bank}/2028-*/{pattern}')) if p[-3:] not in ('.gz', 'ctl')}
for path, records in read(files, length).items():
    later = {r[:key] for p, other in read(changes, 121).items() if p != path for r in other}
    if os.path.basename(path) in here: continue
    at = 0
    for number, text in enumerate(records, 1):
        good = len(text) == length and not text.startswith((b'HDR', b'TRL')) and text[:key] not in later and (length < 121 or text[-1:] == b'C')
        if good and number > 1 and text[:account].strip():
            print(text[:account].decode().strip(), os.path.basename(path), number, at, path[len(bank) + 1:].split('/')[0], sep='\t')
            sys.exit()
        at += len(text) + (not blocks)
PY
}
of_record() { # SYSTEM ACCOUNT
    source_of "$@" | python3 -c 'import json,sys
for r in json.load(sys.stdin):
    r = r["record"]
    if r["customer"]: print(r["file"], r["line"], r["byte"], r["arrived"][:10])'
}
IFS=$'\t' read -r key file line byte arrived < <(packed_record 'unload/CLNACCT.*' 'CLNACCTCHG.*' 120 22 22 blocks)
check "there is a record of a file of blocks" [ -n "$key" ]
check "source show tells where it came from, by the byte" bash -c "grep -qxF '$file $line $byte $arrived' <<<'$(of_record corporate_loan "$key")'"
IFS=$'\t' read -r key file line byte arrived < <(packed_record 'RTLACCTCHG.*' 'RTLACCTCHG.*' 121 30 22 lines)
check "there is a record of a file of lines" [ -n "$key" ]
check "source show tells where it came from, by the lines" bash -c "grep -qxF '$file $line $byte $arrived' <<<'$(of_record retail "$key")'"
owner=$(source_of retail "$key" | python3 -c 'import json,sys; print([r["record"]["customer"] for r in json.load(sys.stdin) if r["record"]["customer"]][0].split(",")[0])')
check "customer show, too" exits 0 customer show --number "$owner" --unit 11 --json
check "customer show, too: the file" grep -qE "\"file\": *\"$file\", *\"byte\": *$byte" "$scratch/out"
check "the file itself is gone" [ -z "$(find "$(current)/in" -name "$file")" ]
check "an older generation still has it" exits 0 source show retail "$key" --account --unit 11 --date "$arrived"

# --- damage ---

victim=$(find "$(current)/in" -name 'packed.*' -size +1k | sort | head -n 1)
cp "$victim" "$scratch/victim" && chmod u+w "$victim" && printf '~' | dd of="$victim" bs=1 seek=200 conv=notrunc status=none
check "a flipped byte in a packed file" exits 12 generation verify --unit 11
check "which" out_has "$(basename "$victim")"
cp "$scratch/victim" "$victim"
check "whole again" exits 0 generation verify --unit 11

# --- threads, memory ---

for setting in run.threads=1 run.threads=4 run.memory_max=64M; do
    fresh
    check "pack with $setting" exits 0 generation compact --unit 11 --share 100 --set $setting
    check "the same bytes with $setting" diff "$scratch/form" <(form)
done

# --- kill -9 ---

fresh
calls=$scratch/calls
CRMX_CALL_LOG=$calls run generation compact --unit 11 --share 100 --set run.threads=2
count=$(wc -l <"$calls")
check "it has system calls" [ "$count" -gt 100 ]
for ((n = 1; n <= ${POINTS:-1}; n++)); do
    fresh
    for ((kill = 0; kill < 2; kill++)); do
        # The last calls are the publication: each other kill is one of them.
        at=$((kill ? count - RANDOM % 40 : 1 + (RANDOM * 32768 + RANDOM) % count))
        (CRMX_CRASH_AT=$at "$crmx" --work "$work" --set run.threads=2 generation compact --unit 11 --share 100; :) >/dev/null 2>&1
    done
    check "killed at $at: the same command ends it" exits 0 generation compact --unit 11 --share 100
    check "killed at $at: the same bytes" diff "$scratch/form" <(form)
    check "killed at $at: nothing else is left" [ "$(ls -A "$unit/compact" | paste -sd' ')" = "CURRENT gen" ]
done
check "the generation stays as it is, still" diff "$scratch/before" <(find "$(current)" -type f -print0 | sort -z | xargs -0 sha256sum)

# --- a form that is not of yesterday is none ---

rm -rf "$work" && cp -r "$scratch/later" "$work"
check "back" exits 0 generation rollback --unit 11 --to 2028-03-01 --reason "asked for"
give 2028-03-02
check "the night again, from what there is" exits 0 run daily --unit 11 --date 2028-03-02 --no-follow
check "prune removes the form of another" exits 0 generation prune --unit 11
check "it is gone" [ ! -e "$unit/compact" ]

echo "$passed passed, $failed failed"
[ $failed = 0 ]
